public import ServerCore
internal import XML
internal import XMPP

/// A world that is small enough to go through every order in which things can happen in it.
public struct SmallWorld: Sendable {
  public let name: String
  /// The subject of the world, and the clauses.
  public let summary: String
  /// How many different states it has, if that is known: another number says that the server does something else.
  public let states: Int?
  private let parts: [ModelCheck.ClientScript]
  private let faults: ModelCheck.Faults
  private let configure: @Sendable (inout Configuration) -> Void

  /// - Parameters:
  ///   - states: how many different ones it has, once that is known.
  ///   - faults: what may go wrong.
  ///   - configure: what differs from a server with one domain and everything else as it is by default.
  public init(
    _ name: String, _ summary: String, states: Int? = nil, _ parts: [ModelCheck.ClientScript],
    faults: ModelCheck.Faults = ModelCheck.Faults(),
    configure: @escaping @Sendable (inout Configuration) -> Void = { _ in }
  ) {
    self.name = name
    self.summary = summary
    self.states = states
    self.parts = parts
    self.faults = faults
    self.configure = configure
  }

  /// Everybody has done what is not open to choice.
  var stage: ModelCheck {
    var configuration = Configuration(domains: ["localhost"])
    configuration.scramRounds = 1
    configuration.secret = [1]
    // Time stands still here, and states that differ only in what was said on the way to them shall be one.
    configuration.limits[.bytesPerSecond] = 0
    configure(&configuration)
    return ModelCheck(parts, faults: faults, configuration: configuration, oracles: Oracles.watched(in: .smallWorlds))
  }

  public static let all = [
    subscriptions, requestAndCrash, changeOfMind, messageAndCrash, room, nicks, conflict, refusal,
  ]

  /// Two accounts ask each other, and each says yes to what it was asked.
  static let subscriptions = SmallWorld(
    "subscriptions", "Two accounts subscribe to each other (RFC 6121, 3.1)", states: 152,
    [
      ModelCheck.ClientScript(
        "alice", opening: [.connect, .send(presence())], moves: [.send(presence("subscribe", to: bob))] + approval(of: "bob")),
      ModelCheck.ClientScript(
        "bob", opening: [.connect, .send(presence())], moves: [.send(presence("subscribe", to: alice))] + approval(of: "alice")),
    ])

  /// One asks and the other says yes, whatever breaks: in the end both know.
  static let requestAndCrash = SmallWorld(
    "request-and-crash", "A request and its answer, while the server dies once at any moment (RFC 6121, 3.1)", states: 3730, requestParts,
    faults: ModelCheck.Faults(crashes: 1))
  private static let requestParts = [
    ModelCheck.ClientScript(
      "alice", opening: [.connect, .send(presence())], moves: [.send(presence("subscribe", to: bob))],
      onReconnect: [.comeBack, .send(presence())]),
    ModelCheck.ClientScript("bob", opening: [.connect, .send(presence())], moves: [], onReconnect: [.comeBack, .send(presence())]) {
      stanza in
      stanza.is("presence", NS.client) && stanza.type == "subscribe" ? presence("subscribed", to: alice) : nil
    },
  ]

  /// A message for one who is just coming, while the server dies: it may not come twice, nor wait for ever.
  static let messageAndCrash = SmallWorld(
    "message-and-crash", "A message for an account that comes online, while the server dies once (RFC 6121, 8.5.2; XEP-0160)", states: 5492,
    [
      ModelCheck.ClientScript("alice", moves: [.send(EverydayWorkload.message(to: bob, "chat", 1))], onReconnect: [.comeBack]),
      ModelCheck.ClientScript("bob", moves: [.send(presence())], onReconnect: [.comeBack, .send(presence())]),
    ], faults: ModelCheck.Faults(crashes: 1))

