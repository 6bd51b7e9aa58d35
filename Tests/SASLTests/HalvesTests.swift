import Testing
import XML
import XMPP

@testable import SASL

/// Both halves against each other, with names, passwords and nonces of all kinds.
struct HalvesTests {
  private struct Case {
    var mechanism: SASLMechanism
    var authorization: Text
    var name: Text
    var password: Text
    var clientNonce: Text
    var serverNonce: Text
    var salt: [UInt8]
    var rounds: Int

    init(_ generator: inout SeededGenerator) {
      mechanism = SASLMechanism.allCases.randomElement(using: &generator)!
      authorization = Bool.random(using: &generator) ? "" : Case.text(&generator)
      name = Case.text(&generator)
      password = Case.text(&generator)
      clientNonce = Case.nonce(&generator)
      serverNonce = Case.nonce(&generator)
      salt = (0..<Int.random(in: 1...20, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
      rounds = Int.random(in: 1...4, using: &generator)
    }

    private static let letters = Array("ab=,=2C=3D \u{E4}\u{212B}\u{5D0}\u{1F600}\u{AD}\"\\")
    private static func text(_ generator: inout SeededGenerator) -> Text {
      Text(String((0..<Int.random(in: 1...12, using: &generator)).map { _ in letters.randomElement(using: &generator)! }))
    }
    private static func nonce(_ generator: inout SeededGenerator) -> Text {
      let letters = (0x21...0x7E as ClosedRange<UInt8>).filter { $0 != UInt8(ascii: ",") }
      return Text(utf8: (0..<Int.random(in: 1...24, using: &generator)).map { _ in letters.randomElement(using: &generator)! })
    }
  }

  /// The server's word, and the client's.
  private struct Outcome: Equatable {
    var claim: SASLServerExchange.Claim?
    var failure: SASLServerExchange.Failure?
    var client: SASLClientExchange.SuccessAction?
    var clientFailure: SASLClientExchange.Failure?
  }

  /// - Parameters:
  ///   - password: the account's.
  ///   - change: done on the way to the message with this number, from 0; the server's success is number 3.
  private func run(
    _ it: Case, password: Text, isDecoy: Bool = false, _ change: (Int, [UInt8]) -> [UInt8] = { _, message in message }
  ) -> Outcome {
    var client = SASLClientExchange(
      it.mechanism, authorization: it.authorization, name: it.name, password: it.password, nonce: it.clientNonce)
    var server = SASLServerExchange(it.mechanism)
    var outcome = Outcome()
    func finish(_ success: SASLServerExchange.Success) {
      outcome.client = client.successReceived(change(3, success.data))
    }
    switch server.responseReceived(change(0, client.initialResponse)) {
    case .find(let claim): outcome.claim = claim
    case .succeed: Issue.record("a success without keys")
    case .fail(let failure):
      outcome.failure = failure
      return outcome
    }
    let stored = credentials(it.mechanism.hash, password: password, salt: it.salt, rounds: it.rounds)
    switch server.credentialsFound(stored, isDecoy: isDecoy, nonce: { it.serverNonce }) {
    case .derive(let request):
      switch server.keysDerived(Scram.derive(request)) {
      case .succeed(let success): finish(success)
      case .fail(let failure): outcome.failure = failure
      case .ignore: Issue.record("the keys were not awaited")
      }
    case .challenge(let challenge):
      switch client.challengeReceived(change(1, challenge)) {
      case .fail(let failure): outcome.clientFailure = failure
      case .respond(let response):
        switch server.responseReceived(change(2, response)) {
        case .succeed(let success): finish(success)
        case .fail(let failure): outcome.failure = failure
        case .find: Issue.record("a second claim")
        }
      }
    case .ignore: Issue.record("the credentials were not awaited")
    }
    return outcome
  }

  @Test(arguments: 0..<200 as Range<UInt64>) func theRightPasswordSucceeds(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let it = Case(&generator)
    let outcome = run(it, password: it.password)
    #expect(outcome.claim?.name == it.name && outcome.claim?.authorization == it.authorization)
    #expect(outcome.failure == nil && outcome.client == .finish)
  }

  @Test(arguments: 0..<100 as Range<UInt64>) func anotherPasswordOrADecoyFails(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let it = Case(&generator)
    let failure: SASLServerExchange.Failure = it.mechanism == .plain ? .plainPasswordWrong : .scramProofWrong
    for outcome in [run(it, password: it.password + "x"), run(it, password: it.password, isDecoy: true)] {
      #expect(outcome.failure == failure && outcome.client == nil)
    }
  }

  /// One byte is changed on the way: the two do not agree then, unless the byte says nothing (as the last bits of base 64).
  /// The iteration count keeps its one digit, so that no change makes it large.
  @Test(arguments: 0..<300 as Range<UInt64>) func aChangedMessageIsNoticed(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var it = Case(&generator)
    if it.mechanism == .plain { it.mechanism = .scramSHA1 }
    let target = Int.random(in: 0...3, using: &generator)
    let (place, flip) = (Int.random(in: 0...10_000, using: &generator), UInt8.random(in: 1...255, using: &generator))
    let outcome = run(it, password: it.password) { number, message in
      guard number == target, !message.isEmpty else { return message }
      var changed = message
      changed[place % message.count] ^= flip
      return changed
    }
    #expect(outcome.client != .finish || outcome == run(it, password: it.password))
  }
}
