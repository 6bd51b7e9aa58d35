internal import XML

/// One deed of a hostile client in one state of its login, which it comes to by the book: so every deed is done in every state where it could be
/// taken for something else (RFC 6120, 4.3.3, 4.7, 5.4.2, 6.4, 7.1 and 8).
///
/// The answer is the judge's affair (`LoginModel`), which knows nothing of the deed.
struct LoginDeed: Sendable {
  enum Stage: Int, CaseIterable, Sendable {
    /// In place of the first header, and of the one over TLS.
    case opening, secured
    /// With the features at hand, in the clear and over TLS.
    case clear, negotiating
    /// Behind an empty challenge, and behind one of SCRAM.
    case initial, exchange
    /// In place of the header behind success, and with the features that come then.
    case authenticated, unbound
    /// In a session.
    case bound
  }

  let stage: Stage
  let text: String
  /// Whether what would have been sent at this place follows at once.
  let goesOn: Bool

  init(_ roll: (Int) -> Int) {
    stage = ActionContext.pick(Stage.allCases, roll)
    switch stage {
    case .opening, .secured: (text, goesOn) = (ActionContext.pick(Self.headers, roll), false)
    case .authenticated:
      // Most of all another domain: the login was to one, and the session must not be at another.
      (text, goesOn) = (roll(2) == 1 ? HostileClient.opening(to: Self.domain(roll)) : ActionContext.pick(Self.headers, roll), false)
    case .clear, .negotiating, .initial, .exchange, .unbound, .bound:
      let elements = roll(3) > 0 ? Self.likely(at: stage) : Self.elements
      (text, goesOn) = (ActionContext.pick(elements, roll), roll(2) == 1)
    }
  }

  private static func domain(_ roll: (Int) -> Int) -> String {
    ActionContext.pick(
      [Swarm.otherDomain.string, Swarm.otherDomain.string, "elsewhere.example", "conference.localhost", "localhost/r", "@"], roll)
  }

  // MARK: Headers

  private static let headers: [String] = {
    let open = HostileClient.open
    let versions = ["0.9", "0.9", "0.0", "1", "1.1", "2.0", "", "x", "-1.0", "0x1.0", "01.0", ".9"]
    let domains = [Swarm.otherDomain.string, "elsewhere.example", "LOCALHOST", "localhost.", "", "mallory@localhost", "localhost/r"]
    return versions.map { open.replacing("version='1.0'", with: "version='\($0)'") }
      + [open.replacing(" version='1.0'", with: ""), open.replacing(" version='1.0'", with: "")]
      + domains.map { HostileClient.opening(to: $0) } + [open.replacing(" to='localhost'", with: "")]
      + [
        open.replacing("jabber:client", with: "jabber:server"), open.replacing("stream:stream", with: "stream:streams"),
        open.replacing(" xmlns='jabber:client'", with: ""), open.replacing(" to=", with: " from='user0@localhost' to="),
        open.replacing(" to=", with: " id='mine' to="), "<?xml version='1.0'?>" + open, "</stream:stream>", open + open,
        "<starttls xmlns='\(tls)'/>", "<presence xmlns='jabber:client'/>", "<auth xmlns='\(sasl)' mechanism='PLAIN'/>",
      ]
  }()

  // MARK: Elements

  private static let tls = "urn:ietf:params:xml:ns:xmpp-tls"
  private static let sasl = "urn:ietf:params:xml:ns:xmpp-sasl"
  private static let startTLS = "<starttls xmlns='\(tls)'/>"
  private static let message = "<message to='user0@localhost' type='chat'><body>early</body></message>"
  private static func element(_ name: String, _ more: String = "", _ text: String = "") -> String {
    "<\(name) xmlns='\(sasl)'\(more)>\(text)</\(name)>"
  }
  private static func bind(_ type: String) -> String {
    "<iq type='\(type)' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
  }

  /// The deeds that a server with one check too few would take.
  private static func likely(at stage: Stage) -> [String] {
    switch stage {
    case .clear, .negotiating: [startTLS, startTLS, message, bind("set"), element("abort"), element("response", "", "="), "<presence/>"]
    case .initial, .exchange: [element("abort"), element("abort"), startTLS, element("auth", " mechanism='PLAIN'"), message, bind("set")]
    case .bound: [startTLS, element("auth", " mechanism='PLAIN'"), element("abort"), bind("set"), HostileClient.open]
    default: [message, "<presence/>", "<message to='mallory@localhost'/>", "<presence type='subscribe' to='user0@localhost'/>", startTLS]
    }
  }

  private static let elements: [String] = [
    startTLS, "<starttls xmlns='urn:other'/>", "<proceed xmlns='\(tls)'/>", "<failure xmlns='\(tls)'/>", element("abort"),
    element("response"), element("response", "", "="), element("response", "", "AA=="), element("auth", " mechanism='PLAIN'"),
    element("auth", " mechanism='plain'", "="), element("auth", "", "="), element("challenge"), element("success"),
    "<failure xmlns='\(sasl)'><aborted/></failure>", message, "<message/>", "<presence/>", "<presence type='unavailable'/>",
    "<presence to='tea@conference.localhost/mallory'><x xmlns='http://jabber.org/protocol/muc'/></presence>",
    "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>",
    "<iq type='get' id='p' to='user0@localhost'><ping xmlns='urn:xmpp:ping'/></iq>",
    "<iq type='result' id='p'/>", "<iq type='error' id='p'/>", "<iq type='set' id='p'/>", "<iq/>", bind("set"), bind("get"),
    "<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>", "<a xmlns='urn:a'/>", "<a/>",
    "<stream:features/>", "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>", HostileClient.open,
    "</stream:stream>", " \n",
  ]
}
