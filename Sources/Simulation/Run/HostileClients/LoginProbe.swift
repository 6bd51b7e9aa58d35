internal import SASL
internal import ServerCore
internal import XML
internal import XMPP

/// A hostile client that keeps to the protocol but for one thing at a time: it waits for answers, and goes on with what its plan says next.
struct LoginProbe: Sendable {
  private enum Phase { case header, features, proceed, exchange, trickling, bind, bound }

  /// How it behaves beside its attempts.
  private enum Manner: Int, CaseIterable {
    case plain
    /// Sends more behind its request for TLS, which would be a login if it counted (RFC 6120, 5.4.3.3).
    case injecting
    /// Tries without TLS first.
    case inTheClear
    /// Makes small progress for ever: a byte at a time, or an element.
    case trickling
    /// Sends what must end the stream: before its login, behind it, or in its session.
    case forbidding
    /// Sends stanzas too early.
    case hasty
    /// Names its domain, or the version, otherwise.
    case spelling
    /// Waits in the midst of a login until its account is another.
    case waiting
  }

  private let account: JID
  private var attempts: [NearMiss]
  private let manner: Manner
  private let variant: Int
  private let forbidden: String
  private let bindings: [String]
  /// One thing that it does in one state, until it is done.
  private var deed: LoginDeed?
  private var phase = Phase.header
  private var isEncrypted = false
  private var isAuthenticated = false
  private var parser = StreamParser(limits: .authenticated)
  private var lastFinal: String?
  private var trickle: [UInt8] = []
  /// Nothing more will come of it.
  private(set) var isDone = false
  /// To be sent when the account has been changed.
  private var held: String?
  private var isChangeDue = false

  /// - Parameters:
  ///   - account: its localpart.
  ///   - passwords: that the account has or had, the last first.
  ///   - nonce: never used twice.
  init(_ account: Text, _ passwords: [Text], nonce: Text, _ roll: (Int) -> Int) {
    self.account = JID(local: account, domain: "localhost", resource: "") ?? JID("localhost")!
    // A change of the account in the midst of a login is what a server gets wrong most easily.
    manner = Manner(rawValue: max(0, roll(16) - 6)) ?? .waiting
    variant = roll(256)
    forbidden = ForbiddenXML.input(roll)
    attempts = (0...roll(5)).map { NearMiss(account, passwords, nonce: "\(nonce)p\($0)", roll) }
    bindings = (0...roll(3)).map { _ in HostileClient.binding(roll) }
    guard manner == .plain, roll(4) > 0 else { return }
    // It comes to the state by the book, with an exchange if the deed is for one.
    let deed = LoginDeed(roll)
    let mechanism: SASLMechanism = deed.stage == .exchange ? .scramSHA256 : ActionContext.pick([.plain, .scramSHA256, .scramSHA1], roll)
    attempts.insert(NearMiss(right: account, passwords[0], nonce: "\(nonce)d", mechanism), at: 0)
    self.deed = deed
  }

  /// The text of the deed, if this is its state; with what would have been sent instead, if that follows.
  private mutating func deed(at stage: LoginDeed.Stage, before text: String = "") -> String? {
    guard let deed, deed.stage == stage else { return nil }
    self.deed = nil
    return deed.goesOn ? deed.text + text : deed.text
  }

  // MARK: Inputs

  mutating func begin() -> String {
    phase = .header
    parser.restart()
    if let deed = deed(at: isAuthenticated ? .authenticated : isEncrypted ? .secured : .opening) { return deed }
    let open = HostileClient.open
    if manner == .spelling {
      switch (variant + (isAuthenticated ? 3 : 0)) % 8 {
      case 1: return open.replacing("localhost", with: "LOCALHOST")
      case 2: return open.replacing("version='1.0'", with: "version='1.1'")
      case 3 where isAuthenticated: return open.replacing(" to='localhost'", with: "")
      case 4: return "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n" + open
      case 5: return open.replacing("version='1.0'", with: "version='0.9'")
      case 6: return open.replacing("localhost", with: "localhost.example")
      default: break
      }
    }
    return open
  }

  mutating func tlsEstablished() -> String {
    isEncrypted = true
    return begin()
  }

  private mutating func hold(_ text: String) -> String {
    guard manner == .waiting, held == nil else { return text }
    held = text
    isChangeDue = true
    return ""
  }

  /// The change of the account that it waits for, once; by whoever runs the server.
  mutating func takeChange() -> ControlRequest? {
    guard isChangeDue else { return nil }
    isChangeDue = false
    switch variant / 4 % 4 {
    case 1: return .disableAccount(account)
    case 2: return .deleteAccount(account)
    default: return .changePassword(account, password: Secret(Array(Passwords.all[variant / 16 % Passwords.all.count].utf8)))
    }
  }

