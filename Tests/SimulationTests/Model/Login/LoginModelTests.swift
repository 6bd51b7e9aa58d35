import OrderedCollections
import SASL
import Storage
import Testing
import XMPP

@testable import ServerCore
@testable import Simulation
@testable import XML

/// The judge of logins, by what a client says and what a server answers.
struct LoginModelTests {
  private let romeo = JID("romeo@localhost")!
  private let success = Element("success", NS.sasl)

  private func problem(_ change: (inout Configuration) -> Void = { _ in }, _ body: (inout JudgedStream) -> Void) -> String? {
    var stream = JudgedStream(change)
    stream.secure()
    #expect(stream.model.problem == nil)
    body(&stream)
    stream.model.settle(stream.server)
    return stream.model.problem
  }

  @Test func aWholeLogin() {
    let problem = problem { stream in
      stream.bind("r")
      #expect(stream.model.sessions[stream.connection]?.jid == JID("romeo@localhost/r"))
    }
    #expect(problem == nil)
  }

  @Test(
    arguments: [
      ("pencil", nil, true), ("pencil2", nil, false), ("penci", nil, false), ("", "malformed-request", true),
      ("pencil2", "not-authorized", true),
      ("pencil", "not-authorized", false), ("pencil2", "malformed-request", false), ("pencil2", "temporary-auth-failure", false),
      ("pencil2", "account-disabled", false),
    ] as [(String, Text?, Bool)])
  func outcomes(_ password: String, _ failure: Text?, _ isFair: Bool) {
    let problem = problem { stream in
      stream.logIn(password)
      if let failure { stream.fail(failure) } else { stream.answer(success) }
    }
    #expect((problem == nil) == isFair, "\(problem ?? "")")
  }

  /// The old password is void from the acknowledgement on, and the new one is none without it.
  @Test(arguments: [
    ("pencil", ControlReply.done, false), ("pen", .done, true), ("pencil", .refused("no"), true), ("pen", .refused("no"), false),
  ])
  func aChangedPassword(_ password: String, _ reply: ControlReply, _ isRight: Bool) {
    let problem = problem { stream in
      stream.operate(2, .changePassword(romeo, password: Secret(Array("pen".utf8))), reply)
      stream.logIn(password)
      stream.answer(success)
    }
    #expect((problem == nil) == isRight, "\(problem ?? "")")
  }

  @Test(
    arguments: [
      (ControlRequest.disableAccount(JID("romeo@localhost")!), nil, false),
      (.disableAccount(JID("romeo@localhost")!), "account-disabled", true),
      (.disableAccount(JID("romeo@localhost")!), "not-authorized", false),
      (.deleteAccount(JID("romeo@localhost")!), nil, false),
      (.deleteAccount(JID("romeo@localhost")!), "not-authorized", true), (.enableAccount(JID("romeo@localhost")!), nil, true),
    ] as [(ControlRequest, Text?, Bool)])
  func anAccountThatIsShut(_ request: ControlRequest, _ failure: Text?, _ isFair: Bool) {
    let problem = problem { stream in
      stream.operate(2, request, .done)
      stream.logIn("pencil")
      if let failure { stream.fail(failure) } else { stream.answer(success) }
    }
    #expect((problem == nil) == isFair, "\(problem ?? "")")
  }

  /// RFC 6120, 6.5.11: by an answer of storage that has failed, a login may be put off; by one that is there, the password is right or wrong.
  @Test(arguments: [(true, true, true), (true, false, false), (false, true, false)])
  func aLoginIsPutOff(_ storageMayFail: Bool, _ hasFailed: Bool, _ isFair: Bool) {
    var stream = JudgedStream(storageMayFail: storageMayFail)
    stream.secure()
    stream.logIn("pencil2")
    var failure = Element("failure", NS.sasl)
    failure.append("temporary-auth-failure", NS.sasl)
    let answer: Answer = hasFailed ? .failed("") : .keys([])
    stream.happen(
      .answered(InquiryID(1), answer), [.write(failure, from: nil, to: [Addressee(connection: stream.connection, to: nil)])])
    #expect((stream.model.problem == nil) == isFair, "\(stream.model.problem ?? "")")
  }

