import Testing
import XMPP

@testable import ServerCore
@testable import XML

/// A server that connects: what it hears until it has proved who it is, and that nothing else proves it.
@Suite struct IncomingStreamTests {
  private typealias Transcript = RemoteTranscript<IncomingStream>

  private static func opened(isDirectTLS: Bool = false, _ change: (inout Configuration) -> Void = { _ in }) -> Transcript {
    let opening = Opening(role: .incomingServer, isDirectTLS: isDirectTLS)
    return Transcript(IncomingStream(ConnectionID(1), opening, counts: true, at: 0), change)
  }

  private static func header(_ transcript: inout Transcript, from: Text? = "far.example", to: Text? = "near.example") -> [String] {
    let setting = transcript.setting
    return transcript.perform {
      $0.headerReceived(Transcript.header(from: from, to: to), isLocal: { setting.serves($0) }, setting.remotePolicy, &$1)
      return nil
    }
  }

  private static func send(_ transcript: inout Transcript, _ xml: String) -> [String] {
    let element = try! Element(parsing: Array(xml.utf8), defaultNamespace: NS.client)
    return transcript.perform { stream, transaction in
      stream.elementReceived(element, &transaction).map { "stanza from \($0.peer.domain) to \($0.local)" }
    }
  }

  private static func encrypt(_ transcript: inout Transcript, chain: [[UInt8]] = [[1]], protocolName: Text? = nil) -> [String] {
    transcript.perform {
      $0.encrypted(TLSFacts(protocolName: protocolName, chain: chain), &$1)
      return nil
    }
  }

  private static func settle(_ transcript: inout Transcript, _ answer: Answer, of id: InquiryID? = nil) -> [String] {
    transcript.settle(id, answer) {
      $0.verified($1, &$2)
      return nil
    }
  }

  private static let startTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
  private static func auth(_ text: String = "=", mechanism: String = "EXTERNAL") -> String {
    "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='\(mechanism)'>\(text)</auth>"
  }
  private static let message = "<message from='a@far.example' to='b@near.example'/>"
  private static let begin = ["restart", "discard", "verify client"]
  private static let answer = "header near.example -> far.example with id"

  /// Up to the features behind TLS, with a certificate of these names.
  private static func verified(_ names: [Text] = ["far.example"]) -> Transcript {
    var transcript = opened(isDirectTLS: true)
    #expect(encrypt(&transcript) == begin)
    #expect(settle(&transcript, .verdict(.trusted(PresentedNames(dns: names), until: 1000))) == [])
    return transcript
  }

  @Test func byStartTLS() {
    var transcript = Self.opened()
    #expect(Self.header(&transcript) == [Self.answer, "features: starttls.required"])
    #expect(Self.send(&transcript, Self.startTLS) == ["proceed", "TLS as near.example, asking", "discard", "restart"])
    #expect(Self.encrypt(&transcript) == Self.begin)
    #expect(Self.settle(&transcript, CertificateVerdict.trusted("far.example")) == [])
    #expect(Self.header(&transcript) == [Self.answer, "features: mechanisms.mechanism"])
    #expect(Self.send(&transcript, Self.auth()) == ["success", "restart for stanzas"])
    #expect(Self.header(&transcript) == [Self.answer, "features"])
    #expect(Self.send(&transcript, Self.message) == ["stanza from far.example to near.example"])
  }

  /// A header that comes before the verdict waits for it.
  @Test func theVerdictComesLate() {
    var transcript = Self.opened(isDirectTLS: true)
    #expect(Self.encrypt(&transcript, protocolName: "xmpp-server") == Self.begin)
    #expect(Self.header(&transcript) == [Self.answer, "pause"])
    #expect(Self.settle(&transcript, CertificateVerdict.trusted("far.example")) == ["resume", "features: mechanisms.mechanism"])
    #expect(Self.settle(&transcript, CertificateVerdict.trusted("far.example")) == ["ignored"], "a verdict counts once")
  }

  /// Without a proof EXTERNAL is not offered, not taken, and no stanza either.
  @Test(
    arguments: [
      .verdict(.rejected(.expired)), .failed("no answer"), CertificateVerdict.trusted("other.example"), CertificateVerdict.trusted(),
      .resolved(DNSAnswer(.noRecords)),
    ] as [Answer])
  func noProof(_ answer: Answer) {
    var transcript = Self.opened(isDirectTLS: true)
    #expect(Self.encrypt(&transcript) == Self.begin)
    #expect(Self.settle(&transcript, answer) == [])
    #expect(Self.header(&transcript) == [Self.answer, "features"])
    #expect(Self.send(&transcript, Self.auth()) == ["failure: not-authorized"])
    #expect(Self.send(&transcript, Self.message) == ["error: not-authorized", "end of stream", "close", "pause"])
    #expect(Self.send(&transcript, Self.message) == [] && Self.send(&transcript, Self.auth()) == [])
  }

  @Test func noCertificate() {
    var transcript = Self.opened(isDirectTLS: true)
    #expect(Self.encrypt(&transcript, chain: []) == ["restart", "discard"])
    #expect(Self.header(&transcript) == [Self.answer, "features"])
    #expect(Self.send(&transcript, Self.auth()) == ["failure: not-authorized"])
  }

  /// A server without a certificate of its own can't do the handshake.
  @Test func noTLSToOffer() {
    var transcript = Self.opened { $0.offersTLS = false }
    #expect(Self.header(&transcript) == [Self.answer, "features"])
    #expect(Self.send(&transcript, Self.startTLS) == ["failure", "end of stream", "close"])
  }