  /// Called now and then: what it held back.
  mutating func release() -> String? {
    defer { held = nil }
    return isChangeDue ? nil : held
  }

  /// Called now and then: a client that trickles sends an element more, or a byte more of one that never ends.
  mutating func trickleOn() -> String? {
    guard manner == .trickling else { return nil }
    if phase == .bind { return "<iq type='get' id='t'><ping xmlns='urn:xmpp:ping'/></iq>" }
    guard phase == .trickling else { return nil }
    guard variant % 3 == 1 else { return "<iq type='get' id='t'><query xmlns='jabber:iq:register'/></iq>" }
    if trickle.isEmpty { trickle = Array(("<auth mechanism='PLAIN' " + String(repeating: " ", count: 90)).utf8) }
    return String(decoding: [trickle.removeFirst()], as: UTF8.self)
  }

  /// The bytes to send in answer to bytes of the server.
  mutating func received(_ bytes: [UInt8], using pool: ParserPool) -> String {
    guard let answer = answer(to: bytes, pool) else {
      isDone = true
      return ""
    }
    return answer
  }

  private mutating func answer(to bytes: [UInt8], _ pool: ParserPool) -> String? {
    parser.feed(bytes)
    var answer = ""
    while let event = parser.next(using: pool) {
      switch event {
      case .header: if phase == .header { phase = .features }
      case .stanza(let element):
        guard let more = react(to: element) else { return nil }
        answer += more
      case .end, .failure: return nil
      }
    }
    return answer
  }

  private mutating func react(to element: Element) -> String? {
    switch phase {
    case .features where element.is("features", NS.streams): return isAuthenticated ? bind() : negotiate(element)
    case .proceed where element.is("proceed", NS.tls):
      parser.discardPending()
      return ""
    case .exchange where element.is("challenge", NS.sasl):
      if element.text.isEmpty, let deed = deed(at: .initial) { return deed }
      if !element.text.isEmpty, let deed = deed(at: .exchange) { return deed }
      guard !element.text.isEmpty, let challenge = SASLGrammar.decode(element.text), let attempt = attempts.first else { return "" }
      let answer = attempt.answer(challenge, replay: lastFinal)
      lastFinal = answer
      return variant % 4 < 3 ? hold(answer) : answer
    case .exchange where element.is("failure", NS.sasl):
      if !attempts.isEmpty { attempts.removeFirst() }
      return attempt()
    case .exchange where element.is("success", NS.sasl):
      isAuthenticated = true
      if manner == .waiting, variant % 4 == 3 { return hold(begin()) }
      // A second login behind the first, where a header should be.
      if manner == .hasty, variant % 4 == 3, !attempts.isEmpty { return attempts[0].begin() }
      return begin()
    case .bind where element.is("iq", NS.client) && element.type == "result" && element.id == "b":
      phase = .bound
      if let deed = deed(at: .bound) { return deed }
      return manner == .forbidding ? forbidden : manner == .hasty ? Self.lateBinding : ""
    default: return ""
    }
  }

  private static let lateBinding =
    "<iq type='set' id='b2'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>late</resource></bind></iq>"

  private mutating func negotiate(_ features: Element) -> String? {
    if manner == .forbidding, variant % 3 == 0 { return forbidden }
    if manner == .hasty, variant % 3 == 0 { return "<message to='user0@localhost' type='chat'><body>early</body></message>" }
    guard !isEncrypted, features.child("starttls", NS.tls) != nil, !(manner == .inTheClear && variant % 2 == 0) else {
      if deed?.stage == .initial {
        phase = .exchange
        return "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='\(isEncrypted ? "PLAIN" : "SCRAM-SHA-1")'/>"
      }
      let next = attempt()
      return deed(at: isEncrypted ? .negotiating : .clear, before: next ?? "") ?? next
    }
    phase = .proceed
    let request = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
    if let deed = deed(at: .clear, before: request) { return deed }
    guard manner == .injecting, !attempts.isEmpty else { return request }
    let opening = [HostileClient.open, HostileClient.open, "", "<?xml version='1.0'?>" + HostileClient.open][variant % 4]
    return request + opening + attempts[0].begin()
  }

  private mutating func attempt() -> String? {
    phase = .exchange
    if manner == .trickling, variant % 3 != 2 {
      phase = .trickling
      return ""
    }
    guard !attempts.isEmpty else { return nil }
    return attempts[0].begin()
  }

  private mutating func bind() -> String {
    phase = .bind
    if let deed = deed(at: .unbound, before: bindings.joined()) { return deed }
    switch manner {
    case .forbidding where variant % 3 == 1: return forbidden
    case .hasty where variant % 3 == 1: return "<message to='user0@localhost' type='chat'><body>early</body></message>"
    case .hasty where variant % 3 == 2: return attempts.isEmpty ? "" : attempts[0].begin()
    case .trickling: return ""
    default: return bindings.joined()
    }
  }
}