  /// RFC 6120, 4.7.2 and 4.7.5: the header behind success is to the domain of the login, in a version that has features.
  @Test(
    arguments: [
      ("to='localhost'", "to='localhost'", nil), ("to='localhost'", "to='LOCALHOST'", nil), (" to='localhost'", "", nil),
      ("to='localhost'", "to='other.localhost'", .hostUnknown), ("to='localhost'", "to='elsewhere.example'", .hostUnknown),
      ("to='localhost'", "to=''", .hostUnknown), ("version='1.0'", "version='1.1'", nil), ("version='1.0'", "version='1'", nil),
      ("version='1.0'", "version='0.9'", .unsupportedVersion), ("version='1.0'", "version='.9'", .unsupportedVersion),
      (" version='1.0'", "", .unsupportedVersion), ("jabber:client", "jabber:server", .invalidNamespace),
    ] as [(String, String, StreamError.Condition?)])
  func headersBehindSuccess(_ old: String, _ new: String, _ end: StreamError.Condition?) {
    func fault(endingWith condition: StreamError.Condition?) -> String? {
      problem({ $0.domains.append("other.localhost") }) { stream in
        stream.logIn("pencil")
        stream.answer(success)
        stream.say(JudgedStream.header.replacing(old, with: new))
        stream.openHeader()
        if let condition {
          stream.end(condition)
        } else {
          stream.answer(Element("features", NS.streams, children: [Element("bind", NS.bind)]))
        }
      }
    }
    #expect(fault(endingWith: end) == nil)
    #expect(fault(endingWith: end == nil ? .hostUnknown : nil) != nil)
    #expect(fault(endingWith: .badFormat) != nil)
  }

  /// RFC 6120, 5.4.2.2: there is no second TLS, and the stream that asks for it ends.
  @Test(arguments: ["failure", "proceed", ""])
  func startTLSOverTLS(_ answer: Text) {
    let problem = problem { stream in
      stream.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
      if !answer.isEmpty { stream.answer(Element(answer, NS.tls)) }
      if answer == "failure" { stream.answer([.closeStream(stream.connection), .close(stream.connection)]) }
    }
    #expect((problem == nil) == (answer == "failure"), "\(problem ?? "")")
  }

  /// RFC 6120, 7.1 and 4.9.3.12: a stanza before a resource is bound that asks nothing of the server ends the stream.
  @Test(
    arguments: ["<message/>", "<presence/>", "<message to='localhost'/>", "<iq type='result' id='p'/>"],
    [StreamError.Condition.notAuthorized, .policyViolation, nil])
  func stanzasBeforeBinding(_ stanza: String, _ end: StreamError.Condition?) {
    let problem = problem { stream in
      stream.succeed()
      stream.say(stanza)
      if let end { stream.end(end) }
    }
    #expect((problem == nil) == (end == .notAuthorized), "\(problem ?? "")")
  }

