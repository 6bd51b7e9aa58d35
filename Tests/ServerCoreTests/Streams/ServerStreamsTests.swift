import SASL
import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// The connection of a stream that has ended, for whatever reason, is given only so much time to end too.
struct ServerStreamsTests {
  enum Ending: CaseIterable {
    case header, stanza, passwordWrong, derivationsFull, storageFailed
  }

  @Test(arguments: Ending.allCases)
  func aClosingStreamIsGivenUpInTime(_ ending: Ending) {
    var harness = EngineHarness {
      $0.limits[.authenticationAttempts] = 1
      $0.limits[.concurrentKeyDerivations] = ending == .derivationsFull ? 0 : 1
    }
    let connection = encrypted(&harness)
    let message = [0] + Array("romeo".utf8) + [0] + Array("wrong".utf8)
    let auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>\(Base64.encode(message))</auth>"
    switch ending {
    case .header: harness.send("<!DOCTYPE x>", on: connection)
    case .stanza: harness.send("<message/>", on: connection)
    case .passwordWrong, .derivationsFull: harness.send(auth, on: connection)
    case .storageFailed:
      harness.loadsAtOnce = false
      harness.send(auth, on: connection)
      harness.input(.answered(harness.open(.account(JID("romeo@localhost")!))!, .failed("unreadable")))
    }
    #expect(harness.read(connection).contains("<stream:error>"))
    #expect(harness.closed == [connection])
    harness.advance(seconds: 4)
    #expect(harness.engine.marks.count(of: StreamMark.streamCloseWaitOver) == 0)
    harness.advance(seconds: 2)
    #expect(harness.engine.marks.count(of: StreamMark.streamCloseWaitOver) == 1)
  }

  /// The end of an account looks at the streams that claim to be of it. Strangers do not make it dearer, however many they are.
  @Test func onlyStreamsThatClaimAnAccountAreCutWithIt() {
    var harness = EngineHarness()
    for user in ["romeo", "juliet"] { harness.addAccount(user) }
    let romeo = JID("romeo@localhost")!
    let claimants = ["romeo", "romeo", "juliet"].map { name in
      let connection = encrypted(&harness)
      harness.send(
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>\(Base64.encode(Array("n,,n=\(name),r=abc".utf8)))</auth>",
        on: connection)
      return connection
    }
    for _ in 0..<20 { _ = harness.openStream() }
    func claims(_ harness: EngineHarness) -> [ConnectionID] { harness.engine.server.shards[0].claims[romeo]?.sortedKeys() ?? [] }
    #expect(claims(harness) == Array(claimants.prefix(2)))
    harness.input(.closed(claimants[0]))
    #expect(claims(harness) == [claimants[1]])
    harness.input(.control(1, .disableAccount(romeo)))
    #expect(harness.closed == [claimants[1]])
    #expect(harness.engine.server.shards[0].claims.sortedKeys() == [JID("juliet@localhost")!])
    harness.input(.closed(claimants[2]))
    #expect(harness.engine.server.shards[0].claims.count == 0)
  }

  /// A session is cut by the list of its account's sessions.
  @Test func aSessionClaimsNothing() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    _ = harness.session("romeo", resource: "orchard")
    #expect(harness.engine.server.shards[0].claims.count == 0)
  }

  /// The refusal depends on no commit. Behind one that fails it would be lost, and the connection would stay.
  @Test func aConnectionIsRefusedInShutdownWhateverBecomesOfCommits() {
    var configuration = Configuration(domains: ["localhost"])
    configuration.scramRounds = 1
    var server = Server(configuration: configuration, seed: [1])
    let now = Instant(monotonic: 0, wall: 0)
    func tell(_ event: Event) -> [Effect] {
      var effects: [Effect] = []
      server.handle(event, at: now, into: &effects)
      return effects
    }
    var effects = tell(.control(0, .addAccount(JID("romeo@localhost")!, password: Secret(Array("secret".utf8)))))
    while case .ask(let id, let question)? = effects.first(where: { if case .ask = $0 { true } else { false } }) {
      switch question {
      case .query: effects = tell(.answered(id, .result(.owner(nil))))
      case .deriveKeys(let request): effects = tell(.answered(id, .keys(Scram.derive(request))))
      case .resolve, .connect, .verify: effects = tell(.answered(id, .failed("nobody else is there")))
      }
    }
    #expect(effects.contains { if case .commit = $0 { true } else { false } })
    _ = tell(.shutdown)
    let connection = ConnectionID(9)
    #expect(tell(.opened(connection, Opening())).contains { if case .close(connection) = $0 { true } else { false } })
  }

  private func encrypted(_ harness: inout EngineHarness) -> ConnectionID {
    let connection = harness.openStream()
    harness.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", on: connection)
    harness.input(.encrypted(connection, TLSFacts()))
    harness.send(EngineHarness.header, on: connection)
    _ = harness.read(connection)
    return connection
  }
}
