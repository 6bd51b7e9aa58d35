import Testing
import XMPP

@testable import ServerCore
@testable import XML

/// A stream to another server: what is said to it, and that nothing is before it has proved who it is.
@Suite struct OutgoingStreamTests {
  private typealias Transcript = RemoteTranscript<OutgoingStream>

  private static func opened(isDirectTLS: Bool = false) -> (Transcript, [String]) {
    let pair = DomainPair(local: "near.example", remote: "bücher.example")
    var transcript = Transcript(OutgoingStream(ConnectionID(1), for: pair, isDirectTLS: isDirectTLS, at: 0))
    let lines = transcript.perform {
      $0.begin(&$1)
      return nil
    }
    return (transcript, lines)
  }

  private static func word(_ change: OutgoingStream.Change?) -> String? {
    switch change {
    case .opened(let right): "opened for \(right.pair.local) -> \(right.pair.remote)"
    case .closing: "closing"
    case .ended(let reason): "ended: \(reason)"
    case nil: nil
    }
  }

  private static func header(_ transcript: inout Transcript, from: Text? = "bücher.example", version: Text? = "1.0") -> [String] {
    transcript.perform { word($0.headerReceived(Transcript.header(from: from, to: "near.example", version: version), &$1)) }
  }
  private static func send(_ transcript: inout Transcript, _ xml: String) -> [String] {
    let element = try! Element(parsing: Array(xml.utf8), defaultNamespace: NS.client)
    return transcript.perform { word($0.elementReceived(element, &$1)) }
  }
  private static func encrypt(_ transcript: inout Transcript, chain: [[UInt8]] = [[1]]) -> [String] {
    transcript.perform { word($0.encrypted(TLSFacts(chain: chain), &$1)) }
  }
  private static func settle(_ transcript: inout Transcript, _ answer: Answer) -> [String] {
    transcript.settle(nil, answer) { word($0.verified($1, &$2)) }
  }

  private static func features(_ content: String) -> String {
    "<features xmlns='http://etherx.jabber.org/streams'>\(content)</features>"
  }
  private static let startTLS = features("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
  private static let external = features(
    "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism><mechanism>EXTERNAL</mechanism></mechanisms>")
  private static let plain = features("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>")
  private static let success = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
  private static let header = "header near.example -> bücher.example"
  private static let trusted = CertificateVerdict.trusted("xn--bcher-kva.example")

  /// Up to the verdict.
  private static func asking() -> Transcript {
    var (transcript, lines) = opened(isDirectTLS: true)
    #expect(lines == [])
    #expect(encrypt(&transcript) == ["restart", "discard", "verify server"])
    return transcript
  }

  @Test func byStartTLS() {
    var (transcript, lines) = Self.opened()
    #expect(lines == [Self.header])
    #expect(Self.header(&transcript) == [])
    #expect(Self.send(&transcript, Self.startTLS) == ["starttls"])
    #expect(
      Self.send(&transcript, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        == ["TLS with xn--bcher-kva.example as near.example", "discard", "restart"])
    #expect(Self.encrypt(&transcript) == ["restart", "discard", "verify server"])
    #expect(Self.settle(&transcript, Self.trusted) == [Self.header])
    #expect(Self.header(&transcript) == [])
    #expect(Self.send(&transcript, Self.external) == ["auth: ="])
    #expect(Self.send(&transcript, Self.success) == ["restart for stanzas", Self.header])
    #expect(Self.header(&transcript) == [])
    #expect(Self.send(&transcript, Self.features("")) == ["opened for near.example -> bücher.example"])
  }

  /// RFC 6120, 13.7.2: nothing is said to a server that does not prove itself, but why.
  @Test(
    arguments: [
      (.verdict(.rejected(.expired)), .expired), (.failed("no answer"), .noAnswer),
      (CertificateVerdict.trusted("far.example"), .nameMismatch),
      (CertificateVerdict.trusted(), .nameMismatch), (.keys([]), .noAnswer),
    ] as [(Answer, CertificateProblem)])
  func noProof(_ answer: Answer, _ problem: CertificateProblem) {
    var transcript = Self.asking()
    #expect(
      Self.settle(&transcript, answer)
        == [Self.header, "error: not-authorized text", "end of stream", "close", "pause", "ended: \(RemoteFailure.certificate(problem))"])
    #expect(Self.header(&transcript) == [] && Self.send(&transcript, Self.external) == [])
    #expect(Self.settle(&transcript, Self.trusted) == ["ignored"])
    #expect(transcript.perform { Self.word($0.lost(&$1)) } == [], "its end is told once")
  }