  /// An open stream does not outlive the certificate (RFC 6120, 13.7.2.3).
  @Test func theCertificateExpires() {
    var transcript = Self.verified()
    let limits = transcript.setting.configuration.limits
    #expect(transcript.stream.base.deadline(limits, isOpen: true) == 1000)
    transcript.now = 400
    var other = Self.opened(isDirectTLS: true)
    _ = Self.encrypt(&other)
    _ = Self.settle(&other, .verdict(.trusted(PresentedNames(dns: ["far.example"]), until: .max)))
    #expect(other.stream.base.deadline(limits, isOpen: true) == nil)
  }

  /// A certificate that was trusted before the handshake proves nothing after it.
  @Test func theVerdictOnAnotherHandshake() {
    var transcript = Self.opened()
    _ = Self.header(&transcript)
    _ = Self.send(&transcript, Self.startTLS)
    let stray = transcript.perform { stream, transaction in
      _ = transaction.ask(.verify(CertificateQuestion(chain: [[9]], side: .client, time: 0)), .certificate(ConnectionID(1), handshake: 0))
      return nil
    }
    #expect(stray == ["verify client"])
    let old = transcript.question
    #expect(Self.encrypt(&transcript) == Self.begin)
    #expect(Self.settle(&transcript, CertificateVerdict.trusted("far.example"), of: old) == [])
    #expect(Self.header(&transcript) == [Self.answer, "pause"], "it still waits for its own")
  }

  @Test(
    arguments: [
      ("=", true), ("", false), ("ZmFyLmV4YW1wbGU=", true), ("b3RoZXIuZXhhbXBsZQ==", false), ("bmVhci5leGFtcGxl", false), ("!", false),
    ])
  func authorizationIdentity(text: String, isAccepted: Bool) {
    var transcript = Self.verified(["far.example", "other.example"])
    _ = Self.header(&transcript)
    let answer = Self.send(&transcript, Self.auth(text))
    #expect((answer == ["success", "restart for stanzas"]) == isAccepted, "\(answer)")
    guard text.isEmpty else { return }
    #expect(answer == ["challenge"])
    let response = "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>=</response>"
    #expect(Self.send(&transcript, response) == ["success", "restart for stanzas"])
  }

  @Test func otherMechanisms() {
    var transcript = Self.verified()
    _ = Self.header(&transcript)
    for _ in 0..<2 { #expect(Self.send(&transcript, Self.auth(mechanism: "PLAIN")) == ["failure: invalid-mechanism"]) }
    #expect(Self.send(&transcript, Self.auth()) == ["success", "restart for stanzas"], "a later attempt may be right")
    var stubborn = Self.verified()
    _ = Self.header(&stubborn)
    var last: [String] = []
    for _ in 0..<20 where last.count < 2 { last = Self.send(&stubborn, Self.auth(mechanism: "PLAIN")) }
    #expect(last == ["failure: invalid-mechanism", "error: policy-violation text", "end of stream", "close", "pause"])
  }

  /// The domains of the proof are fixed: no later header moves them.
  @Test(arguments: [("other.example", "near.example"), ("far.example", "conference.near.example")] as [(Text, Text)])
  func theDomainsChangeAfterTheProof(from: Text, to: Text) {
    var transcript = Self.verified(["far.example", "other.example"])
    _ = Self.header(&transcript)
    _ = Self.send(&transcript, Self.auth())
    let answer = Self.header(&transcript, from: from, to: to)
    #expect(answer.dropFirst() == ["error: not-authorized", "end of stream", "close", "pause"], "\(answer)")
  }

  @Test(
    arguments: [
      ("far.example", "other.example", "host-unknown"), ("near.example", "near.example", "invalid-from"),
      ("conference.near.example", "near.example", "invalid-from"), (nil, "near.example", "improper-addressing"),
      ("far.example", nil, "host-unknown"), ("a@far.example", "near.example", "improper-addressing"),
      ("evil.example", "near.example", "policy-violation"),
    ] as [(Text?, Text?, String)])
  func headersThatAreRefused(from: Text?, to: Text?, condition: String) {
    var transcript = Self.opened(isDirectTLS: true) { $0[text: .deniedDomains] = "evil.example" }
    _ = Self.encrypt(&transcript)
    _ = Self.settle(&transcript, CertificateVerdict.trusted("far.example", "near.example", "evil.example"))
    let answer = Self.header(&transcript, from: from, to: to)
    #expect(answer.count == 5 && answer[1].hasPrefix("error: \(condition)"), "\(answer)")
  }

  /// To rooms the same rules apply.
  @Test func toTheDomainOfRooms() {
    var transcript = Self.verified()
    #expect(Self.header(&transcript, to: "conference.near.example")[0] == "header conference.near.example -> far.example with id")
    _ = Self.send(&transcript, Self.auth())
    _ = Self.header(&transcript, to: "conference.near.example")
    #expect(Self.send(&transcript, Self.message) == ["stanza from far.example to conference.near.example"])
  }

  @Test func tlsTwice() {
    var transcript = Self.verified()
    _ = Self.header(&transcript)
    #expect(Self.send(&transcript, Self.startTLS).first == "error: unsupported-stanza-type")
    var again = Self.verified()
    #expect(Self.encrypt(&again) == [], "a handshake that nobody asked for changes nothing")
  }

  @Test func anotherProtocol() {
    var transcript = Self.opened(isDirectTLS: true)
    #expect(Self.encrypt(&transcript, protocolName: "xmpp-client") == ["close", "pause"])
  }

  /// A stream that has ended wants no verdict.
  @Test func theEndTakesTheQuestionBack() {
    var transcript = Self.opened(isDirectTLS: true)
    _ = Self.encrypt(&transcript)
    let said = transcript.perform {
      $0.lost(&$1)
      return nil
    }
    #expect(said == [] && transcript.inquiries.count == 0)
  }
}