  /// RFC 6120, 6.5.1.
  @Test(arguments: [("aborted", true), ("not-authorized", false), ("malformed-request", false)] as [(Text, Bool)])
  func abort(_ condition: Text, _ isRight: Bool) {
    let problem = problem { stream in
      stream.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'/>")
      stream.answer(Element("challenge", NS.sasl))
      stream.say("<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
      stream.fail(condition)
    }
    #expect((problem == nil) == isRight, "\(problem ?? "")")
  }

  /// RFC 6120, 6.4.5.
  @Test func theLastFailureEndsTheStream() {
    let end = problem({ $0.limits[.authenticationAttempts] = 2 }) { stream in
      for _ in 0..<2 {
        stream.logIn("wrong")
        stream.fail("not-authorized")
      }
      stream.end(.policyViolation)
    }
    #expect(end == nil)
    let noEnd = problem({ $0.limits[.authenticationAttempts] = 2 }) { stream in
      for _ in 0..<2 {
        stream.logIn("wrong")
        stream.fail("not-authorized")
      }
    }
    #expect(noEnd?.contains("owes a stream error") ?? false)
    let early = problem({ $0.limits[.authenticationAttempts] = 3 }) { stream in
      stream.logIn("wrong")
      stream.fail("not-authorized")
      stream.end(.policyViolation)
    }
    #expect(early?.contains("no reason") ?? false)
  }

  /// RFC 6120, 5.4.3.3.
  @Test func nothingSaidBeforeTLSIsAnswered() {
    let auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>\(Base64.encode(Array("\0romeo\0pencil".utf8)))</auth>"
    var stream = JudgedStream()
    stream.secure(injected: JudgedStream.header + auth)
    #expect(stream.model.problem == nil)
    stream.answer(success)
    #expect(stream.model.problem?.contains("owed nothing") ?? false)
  }

  /// Just before the time is over a stream may not be ended, and then it must be. A part of an element is no progress.
  @Test(arguments: [(-1, true, false), (0, true, true), (0, false, false), (-1, false, true)])
  func timeIsNotForEver(_ time: Int64, _ isEnded: Bool, _ isRight: Bool) {
    let idle = Configuration(domains: ["localhost"]).limits[time: .negotiationIdle]
    let problem = problem { stream in
      stream.now += idle / 2
      stream.say("<auth ")
      stream.now += idle / 2 + time
      stream.happen(
        .deadline,
        isEnded
          ? [
            .write(StreamError(.connectionTimeout).element, from: nil, to: [Addressee(connection: stream.connection, to: nil)]),
            .closeStream(stream.connection), .close(stream.connection),
          ] : [])
    }
    #expect((problem == nil) == isRight, "\(problem ?? "")")
  }

  @Test(arguments: [
    ("<!-- a -->", StreamError.Condition.restrictedXML, true), ("<!-- a -->", .notWellFormed, false), ("<a></b>", .notWellFormed, true),
    ("text", .badFormat, true), ("<presence/>", .notAuthorized, true), ("<presence/>", .badFormat, false),
    ("<a xmlns='urn:a'/>", .unsupportedStanzaType, true), ("<presence/>", .connectionTimeout, false),
    // The excess comes first.
    ("<a>" + String(repeating: "<b/>", count: 64) + "<!-- -->", .policyViolation, true), ("<a><!-- -->", .policyViolation, false),
    (String(repeating: " ", count: 70_000) + "text", .policyViolation, true), ("text", .policyViolation, false),
  ])
  func endsOfStreams(_ input: String, _ condition: StreamError.Condition, _ isRight: Bool) {
    let problem = problem { stream in
      stream.say(input)
      stream.end(condition)
    }
    #expect((problem == nil) == isRight, "\(problem ?? "")")
  }

  @Test func aMessageThatWaitsForNothingIsAnswered() {
    let problem = problem { stream in stream.logIn("pencil") }
    #expect(problem?.contains("says nothing") ?? false)
  }

  /// Each field of SCRAM's messages, and the salt and the signature of the server.
  @Test(arguments: ["", "c", "r", "p", "s", "v"])
  func scram(_ wrong: String) throws {
    var exchange = SASLClientExchange(.scramSHA256, name: "romeo", password: "pencil", nonce: "abc")
    let challenge = "r=abcdef,s=\(Base64.encode([1, 2, 3])),i=1"
    guard case .respond(let response) = exchange.challengeReceived(Array(challenge.utf8)) else { throw TestFailure() }
    var final = String(decoding: response, as: UTF8.self)
    switch wrong {
    case "c": final = final.replacing("c=biws", with: "c=eSws")
    case "r": final = final.replacing("r=abcdef", with: "r=abcde")
    case "p": final = String(final.dropLast(4)) + "AAA="
    default: break
    }
    let messages = (
      first: SASLGrammar.First(exchange.initialResponse)!, challenge: SASLGrammar.Challenge(Array(challenge.utf8))!,
      final: SASLGrammar.Final(Array(final.utf8))!
    )
    let proof = SASLGrammar.Proof(.sha256, messages.first, messages.challenge, messages.final)
    let problem = problem { stream in
      for attempt in 0..<(wrong == "s" ? 2 : 1) {
        let first = Base64.encode(exchange.initialResponse)
        stream.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>\(first)</auth>")
        let challenge = attempt == 0 ? challenge : "r=abcghi,s=\(Base64.encode([1, 2, 4])),i=1"
        stream.answer(Element("challenge", NS.sasl, text: Base64.encode(Array(challenge.utf8))))
        if wrong == "s" {
          stream.say("<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
          stream.fail("aborted")
        }
      }
      guard wrong != "s" else { return }
      stream.say("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\(Base64.encode(Array(final.utf8)))</response>")
      let signature = wrong == "v" ? Array("v=AAAA".utf8) : proof.final(for: Array("pencil".utf8))
      stream.answer(Element("success", NS.sasl, text: Base64.encode(signature)))
    }
    #expect((problem == nil) == wrong.isEmpty, "\(problem ?? "")")
  }

  /// Each pending change of the password may make other salts once, at any moment, and the change of whether the account is disabled makes none.
  @Test(arguments: [(0, 1, false), (1, 1, true), (1, 2, false), (2, 2, true)])
  func saltsWhileThePasswordChanges(_ pending: Int, _ changes: Int, _ isRight: Bool) {
    let problem = problem { stream in
      stream.operate(2, .disableAccount(romeo), nil)
      for number in 0..<pending {
        stream.operate(3 + UInt64(number), .changePassword(romeo, password: Secret(Array("pen".utf8))), nil)
      }
      for number in 0...changes { stream.breakOff(salt: UInt8(number), nonce: "d\(number)") }
      // The last ones stay.
      stream.breakOff(salt: UInt8(changes), nonce: "e")
    }
    #expect((problem?.contains("the salt or the iteration count") ?? false) != isRight, "\(problem ?? "")")
  }

  /// The end of a connection in the handshake may have to wait for a commit, and meanwhile the handshake is completed.
  @Test(arguments: [("", 0, false), ("x", 0, true), ("", 1, true)])
  func anEndWithinTheHandshakeThatComesLate(_ injected: String, _ negotiations: Int64, _ isRight: Bool) {
    var stream = JudgedStream()
    stream.startTLS()
    if !injected.isEmpty { stream.say(injected) }
    stream.now += negotiations * Configuration(domains: ["localhost"]).limits[time: .negotiationIdle]
    stream.happen(.encrypted(stream.connection, TLSFacts()))
    stream.say(JudgedStream.header)
    #expect(stream.model.problem == nil)
    stream.happen(.committed(through: CommitID(1)), [.close(stream.connection)])
    #expect((stream.model.problem == nil) == isRight, "\(stream.model.problem ?? "")")
  }

  /// XEP-0368, 3: a connection that begins with TLS ends where its client speaks another protocol, and goes on as any other elsewhere.
  @Test(arguments: [nil, "xmpp-client", "h2"] as [Text?], [true, false])
  func directTLS(_ protocolName: Text?, endsAtOnce: Bool) {
    var stream = JudgedStream(isDirectTLS: true)
    let end: [Effect] = endsAtOnce ? [.close(stream.connection)] : []
    stream.happen(.encrypted(stream.connection, TLSFacts(protocolName: protocolName)), end)
    if !endsAtOnce {
      stream.say(JudgedStream.header)
      stream.openHeader()
      stream.answer(JudgedStream.features(["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]))
    }
    #expect((stream.model.problem == nil) == (endsAtOnce == (protocolName == "h2")), "\(stream.model.problem ?? "")")
  }

  /// A session that ends before its change of the password is done does not change it any more.
  @Test(arguments: [("pencil", true), ("pen", false)])
  func aSessionThatIsCutChangesNothing(_ password: String, _ isRight: Bool) {
    var stream = JudgedStream()
    stream.secure()
    stream.bind("r")
    let request = Element(
      "query", NS.register,
      children: [
        Element("username", NS.register, text: "romeo"), Element("password", NS.register, text: "pen"),
      ])
    stream.say("<iq type='set' id='p'><query xmlns='jabber:iq:register'/></iq>")
    stream.happen(.stanza(stream.connection, Element("iq", NS.client, ["type": "set", "id": "p"], children: [request])))
    stream.happen(.closed(stream.connection))
    stream.happen(.opened(stream.connection, Opening()))
    stream.secure()
    stream.logIn(password)
    stream.answer(success)
    #expect((stream.model.problem == nil) == isRight, "\(stream.model.problem ?? "")")
  }

  private struct TestFailure: Error {}
}
