public import SASL
public import XML
public import XMPP

/// The client's half of a stream as a value: from the first byte to a bound session (RFC 6120), then stanzas.
///
/// Like the server's core it does no I/O: bytes and facts go in, bytes and wishes come out. The simulated world and the socket driver
/// of scenarios both run it.
public struct Client: Sendable {
  public enum Output: Sendable {
    /// Send these bytes.
    case bytes([UInt8])
    /// Do the TLS handshake, then call `tlsEstablished`.
    case startTLS
    /// The session is bound to this full JID.
    case ready(JID)
    case stanza(Element)
    /// The stream ended; why, if it was not in peace.
    case ended(String?)
  }

  /// The client's policy for TLS and for passwords in the clear.
  public enum Security: Sendable {
    /// STARTTLS, or fail.
    case required
    /// STARTTLS where it is offered; a password never goes in the clear.
    case opportunistic
    /// The same, and PLAIN in the clear if there is nothing better: for servers on loopback.
    case lenient
  }

  private enum Phase: Sendable {
    case idle
    case expectHeader
    case expectFeatures
    case expectProceed
    case handshake
    case authenticating(SASLClientExchange)
    case expectBind
    case bound
    /// The client's owner says what is said; see `init(silent:)`.
    case silent
    case ended
  }

  public let account: JID
  private let password: Text
  private let resource: Text
  private let nonce: Text
  private let security: Security
  private var parser = StreamParser(limits: .authenticated)
  private var phase = Phase.idle
  private var isEncrypted = false
  private var isAuthenticated = false
  public private(set) var jid: JID?
  /// The mechanisms that the client knows, the best first. Without TLS it uses PLAIN only if `security` is `lenient`.
  public var mechanisms = SASLMechanism.allCases
  /// The connection begins with TLS (XEP-0368): the first output is `startTLS`, and the stream begins behind the handshake.
  public var isDirectTLS = false
  /// The `xml:lang` of the header that the client sends, which is the language of all that follows on the stream (RFC 6120, 4.7.4).
  public var language: Text?

  /// - Parameters:
  ///   - resource: what to ask for; empty lets the server choose.
  ///   - nonce: of printable ASCII without commas, never used twice.
  public init(account: JID, password: Text, resource: Text, nonce: Text, security: Security) {
    self.account = account.bare
    self.password = password
    self.resource = resource
    self.nonce = nonce
    self.security = security
  }

  /// A client that says nothing by itself, so that whoever has it may send any bytes, and reads what the server says: all elements are handed
  /// out like stanzas, also those of the negotiation. It asks for TLS when the server says `<proceed/>`, and expects a new stream where the
  /// server begins one (RFC 6120, 5.4.3.3 and 6.4.6).
  public init(silent account: JID) {
    self.init(account: account, password: "", resource: "", nonce: "", security: .lenient)
    phase = .silent
  }

  public var isBound: Bool { if case .bound = phase { true } else { false } }

  /// Opens the stream, or asks for TLS: the first thing to do.
  public mutating func begin() -> [Output] {
    guard isDirectTLS else { return isSilent ? [] : [open()] }
    if !isSilent { phase = .handshake }
    return [.startTLS]
  }

  /// Whether it is one that says nothing by itself, and its stream has not ended.
  public var isSilent: Bool { if case .silent = phase { true } else { false } }

  private mutating func open() -> Output {
    phase = .expectHeader
    parser.restart()
    var bytes = Array("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'".utf8)
    Writer.writeAttribute("to", account.domain, into: &bytes)
    Writer.writeAttribute("version", "1.0", into: &bytes)
    if let language { Writer.writeAttribute("xml:lang", language, into: &bytes) }
    bytes.append(UInt8(ascii: ">"))
    return .bytes(bytes)
  }

  /// A stanza as bytes of this stream.
  public static func encode(_ stanza: Element) -> [UInt8] {
    var bytes: [UInt8] = []
    Writer(defaultNamespace: NS.client, declaresStreamPrefix: true).write(stanza, into: &bytes)
    return bytes
  }

  /// Ends our side of the stream.
  public mutating func close() -> [Output] { isSilent ? [] : [.bytes(Array("</stream:stream>".utf8))] }

  public mutating func tlsEstablished() -> [Output] {
    if isSilent { parser.restart() }
    guard case .handshake = phase else { return [] }
    isEncrypted = true
    return [open()]
  }

