import Testing
import XML
import XMPP

@testable import SASL

/// Each state with each input.
struct ServerExchangeTests {
  enum Start: CaseIterable, Sendable {
    case initialScram, initialPlain, findingForScram, expectProof, findingForPlain, deriving, succeeded, failed

    func make() -> SASLServerExchange {
      let isPlain = [.initialPlain, .findingForPlain, .deriving].contains(self)
      var exchange = SASLServerExchange(isPlain ? .plain : .scramSHA1)
      switch self {
      case .initialScram, .initialPlain: return exchange
      case .failed: _ = exchange.responseReceived([])
      case .findingForScram, .findingForPlain, .deriving, .expectProof, .succeeded:
        _ = exchange.responseReceived(bytes(isPlain ? "\0user\0pencil" : "n,,n=user,r=abc"))
      }
      if [.expectProof, .succeeded, .deriving].contains(self) {
        _ = exchange.credentialsFound(credentials(isPlain ? .sha256 : .sha1, password: "pencil"), isDecoy: false) { "def" }
      }
      if self == .succeeded { _ = exchange.responseReceived(bytes(ServerExchangeTests.final)) }
      return exchange
    }
  }

  /// Of the client whose nonce is "abc" to the challenge with "def".
  static let final: String = {
    var client = SASLClientExchange(.scramSHA1, name: "user", password: "pencil", nonce: "abc")
    guard case .respond(let response) = client.challengeReceived(bytes("r=abcdef,s=AQID,i=2")) else { return "" }
    return String(decoding: response, as: UTF8.self)
  }()
  static let signature = {
    let message = Array("n=user,r=abc,r=abcdef,s=AQID,i=2,c=biws,r=abcdef".utf8)
    return Base64.encode(Scram.hmac(.sha1, key: credentials(.sha1, password: "pencil").serverKey, message)).string
  }()

  @Test(arguments: [
    (Start.initialScram, SASLServerExchange.Awaited.initialResponse), (.initialPlain, .initialResponse),
    (.findingForScram, .credentials(.sha1, of: "user")), (.findingForPlain, .credentials(.sha256, of: "user")),
    (.expectProof, .response), (.deriving, .keys), (.succeeded, .nothing), (.failed, .nothing),
  ])
  func eachStateAwaitsSomething(start: Start, expected: SASLServerExchange.Awaited) { #expect(start.make().awaited == expected) }

  @Test(arguments: [
    (Start.initialScram, "n,,n=user,r=abc", "find user as ''", SASLServerExchange.Awaited.credentials(.sha1, of: "user")),
    (.initialScram, "y,a=o=3Dther,n=us=2Cer,r=abc,x=y", "find us,er as 'o=ther'", .credentials(.sha1, of: "us,er")),
    (.initialScram, "\0user\0pencil", "fail scramFirstMalformed", .nothing),
    (.initialPlain, "o\0user\0pencil", "find user as 'o'", .credentials(.sha256, of: "user")),
    (.initialPlain, "n,,n=user,r=abc", "fail plainMalformed", .nothing),
    (.findingForScram, "n,,n=user,r=abc", "fail responseUnexpected", .nothing),
    (.expectProof, final, "succeed 'v=\(signature)'", .nothing),
    (.expectProof, "n,,n=user,r=abc", "fail scramFinalMalformed", .nothing),
    (.findingForPlain, "\0user\0pencil", "fail responseUnexpected", .nothing),
    (.deriving, "\0user\0pencil", "fail responseUnexpected", .nothing),
    (.succeeded, final, "fail responseUnexpected", .nothing),
    (.failed, "n,,n=user,r=abc", "fail responseUnexpected", .nothing),
  ])
  func responseIsReceived(start: Start, message: String, action: String, then: SASLServerExchange.Awaited) {
    var exchange = start.make()
    #expect(exchange.responseReceived(bytes(message)).told == action)
    #expect(exchange.awaited == then)
  }

  @Test(arguments: [
    (Start.initialScram, "ignore"), (.initialPlain, "ignore"), (.findingForScram, "challenge 'r=abcnonce,s=AQID,i=2'"),
    (.expectProof, "ignore"), (.findingForPlain, "derive [SASL.ScramHash.sha256] [[1, 2, 3]] [2] 'pencil'"), (.deriving, "ignore"),
    (.succeeded, "ignore"), (.failed, "ignore"),
  ])
  func credentialsAreFound(start: Start, action: String) {
    var exchange = start.make()
    let before = exchange.awaited
    let given = credentials(exchange.mechanism == .plain ? .sha256 : .sha1, password: "pencil")
    var nonces = 0
    let answer = exchange.credentialsFound(given, isDecoy: false) {
      nonces += 1
      return "nonce"
    }
    #expect(answer.told == action)
    // A nonce is drawn for nothing but a challenge.
    #expect(nonces == (start == .findingForScram ? 1 : 0))
    if action == "ignore" { #expect(exchange.awaited == before) }
  }

  @Test(arguments: Start.allCases, ["pencil", "pen", nil] as [Text?])
  func keysAreDerived(start: Start, password: Text?) {
    var exchange = start.make()
    let before = exchange.awaited
    let answer = exchange.keysDerived(password.map { [credentials(.sha256, password: $0)] } ?? [])
    if start == .deriving {
      #expect(answer.told == (password == "pencil" ? "succeed ''" : "fail plainPasswordWrong"))
      #expect(exchange.awaited == .nothing)
    } else {
      #expect(answer == .ignore)
      #expect(exchange.awaited == before)
    }
  }

  /// A name without credentials is refused like a wrong password, even if the proof were right.
  @Test func aDecoyNeverSucceeds() {
    var scram = Start.findingForScram.make()
    _ = scram.credentialsFound(credentials(.sha1, password: "pencil"), isDecoy: true) { "def" }
    #expect(scram.responseReceived(bytes(Self.final)) == .fail(.scramProofWrong))
    var plain = Start.findingForPlain.make()
    _ = plain.credentialsFound(credentials(.sha256, password: "pencil"), isDecoy: true) { "def" }
    #expect(plain.keysDerived([credentials(.sha256, password: "pencil")]) == .fail(.plainPasswordWrong))
  }

  /// PLAIN's password goes into the hash as SCRAM's does: U+2168 is "IX" (RFC 4013, section 3).
  @Test(arguments: [("I\u{AD}X", "IX"), ("\u{AA}", "a"), ("\u{2168}", "IX"), ("\u{7}", "\u{7}")])
  func passwordsArePrepared(given: String, expected: String) {
    var exchange = SASLServerExchange(.plain)
    _ = exchange.responseReceived(bytes("\0user\0\(given)"))
    let action = exchange.credentialsFound(credentials(.sha256, password: "x"), isDecoy: false) { "" }
    #expect(action.told == "derive [SASL.ScramHash.sha256] [[1, 2, 3]] [2] '\(expected)'")
  }
}
