public import XML
public import XMPP

/// What the honest users of a run do. A run makes one, and asks it again and again.
///
/// Whatever it does must follow from what it is given: it has no other randomness than `roll`, and no clock.
public protocol Workload: Sendable {
  /// - Parameter roll: for what holds for the whole run; see `next`.
  init(roll: (Int) -> Int)
  /// The next stanza of a client that is logged in; `nil`: it does nothing this time.
  /// - Parameters:
  ///   - among: all honest clients, logged in or not, itself among them.
  ///   - roll: draws a number below the bound that it is given. Zero must be the harmless choice: the shrinker turns to it.
  mutating func next(for user: User, among users: [User], roll: (Int) -> Int) -> Element?
}

/// A client as a workload knows it.
public struct User: Sendable, Hashable {
  /// Its place among all clients of the run.
  public var index: Int
  /// Bare.
  public var account: JID
  /// What it asks for at login.
  public var resource: Text
}

/// A bit of everything that users do with their servers.
public struct EverydayWorkload: Workload {
  private var number = 0
  /// What nobody does in this run: where nobody blocks, what blocking excuses can be held against the server.
  private var isLeftOut: [Bool]

  public init(roll: (Int) -> Int) { isLeftOut = Deed.allCases.map { _ in roll(4) == 3 } }

  public mutating func next(for user: User, among users: [User], roll: (Int) -> Int) -> Element? {
    number += 1
    guard let deed = Self.draw(roll), !isLeftOut[Deed.allCases.firstIndex(of: deed) ?? 0] else { return nil }
    return Self.stanza(deed, of: user, among: users, number: number, roll)
  }

  static let rooms: [JID] = ["tea@conference.localhost", "den@conference.localhost"].compactMap { JID($0) }

  /// Deeds by how often they come up.
  enum Deed: CaseIterable {
    case messageAccount, messageDevice, headline, presence, unavailable, subscribe, approve, refuse, unsubscribe, setRoster, removeRoster,
      block,
      unblock, joinRoom, leaveRoom, messageRoom, privateMessage, configureRoom, changeNick, ping, getRoster, subject, kick, affiliate

    var weight: Int {
      switch self {
      case .messageAccount, .messageDevice: 12
      case .messageRoom: 8
      case .presence, .joinRoom: 6
      case .subscribe, .approve, .setRoster: 4
      case .kick, .affiliate, .changeNick, .unavailable: 1
      default: 2
      }
    }
    static let total = allCases.reduce(0) { $0 + $1.weight }
  }

  /// Which deed; `nil`: none.
  static func draw(_ roll: (Int) -> Int) -> Deed? {
    var ticket = roll(Deed.total + 1)
    for deed in Deed.allCases {
      if ticket > 0, ticket <= deed.weight { return deed }
      ticket -= deed.weight
    }
    return nil
  }

  /// The stanza of a deed. `number` makes messages and names unique in the run.
  static func stanza(_ deed: Deed, of actor: User, among actors: [User], number: Int, _ roll: (Int) -> Int) -> Element? {
    let other = actors[roll(actors.count)]
    let room = rooms[roll(rooms.count)]
    let occupant = room.text + "/" + actor.account.local + "-" + actor.resource
    let device = other.account.text + "/" + other.resource
    let request: Text = "q\(number)"
    switch deed {
    case .messageAccount: return message(to: other.account.text, "chat", number)
    case .messageDevice: return message(to: device, roll(100) >= 70 ? "normal" : "chat", number)
    case .headline: return Element("message", NS.client, ["to": other.account.text, "type": "headline"])
    case .presence:
      var presence = Element("presence", NS.client)
      presence.append("priority", NS.client, text: "\(roll(4) - 1)")
      return presence
    case .unavailable: return Element("presence", NS.client, ["type": "unavailable"])
    case .subscribe, .approve, .refuse, .unsubscribe:
      let types: [Deed: Text] = [.subscribe: "subscribe", .approve: "subscribed", .refuse: "unsubscribed", .unsubscribe: "unsubscribe"]
      return Element("presence", NS.client, ["to": other.account.text, "type": types[deed]])
    // One device of an account makes all its changes, so that their order is known.
    case .setRoster where actor.resource == "d0":
      return iq(
        "set", request, nil,
        Element("query", NS.roster, children: [Element("item", NS.roster, ["jid": other.account.text, "name": "n\(number)"])]))
    case .removeRoster where actor.resource == "d0":
      return iq(
        "set", request, nil,
        Element("query", NS.roster, children: [Element("item", NS.roster, ["jid": other.account.text, "subscription": "remove"])]))
    case .block where actor.resource == "d0", .unblock where actor.resource == "d0":
      let item = Element("item", NS.blocking, ["jid": other.account.text])
      return iq("set", request, nil, Element(deed == .block ? "block" : "unblock", NS.blocking, children: [item]))
    case .joinRoom: return Element("presence", NS.client, ["to": occupant], children: [Element("x", NS.muc)])
    case .leaveRoom: return Element("presence", NS.client, ["to": occupant, "type": "unavailable"])
    case .messageRoom: return message(to: room.text, "groupchat", number)
    case .privateMessage: return Element("message", NS.client, ["to": room.text + "/" + other.account.local + "-d0", "type": "chat"])
    // Rooms are configured by the first device of the first account alone.
    case .configureRoom where actor.index == 0: return iq("set", request, room.text, configuration(number, roll))
    case .changeNick: return nil
    case .ping: return iq("get", request, "localhost", Element("ping", NS.ping))
    case .getRoster: return iq("get", request, nil, Element("query", NS.roster))
    case .subject:
      var message = Element("message", NS.client, ["to": room.text, "type": "groupchat"])
      message.append("subject", NS.client, text: "subject \(number)")
      return message
    case .kick:
      return iq(
        "set", request, room.text,
        Element("query", NS.mucAdmin, children: [Element("item", NS.mucAdmin, ["nick": other.account.local + "-d0", "role": "none"])]))
    case .affiliate:
      let affiliation: Text = ["member", "none", "outcast", "admin"][roll(4)]
      return iq(
        "set", request, room.text,
        Element("query", NS.mucAdmin, children: [Element("item", NS.mucAdmin, ["jid": other.account.text, "affiliation": affiliation])]))
    default: return nil
    }
  }

  static func message(to address: Text, _ type: Text, _ number: Int) -> Element {
    var message = Element("message", NS.client, ["to": address, "type": type, "id": "L\(number)"])
    message.append("body", NS.client, text: "What <news> & \"joy\"? \(number)")
    return message
  }

  private static func iq(_ type: Text, _ id: Text, _ to: Text?, _ payload: Element) -> Element {
    Element("iq", NS.client, ["type": type, "id": id, "to": to], children: [payload])
  }

  private static func configuration(_ number: Int, _ roll: (Int) -> Int) -> Element {
    let form = DataForm(
      .submit,
      fields: [
        DataForm.Field(name: "FORM_TYPE", values: [NS.mucRoomConfig]),
        DataForm.Field(name: "muc#roomconfig_roomname", values: ["n\(number)"]),
        DataForm.Field(name: "muc#roomconfig_persistentroom", values: ["1"]),
        DataForm.Field(name: "muc#roomconfig_moderatedroom", values: [roll(5) == 4 ? "1" : "0"]),
        DataForm.Field(name: "muc#roomconfig_membersonly", values: [roll(5) == 4 ? "1" : "0"]),
      ])
    return Element("query", NS.mucOwner, children: [form.element])
  }
}
