import Testing
import XML
import XMPP

@testable import ServerCore

/// Connections that begin with TLS (XEP-0368), in the order of what the server does for them.
struct DirectTLSTests {
  private static let secured = "write features mechanisms(SCRAM-SHA-256 SCRAM-SHA-1 PLAIN)"

  /// XEP-0368, 3: the name of the protocol is xmpp-client, if the client offers any.
  @Test(arguments: [nil, "xmpp-client"] as [Text?])
  func theStreamBeginsBehindTheHandshake(_ protocolName: Text?) {
    var script = Transcript()
    #expect(script.open(isDirectTLS: true) == [])
    #expect(script.encrypt(protocolName: protocolName) == ["restart as a stranger's", "discard input"])
    #expect(script.header() == ["open stream from localhost to -", Self.secured])
    #expect(script.server.marks.count(of: TLSMark.tlsDirect) == 1)
  }

  /// RFC 7301, 3.2: somebody who speaks another protocol gets nothing to read.
  @Test(arguments: ["xmpp-server", "h2", "xmpp-client ", ""] as [Text])
  func anotherProtocolEndsTheConnectionWithoutAWord(_ protocolName: Text) {
    var script = Transcript()
    _ = script.open(isDirectTLS: true)
    #expect(script.encrypt(protocolName: protocolName) == ["pause", "close"])
    #expect(script.server.marks.count(of: TLSMark.tlsProtocolWrong) == 1)
    #expect(script.header() == [])
    #expect(script.encrypt() == [])
  }

  /// XEP-0368, 3: "STARTTLS MUST NOT be used over direct TLS connections".
  @Test func thereIsNoSTARTTLS() {
    var script = Transcript()
    _ = script.open(isDirectTLS: true) + script.encrypt() + script.header()
    #expect(script.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") == ["write <failure/>", "close stream", "close"])
  }

  /// A server that offers no STARTTLS, and one that demands nothing, offer over TLS what they offer over TLS elsewhere.
  @Test(arguments: [(false, false), (true, false)])
  func theFeaturesAreThoseOfAStreamOverTLS(_ offersTLS: Bool, _ requiresTLS: Bool) {
    var script = Transcript { ($0.offersTLS, $0.requiresTLS) = (offersTLS, requiresTLS) }
    _ = script.open(isDirectTLS: true) + script.encrypt()
    #expect(script.header() == ["open stream from localhost to -", Self.secured])
  }

  /// RFC 6120, 5.4.3.2: before the handshake is complete nobody could read anything.
  @Test func whatGoesWrongBeforeTheHandshakeIsNotSaid() {
    func script(_ change: (inout Configuration) -> Void = { _ in }) -> Transcript {
      var script = Transcript(change)
      _ = script.open(isDirectTLS: true)
      return script
    }
    var plain = script()
    #expect(plain.header() == ["pause", "close"])
    #expect(plain.encrypt() == [])
    var broken = script()
    #expect(broken.tell(.streamFailure(ConnectionID(1), .notWellFormed)) == ["pause", "close"])
    var slow = script()
    #expect(slow.wait() == ["pause", "close"])
    var ending = script()
    #expect(ending.tell(.shutdown) == ["pause", "close"])
    let network = SourceNetwork(address: [192, 0, 2, 1])
    var crowded = script { $0.limits[.connectionsPerAddress] = 1 }
    #expect(crowded.tell(.opened(ConnectionID(2), Opening(from: network, isDirectTLS: true))) == [])
    #expect(crowded.tell(.opened(ConnectionID(3), Opening(from: network, isDirectTLS: true))) == ["pause", "close"])
  }

  /// A client's header and login may come in the same segment as the end of its handshake.
  @Test func aLoginOverTheEngine() {
    var harness = EngineHarness { $0.requiresTLS = true }
    harness.addAccount("romeo")
    let connection = harness.open(isDirectTLS: true)
    #expect(!harness.startsTLS.contains(connection))
    harness.input(.encrypted(connection, TLSFacts(protocolName: "xmpp-client")))
    let proof = Base64.encode(Array("\0romeo\0secret".utf8))
    harness.send(
      EngineHarness.header + "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>\(proof)</auth>", on: connection)
    #expect(harness.read(connection).contains("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"))
  }

  /// Recordings hold what the stream decides by.
  @Test(arguments: [nil, "xmpp-client", "h2"] as [Text?])
  func aRecordingHoldsTheFacts(_ protocolName: Text?) throws {
    var recorder = Recorder(secret: Array(repeating: 1, count: 32))
    let engine = EngineHarness().engine
    let now = Instant(monotonic: 0, wall: 0)
    let inputs: [Input] = [
      .opened(ConnectionID(1), Opening(isDirectTLS: true)), .encrypted(ConnectionID(1), TLSFacts(protocolName: protocolName)),
    ]
    var bytes = recorder.begin(configuration: Configuration(domains: ["localhost"]), seed: [1], at: now)
    for input in inputs { bytes += recorder.input(input, at: now, before: engine) }
    let read = try Recording(parsing: bytes).entries.map { entry in
      if case .input(let input, _) = entry { "\(input)" } else { "" }
    }
    #expect(read == inputs.map { "\($0)" })
  }

  /// A process that is recorded from the middle may have connections whose handshake is under way.
  @Test func aSnapshotKnowsThatTheHandshakeIsToCome() throws {
    var harness = EngineHarness()
    let connection = harness.open(isDirectTLS: true)
    var recorder = Recorder(secret: Array(repeating: 1, count: 32))
    let bytes = recorder.begin(from: harness.engine, at: Instant(monotonic: 0, wall: 0))
    var engine = try Recording(parsing: bytes).start.engine()
    engine.handle(.bytes(connection, Array(EngineHarness.header.utf8)), at: Instant(monotonic: 0, wall: 0))
    let actions = engine.flush()
    #expect(actions.count == 1, "\(actions)")
    guard case .close(connection)? = actions.first else { return #expect(Bool(false), "\(actions)") }
  }
}
