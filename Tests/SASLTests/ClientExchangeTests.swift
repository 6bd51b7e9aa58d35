import Testing
import XML
import XMPP

@testable import SASL

/// Each state with each input.
struct ClientExchangeTests {
  enum Start: CaseIterable, Sendable {
    case expectServerFirst, expectServerFinal, plain, saidBefore, finished, failed

    func make() -> SASLClientExchange {
      var exchange = SASLClientExchange(self == .plain ? .plain : .scramSHA1, name: "user", password: "pencil", nonce: "abc")
      switch self {
      case .expectServerFirst, .plain: break
      case .expectServerFinal: _ = exchange.challengeReceived(bytes(ClientExchangeTests.challenge))
      case .saidBefore:
        _ = exchange.challengeReceived(bytes(ClientExchangeTests.challenge))
        _ = exchange.challengeReceived(bytes(ClientExchangeTests.outcome))
      case .finished:
        _ = exchange.challengeReceived(bytes(ClientExchangeTests.challenge))
        _ = exchange.successReceived(bytes(ClientExchangeTests.outcome))
      case .failed: _ = exchange.challengeReceived([])
      }
      return exchange
    }
  }

  static let challenge = "r=abcdef,s=AQID,i=2"
  static let outcome = "v=" + ServerExchangeTests.signature

  @Test(arguments: [
    (Start.expectServerFirst, challenge, "respond '\(ServerExchangeTests.final)'"),
    (.expectServerFirst, outcome, "fail challengeMalformed"), (.expectServerFirst, "", "fail challengeMalformed"),
    // Data that come before the outcome (RFC 4422, 3.6).
    (.expectServerFinal, outcome, "respond ''"),
    (.expectServerFinal, challenge, "fail signatureWrong"), (.expectServerFinal, "", "fail signatureWrong"),
    (.plain, challenge, "fail challengeUnexpected"), (.plain, "", "fail challengeUnexpected"),
    (.saidBefore, outcome, "fail challengeUnexpected"), (.finished, challenge, "fail challengeUnexpected"),
    (.failed, challenge, "fail challengeUnexpected"),
  ])
  func challengeIsReceived(start: Start, message: String, action: String) {
    var exchange = start.make()
    #expect(exchange.challengeReceived(bytes(message)).told == action)
  }

  @Test(arguments: [
    (Start.expectServerFirst, outcome, "fail successUnexpected"), (.expectServerFirst, "", "fail successUnexpected"),
    (.expectServerFinal, outcome, "finish"), (.expectServerFinal, outcome + ",x=y", "finish"),
    (.expectServerFinal, "", "fail signatureWrong"), (.expectServerFinal, "v=", "fail signatureWrong"),
    (.expectServerFinal, "v=AAAA", "fail signatureWrong"), (.expectServerFinal, "v=!", "fail signatureWrong"),
    (.expectServerFinal, "e=other-error", "fail signatureWrong"),
    (.expectServerFinal, "x" + outcome.dropFirst(), "fail signatureWrong"), (.expectServerFinal, "x=y," + outcome, "fail signatureWrong"),
    (.plain, "", "finish"), (.saidBefore, "", "finish"),
    (.finished, outcome, "fail successUnexpected"), (.failed, outcome, "fail successUnexpected"),
  ])
  func successIsReceived(start: Start, data: String, action: String) {
    var exchange = start.make()
    #expect(exchange.successReceived(bytes(data)).told == action)
    // An exchange has one outcome.
    #expect(exchange.successReceived(bytes(data)).told == "fail successUnexpected")
  }

  /// Server's first messages that are none, and ones that no client should follow.
  @Test(arguments: [
    ("s=AQID,i=2", "challengeMalformed"), ("r=abcdef,i=2,s=AQID", "challengeMalformed"), ("r=abcdef,s=AQID", "challengeMalformed"),
    ("r=abcdef,s=AQI,i=2", "challengeMalformed"), ("r=abcdef,s=AQID,i=", "challengeMalformed"),
    ("r=abcdef,s=AQID,i=0", "challengeMalformed"), ("r=abcdef,s=AQID,i=-1", "challengeMalformed"),
    ("r=abcdef,s=AQID,i=2.5", "challengeMalformed"), ("r=abcdef,s=AQID,i=99999999999999999999", "challengeMalformed"),
    ("x=abcdef,s=AQID,i=2", "challengeMalformed"), ("r=abcdef,x=AQID,i=2", "challengeMalformed"),
    ("r=abcdef,s=AQID,x=2", "challengeMalformed"), ("r=abcdef,s,i=2", "challengeMalformed"), ("r,s=AQID,i=2", "challengeMalformed"),
    ("r=abcdef,s=AQID,i=+2", "challengeMalformed"), ("r=abcdef,s=AQID,i=02", "challengeMalformed"),
    ("m=x,r=abcdef,s=AQID,i=2", "challengeMalformed"), ("r=abc def,s=AQID,i=2", "challengeMalformed"),
    ("r=,s=AQID,i=2", "challengeMalformed"), ("r=abc\u{E4},s=AQID,i=2", "challengeMalformed"),
    ("r=abc,s=AQID,i=2", "nonceChanged"), ("r=abddef,s=AQID,i=2", "nonceChanged"), ("r=ab,s=AQID,i=2", "nonceChanged"),
    ("r=abcdef,s=AQID,i=1000001", "tooManyRounds"),
  ])
  func serverFirst(message: String, failure: String) {
    var exchange = Start.expectServerFirst.make()
    #expect(exchange.challengeReceived(bytes(message)).told == "fail \(failure)")
    #expect(exchange.challengeReceived(bytes(Self.challenge)).told == "fail challengeUnexpected")
  }

  @Test(arguments: [
    ("", "user", "n,,n=user,r=abc"), ("", "a=b,c", "n,,n=a=3Db=2Cc,r=abc"), ("x,y@here", "user", "n,a=x=2Cy@here,n=user,r=abc"),
  ])
  func initialResponse(authorization: Text, name: Text, expected: String) {
    let exchange = SASLClientExchange(.scramSHA256, authorization: authorization, name: name, password: "", nonce: "abc")
    #expect(exchange.initialResponse == bytes(expected))
  }
}