  @Test func noCertificate() {
    var (transcript, _) = Self.opened(isDirectTLS: true)
    #expect(Self.encrypt(&transcript, chain: []).last == "ended: \(RemoteFailure.certificate(.missing))")
  }

  /// Nobody may speak before the verdict, or skip a step.
  @Test func tooEarly() {
    for xml in [Self.external, Self.success, "<message/>"] {
      var transcript = Self.asking()
      #expect(Self.send(&transcript, xml).last == "ended: stream", "\(xml)")
    }
    var transcript = Self.asking()
    #expect(Self.header(&transcript).last == "ended: stream")
    var (clear, _) = Self.opened()
    _ = Self.header(&clear)
    #expect(Self.send(&clear, Self.success).last == "ended: stream", "success without EXTERNAL")
    var (other, _) = Self.opened()
    _ = Self.header(&other)
    #expect(Self.send(&other, Self.external).last == "ended: policy", "no TLS is offered")
  }

  @Test func theServerDoesNotBelieveUs() {
    for (xml, isAsked) in [(Self.plain, false), ("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>", true)] {
      var transcript = Self.asking()
      _ = Self.settle(&transcript, Self.trusted)
      _ = Self.header(&transcript)
      if isAsked { #expect(Self.send(&transcript, Self.external) == ["auth: ="]) }
      #expect(Self.send(&transcript, xml) == ["end of stream", "ended: refused"])
    }
  }

  @Test func tlsIsRefused() {
    var (transcript, _) = Self.opened()
    _ = Self.header(&transcript)
    _ = Self.send(&transcript, Self.startTLS)
    #expect(Self.send(&transcript, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") == ["end of stream", "ended: policy"])
  }

  @Test func headersThatAreWrong() {
    for (from, version) in [("other.example", "1.0"), ("bücher.example", nil), ("bücher.example", "0.9")] as [(Text, Text?)] {
      var (transcript, _) = Self.opened()
      #expect(Self.header(&transcript, from: from, version: version).last == "ended: stream", "\(from) \(version ?? "-")")
    }
  }

  /// Stanzas that were sent may not be overtaken by others on the next stream: an open one is over when its connection is.
  @Test func theEndOfAnOpenStream() {
    var transcript = Self.asking()
    _ = Self.settle(&transcript, Self.trusted)
    _ = Self.header(&transcript)
    _ = Self.send(&transcript, Self.external)
    _ = Self.send(&transcript, Self.success)
    _ = Self.header(&transcript)
    _ = Self.send(&transcript, Self.features(""))
    #expect(transcript.perform { Self.word($0.streamEnded(&$1)) } == ["end of stream", "close", "closing"])
    #expect(transcript.perform { Self.word($0.lost(&$1)) } == ["ended: connection"])
  }

  /// The handshake is under way: nothing can be said.
  @Test func theTimeIsOverDuringTheHandshake() {
    var (transcript, _) = Self.opened(isDirectTLS: true)
    let end = transcript.perform { Self.word($0.fail(StreamError(.connectionTimeout), .timeout, &$1)) }
    #expect(end == ["close", "pause", "ended: timeout"])
    #expect(Self.encrypt(&transcript) == [])
  }
}
