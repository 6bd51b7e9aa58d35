import ServerCore
import Testing

/// Connections behave in the simulated network as they do over real sockets, and the other way round.
@Suite(.serialized) struct SocketCaseTests {
  /// With one event loop and one shard, and with connections on two other loops and four shards.
  @Test(arguments: strangers + directTLS + sessions, [1, 3])
  func looksTheSameInBothWorlds(story: SocketCase, eventLoops: Int) throws {
    let shards = eventLoops == 1 ? 1 : 4
    var real = SocketPlayer(try RealSockets(story, eventLoops: eventLoops, shards: shards))
    let history = real.play(story)
    for seed: UInt64 in 0..<4 {
      var simulated = SocketPlayer(SimulatedSockets(story, seed: seed, shards: shards))
      #expect(simulated.play(story) == history, "seed \(seed)")
    }
  }

  @Test func thereAreEnough() { #expect(Self.strangers.count + Self.sessions.count >= 30) }

  static let header =
    "<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
  static let starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
  static let features = "</stream:features>"

  /// Connections that never log in.
  static let strangers: [SocketCase] = [
    SocketCase("greeted", tls: true, [.open(0), .say(0, header), .await(0, features)]),
    SocketCase("spelled", tls: true, [.open(0), .spell(0, header), .await(0, features)]),
    SocketCase("greeted and half-closed", tls: true, [.open(0), .say(0, header), .await(0, features), .finish(0), .end(0)]),
    SocketCase("half-closed at once", tls: true, [.open(0), .say(0, header), .finish(0), .end(0)]),
    SocketCase("half-closed without a word", tls: true, [.open(0), .finish(0), .end(0)]),
    SocketCase("closed without a word", tls: true, [.open(0), .close(0), .open(1), .say(1, header), .await(1, features)]),
    SocketCase("reset without a word", tls: true, [.open(0), .reset(0), .open(1), .say(1, header), .await(1, features)]),
    SocketCase(
      "reset after the greeting", tls: true,
      [.open(0), .open(1), .say(0, header), .await(0, features), .reset(0), .say(1, header), .await(1, features)]),
    SocketCase(
      "closed with the greeting unread", tls: true, onlyEnd: [0],
      [
        .open(0), .open(1), .deaf(0), .say(0, header), .say(1, header), .await(1, features), .close(0), .open(2), .say(2, header),
        .await(2, features),
      ]),
    SocketCase("not XML", tls: true, [.open(0), .say(0, "GET / HTTP/1.1\r\n\r\n"), .end(0)]),
    SocketCase("no stream", tls: true, [.open(0), .say(0, "<message/>"), .end(0)]),
    SocketCase("another namespace", tls: true, [.open(0), .say(0, header.replacing("jabber:client", with: "jabber:nobody")), .end(0)]),
    SocketCase("another host", tls: true, [.open(0), .say(0, header.replacing("to='localhost'", with: "to='nowhere'")), .end(0)]),
    SocketCase("a stanza too early", tls: true, [.open(0), .say(0, header + "<message><body>hi</body></message>"), .end(0)]),
    SocketCase(
      "too big", tls: true,
      [.open(0), .say(0, header), .await(0, features), .say(0, "<a>" + String(repeating: "x", count: 12_000)), .end(0)]),
    SocketCase("a document type", tls: true, [.open(0), .say(0, header + "<!DOCTYPE a []><a/>"), .end(0)]),
    SocketCase("a comment", tls: true, [.open(0), .say(0, header + "<!-- hello -->"), .end(0)]),
    SocketCase("not well-formed", tls: true, [.open(0), .say(0, header + "<a></b>"), .end(0)]),
    SocketCase(
      "the end of the stream", tls: true, [.open(0), .say(0, header + "</stream:stream>"), .await(0, "</stream:stream>"), .close(0)]),
    SocketCase("the end, half-closed", tls: true, [.open(0), .say(0, header + "</stream:stream>"), .finish(0), .end(0)]),
    SocketCase(
      "TLS, then garbage", tls: true,
      [.open(0), .say(0, header + starttls), .await(0, "<proceed"), .say(0, "this is no hello, and long enough"), .end(0)]),
    SocketCase("TLS, then a header", tls: true, [.open(0), .say(0, header + starttls), .await(0, "<proceed"), .say(0, header), .end(0)]),
    SocketCase("TLS, then half-closed", tls: true, [.open(0), .say(0, header + starttls), .await(0, "<proceed"), .finish(0), .end(0)]),
    SocketCase(
      "TLS, then reset", tls: true,
      [.open(0), .say(0, header + starttls), .await(0, "<proceed"), .reset(0), .open(1), .say(1, header), .await(1, features)]),
    SocketCase(
      "one connection too many from an address", limits: { $0[.connectionsPerAddress] = 1 },
      [.open(0), .say(0, header), .await(0, features), .open(1), .say(1, header), .end(1)]),
    SocketCase("no TLS to be had", [.open(0), .say(0, header + starttls), .end(0)]),
  ]

  /// Connections that begin with TLS, and never get that far.
  static let directTLS: [SocketCase] = [
    SocketCase("direct TLS, garbage", direct: true, [.open(0), .say(0, "this is no hello, and long enough"), .end(0)]),
    SocketCase("direct TLS, a header in the clear", direct: true, [.open(0), .say(0, header), .end(0)]),
    SocketCase("direct TLS, half-closed at once", direct: true, [.open(0), .finish(0), .end(0)]),
    SocketCase("direct TLS, half a hello", direct: true, [.open(0), .say(0, "\u{16}\u{3}\u{1}"), .finish(0), .end(0)]),
    SocketCase("direct TLS, reset", direct: true, [.open(0), .reset(0), .open(1), .say(1, header), .end(1)]),
    SocketCase("direct TLS, silence", direct: true, limits: { $0[time: .negotiationIdle] = .seconds(1) }, [.open(0), .end(0)]),
  ]

  static let message = "<message to='user1@localhost/r' type='chat' id='m'><body>hello</body></message>"
  static let ping = "<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
  /// Both are in, and 1 will hear when 0 is gone.
  static let both: [SocketCase.Act] = [
    .login(0), .login(1), .say(1, "<presence/>"), .await(1, "<presence"), .say(0, "<presence to='user1@localhost/r'/>"),
    .await(1, "from='user0@localhost/r'"),
  ]
  static let gone = SocketCase.Act.await(1, "unavailable")

  /// Connections with a session.
  static let sessions: [SocketCase] = [
    SocketCase("a message", both + [.say(0, message), .await(1, "</message>")]),
    SocketCase("a spelled message", both + [.spell(0, message), .await(1, "</message>")]),
    SocketCase("half-closed session", both + [.finish(0), .end(0), gone]),
    SocketCase("closed session", both + [.close(0), gone]),
    SocketCase("reset session", both + [.reset(0), gone]),
    SocketCase(
      "session closed with bytes unread", onlyEnd: [0],
      both + [.deaf(0), .say(0, ping), .say(1, ping), .await(1, "id='p'"), .close(0), gone]),
    SocketCase("the end of a session", both + [.say(0, "</stream:stream>"), .await(0, "</stream:stream>"), .close(0), gone]),
    SocketCase("a torn stanza", both + [.say(0, "<message to='user1@localh"), .reset(0), gone]),
    SocketCase("a message and half-closed", both + [.say(0, message), .finish(0), .end(0), gone]),
    SocketCase("a message and closed", both + [.say(0, message), .close(0), gone]),
    SocketCase("a question and half-closed", both + [.say(0, ping), .finish(0), .end(0), gone]),
    SocketCase("not well-formed in a session", both + [.say(0, "<message></presence>"), .end(0), gone]),
    SocketCase("the same resource again", both + [.login(2), .say(2, ping), .await(2, "id='p'")]),
    SocketCase(
      "a reader who rests",
      both + [.deaf(1)] + Array(repeating: .say(0, message), count: 300) + [.say(0, ping), .await(0, "id='p'"), .listen(1)]),
    // More than both systems take: what is left follows, and what is said meanwhile stands behind it.
    SocketCase(
      "a reader who rests for long",
      both + [.deaf(1)] + Array(repeating: .say(0, message.replacing("hello", with: String(repeating: "x", count: 250_000))), count: 24)
        + [.say(0, "<presence to='user1@localhost/r'/>" + ping), .await(0, "id='p'"), .listen(1)]),
    SocketCase(
      "somebody who speaks too fast",
      limits: {
        $0[.bytesPerSecond] = 1 << 20
        $0[.burstBytes] = 10_000
      },
      both + [.say(0, String(repeating: ping, count: 3_000) + message), .await(1, "</message>")]),
    SocketCase(
      "a reader who never reads", onlyEnd: [1], limits: { $0[.outboxBytes] = 100_000 },
      both + [.deaf(1)]
        + (0..<40).flatMap { _ in
          [.say(0, message.replacing("hello", with: String(repeating: "x", count: 250_000)) + ping), .await(0, "id='p'")]
            as [SocketCase.Act]
        } + [.listen(1), .end(1), .say(0, ping)]),
  ]
}