  /// One asks and takes it back; the other says yes, and takes that back.
  static let changeOfMind = SmallWorld(
    "change-of-mind", "A subscription is asked for, granted, cancelled and ended at the same time (RFC 6121, 3.2, 3.3)", states: 71,
    [
      ModelCheck.ClientScript(
        "alice", opening: [.connect, .send(presence())],
        moves: [.send(presence("subscribe", to: bob)), .send(presence("unsubscribe", to: bob))]),
      ModelCheck.ClientScript(
        "bob", opening: [.connect, .send(presence())],
        moves: approval(of: "alice") + [.send(presence("unsubscribed", to: alice))]),
    ])

  /// Somebody comes in and changes his nick while the owner throws out whoever has the old one; a third leaves.
  static let room = SmallWorld(
    "room", "Three clients in a room: join, change of nick, kick, leave (XEP-0045, 7.2, 7.6, 8.2, 7.14)", states: 495,
    [
      ModelCheck.ClientScript(
        "alice", opening: [.connect, .send(presence(to: "\(tea)/alice")), .send(configured)], moves: [.send(kick("bob"))]),
      ModelCheck.ClientScript("bob", moves: [.send(presence(to: "\(tea)/bob")), .send(presence(to: "\(tea)/rob"))]),
      ModelCheck.ClientScript("carol", moves: [.send(presence(to: "\(tea)/carol")), .send(presence("unavailable", to: "\(tea)/carol"))]),
    ])

  /// Two want the same nick, and one of them loses his connection.
  static let nicks = SmallWorld(
    "nicks", "Two accounts want one nick; a connection breaks (XEP-0045, 7.2.8, 7.6)", states: 608,
    [
      ModelCheck.ClientScript("alice", opening: [.connect, .send(presence(to: "\(tea)/alice")), .send(configured)], moves: [.reset]),
      ModelCheck.ClientScript("bob", moves: [.send(presence(to: "\(tea)/rob"))]),
      ModelCheck.ClientScript("carol", moves: [.send(presence(to: "\(tea)/carol")), .send(presence(to: "\(tea)/rob"))]),
    ])

  /// Two clients of an account ask for the same resource, and a contact writes to it.
  static let conflict = SmallWorld(
    "conflict", "Two clients bind the same resource; the old one has to go (RFC 6120, 7.7.2.2)", states: 2676, resourceParts)
  static let refusal = SmallWorld(
    "refusal", "Two clients bind the same resource; the new one is refused (RFC 6120, 7.7.2.2)", states: 2380, resourceParts
  ) { $0.conflictPolicy = .refuseNew }

  private static let resourceParts = [
    ModelCheck.ClientScript("alice", opening: [], moves: [.connect, .send(presence())]),
    ModelCheck.ClientScript("alice", opening: [], moves: [.connect]),
  ]

  // MARK: Stanzas

  private static let alice: Text = "alice@localhost"
  private static let bob: Text = "bob@localhost"
  private static let tea: Text = "tea@conference.localhost"

  private static func presence(_ type: Text? = nil, to: Text? = nil) -> Element {
    var presence = Element("presence", NS.client, ["type": type, "to": to])
    if type == nil, to != nil { presence.append(Element("x", NS.muc)) }
    return presence
  }

  /// Waits until it is asked, and says yes.
  private static func approval(of name: Text) -> [ModelCheck.Move] {
    let jid: Text = name + "@localhost"
    return [
      .wait("a request of \(name)") { $0.is("presence", NS.client) && $0.type == "subscribe" && $0["from"] == jid },
      .send(presence("subscribed", to: jid)),
    ]
  }

  private static var configured: Element {
    let query = Element("query", NS.mucOwner, children: [Element("x", NS.dataForms, ["type": "submit"])])
    return Element("iq", NS.client, ["type": "set", "id": "configure", "to": tea], children: [query])
  }

  private static func kick(_ nick: Text) -> Element {
    let query = Element("query", NS.mucAdmin, children: [Element("item", NS.mucAdmin, ["nick": nick, "role": "none"])])
    return Element("iq", NS.client, ["type": "set", "id": "kick", "to": tea], children: [query])
  }
}