  public mutating func received(_ bytes: some Sequence<UInt8>, using pool: ParserPool) -> [Output] {
    parser.feed(bytes)
    var outputs: [Output] = []
    while let event = parser.next(using: pool) {
      switch event {
      case .header: if case .expectHeader = phase { phase = .expectFeatures }
      case .stanza(let element): outputs += handle(element)
      case .end: outputs += end(nil)
      case .failure(let failure): outputs += end("the server sent what can't be read: \(failure)")
      }
    }
    return outputs
  }

  private mutating func end(_ reason: String?) -> [Output] {
    if case .ended = phase { return [] }
    phase = .ended
    return [.ended(reason)]
  }

  private mutating func handle(_ element: Element) -> [Output] {
    if element.is("error", NS.streams) {
      // Of a bound session it is handed out like a stanza: scripts ask for it.
      return (isBound || isSilent ? [.stanza(element)] : []) + end("stream error: \(element.firstChild?.name ?? "")")
    }
    switch phase {
    case .expectFeatures where element.is("features", NS.streams): return negotiate(element)
    case .expectProceed where element.is("proceed", NS.tls):
      phase = .handshake
      parser.discardPending()
      return [.startTLS]
    case .authenticating(let exchange) where element.is("challenge", NS.sasl): return answer(element.text, in: exchange)
    case .authenticating(let exchange) where element.is("success", NS.sasl): return succeed(element.text, in: exchange)
    case .expectBind where element.is("iq", NS.client):
      guard element.type == "result", let bound = element.child("bind", NS.bind)?.child("jid", NS.bind).flatMap({ JID($0.text) }) else {
        return end("the server refused the resource")
      }
      jid = bound
      phase = .bound
      return [.ready(bound)]
    case .bound: return [.stanza(element)]
    case .silent:
      if element.is("success", NS.sasl) { parser.restart() }
      guard element.is("proceed", NS.tls) else { return [.stanza(element)] }
      parser.discardPending()
      return [.stanza(element), .startTLS]
    case .ended: return []
    default: return end("the server answered \(element.name) with \(element.firstChild?.name ?? "nothing")")
    }
  }

  private mutating func negotiate(_ features: Element) -> [Output] {
    if isAuthenticated { return bind() }
    if !isEncrypted {
      if features.child("starttls", NS.tls) != nil {
        phase = .expectProceed
        return [.bytes(Client.encode(Element("starttls", NS.tls)))]
      }
      if security == .required { return end("the server offers no TLS") }
    }
    let offered = features.child("mechanisms", NS.sasl)?.children.map(\.text) ?? []
    let canPlain = isEncrypted || security == .lenient
    guard let mechanism = mechanisms.first(where: { offered.contains(Text($0.rawValue)) && ($0 != .plain || canPlain) }) else {
      return end("the server offers no way to authenticate that we know")
    }
    let exchange = SASLClientExchange(mechanism, name: account.local, password: password, nonce: nonce)
    phase = .authenticating(exchange)
    let response = Base64.encode(exchange.initialResponse)
    return [.bytes(Client.encode(Element("auth", NS.sasl, ["mechanism": Text(mechanism.rawValue)], text: response)))]
  }

  private mutating func answer(_ challenge: Text, in exchange: SASLClientExchange) -> [Output] {
    var exchange = exchange
    guard let bytes = Base64.decode(challenge) else { return end("the server's challenge can't be read") }
    switch exchange.challengeReceived(bytes) {
    case .respond(let response):
      phase = .authenticating(exchange)
      return [.bytes(Client.encode(Element("response", NS.sasl, text: Base64.encode(response))))]
    case .fail(let failure): return end(failure.description)
    }
  }

  private mutating func succeed(_ data: Text, in exchange: SASLClientExchange) -> [Output] {
    var exchange = exchange
    // "=" stands for data of no bytes (RFC 6120, 6.4.6).
    guard let bytes = data == "=" ? [] : Base64.decode(data) else { return end("the server's outcome can't be read") }
    switch exchange.successReceived(bytes) {
    case .finish:
      isAuthenticated = true
      return [open()]
    case .fail(let failure): return end(failure.description)
    }
  }

  private mutating func bind() -> [Output] {
    phase = .expectBind
    var bind = Element("bind", NS.bind)
    if !resource.isEmpty { bind.append("resource", NS.bind, text: resource) }
    var iq = Element("iq", NS.client, ["type": "set", "id": "bind"])
    iq.append(bind)
    return [.bytes(Client.encode(iq))]
  }
}
