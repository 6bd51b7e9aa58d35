import Testing
import XML
import XMPP

@testable import SASL

/// Messages of clients that are wrong, each with how.
struct MalformedMessageTests {
  /// RFC 5802, 5.1 and 7. (The fuzzer of recordings found that a NUL was taken.)
  @Test(arguments: [
    "", "n", "n,", "n,,", ",,n=user,r=abc", "x,,n=user,r=abc", "nn,,n=user,r=abc", "yy,,n=user,r=abc", "n=,,n=user,r=abc",
    "n,b=x,n=user,r=abc", "n,a=x=,n=user,r=abc", "n,a=x=2c,n=user,r=abc", "n,a,n=user,r=abc",
    "n,,n=,r=abc", "n,,n=us=er,r=abc", "n,,n=us=2,r=abc", "n,,n=user", "n,,n=user,r=", "n,,n=user,r", "n,,r=abc,n=user",
    "n,,m=x,n=user,r=abc",
    "n,,N=user,r=abc", "n,,n=user,x=y,r=abc",
    "n,,n=user,r=abc\0def", "n,,n=us\0er,r=abc", "n,,n=user,r=abc,x=\0", "n,,n=user,r=a b", "n,,n=user,r=\u{E4}", "n,,n=user,r=a\u{7F}",
  ])
  func scramFirst(message: String) {
    var exchange = SASLServerExchange(.scramSHA256)
    #expect(exchange.responseReceived(bytes(message)) == .fail(.scramFirstMalformed))
    #expect(exchange.awaited == .nothing)
  }

  /// RFC 5802, section 6: no mechanism that is offered binds to a channel.
  @Test(arguments: ["p=tls-exporter,,n=user,r=abc", "p,,n=user,r=abc"])
  func scramBinding(message: String) {
    var exchange = SASLServerExchange(.scramSHA256)
    #expect(exchange.responseReceived(bytes(message)) == .fail(.scramBindingUnsupported))
  }

  static let proof = ServerExchangeTests.final.drop { $0 != "p" }.description

  @Test(arguments: [
    ("", "scramFinalMalformed"), ("c=biws,r=abcdef", "scramFinalMalformed"), ("c=biws,\(proof)", "scramFinalMalformed"),
    ("r=abcdef,c=biws,\(proof)", "scramFinalMalformed"), ("c=biws,r=abcdef,\(proof),x=y", "scramFinalMalformed"),
    ("c=biw,r=abcdef,\(proof)", "scramFinalMalformed"), ("c=biws,r=abcdef,p=!", "scramFinalMalformed"),
    ("c=biws,x=y,r=abcdef,\(proof)", "scramFinalMalformed"),
    ("x=biws,r=abcdef,\(proof)", "scramFinalMalformed"), ("c=biws,r=abcdef,x\(proof.dropFirst())", "scramFinalMalformed"),
    ("c=,r=abcdef,\(proof)", "scramBindingChanged"), ("c=eSws,r=abcdef,\(proof)", "scramBindingChanged"),
    ("c=biws,r=abc,\(proof)", "scramNonceChanged"), ("c=biws,r=abcdefg,\(proof)", "scramNonceChanged"),
    ("c=biws,r=,\(proof)", "scramNonceChanged"),
    ("c=biws,r=abcdef,p=", "scramProofWrong"), ("c=biws,r=abcdef,p=AAAA", "scramProofWrong"),
    ("c=biws,r=abcdef,p=AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "scramProofWrong"), ("c=biws,r=abcdef,x=y,\(proof)", "scramProofWrong"),
    // The right proof and a byte more.
    ("c=biws,r=abcdef,p=\(Base64.encode((Base64.decode(Text(String(proof.dropFirst(2)))) ?? []) + [0]))", "scramProofWrong"),
  ])
  func scramFinal(message: String, failure: String) {
    var exchange = ServerExchangeTests.Start.expectProof.make()
    #expect(exchange.responseReceived(bytes(message)).told == "fail \(failure)")
    #expect(exchange.awaited == .nothing)
  }

  /// RFC 4616, section 2.
  @Test(arguments: ["", "\0", "\0\0", "\0user\0", "\0\0pencil", "user\0pencil", "user", "a\0user\0pen\0cil", "\0user\0pencil\0"])
  func plain(message: String) {
    var exchange = SASLServerExchange(.plain)
    #expect(exchange.responseReceived(bytes(message)) == .fail(.plainMalformed))
    #expect(exchange.awaited == .nothing)
  }

  /// Bytes that are no UTF-8 are read as U+FFFD, which no account's name holds.
  @Test func names() {
    var plain = SASLServerExchange(.plain)
    #expect(plain.responseReceived([0, 0xFF, 0, 0x61]).told == "find \u{FFFD} as ''")
    var scram = SASLServerExchange(.scramSHA1)
    #expect(scram.responseReceived(bytes("n,,n=") + [0xFF] + bytes(",r=abc")).told == "find \u{FFFD} as ''")
  }
}
