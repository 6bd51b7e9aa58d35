import ServerCore
import XML
import XMPP

@testable import Simulation

/// Says all that may change a subscription, a presence or a room, sensible or not, by chance. Few names, so that much meets.
struct RandomTraffic {
  /// The marks, limits and settings of a feature.
  struct Addition: Sendable {
    /// Something to say.
    var stanza: @Sendable (inout RandomTraffic) -> Element
    /// Sets its limits so low that they are met.
    var tighten: @Sendable (inout Configuration.Limits, inout RandomTraffic) -> Void
  }

  var choices: Choices
  let addition: Addition?
  static let accounts: [JID] = ["a@localhost", "b@localhost", "c@localhost"].map { JID($0)! }
  static let devices: [JID] = accounts.flatMap { [JID(bare: $0, resource: "x")!, JID(bare: $0, resource: "y")!] }
  static let rooms: [JID] = ["tea@conference.localhost", "den@conference.localhost"].map { JID($0)! }
  private static let nicks: [Text] = ["One", "Two", "Three"]

  init(seed: UInt64, _ addition: Addition? = nil) {
    choices = Choices(seed: seed &+ 0x5EED)
    self.addition = addition
  }

  mutating func below(_ bound: Int) -> Int { choices.draw(.action, below: bound) }
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
  mutating func pick<T>(_ options: [T]) -> T { options[below(options.count)] }

  private mutating func account() -> Text { chance(5) ? "nobody@localhost" : pick(Self.accounts).text }
  mutating func address() -> Text { chance(25) ? pick(Self.devices).text : account() }
  private mutating func room() -> JID { pick(Self.rooms) }
  private mutating func occupant() -> Text { room().text + "/" + pick(Self.nicks) }

  /// - Parameter isInRooms: only what concerns rooms, so that more comes of it.
  mutating func stanza(isInRooms: Bool = false) -> Element {
    switch isInRooms ? 8 + below(12) : below(20) {
    case 0, 1: broadcast()
    case 2: directed()
    case 3, 4, 5: subscription()
    case 6: roster()
    case 7: added()
    case 8, 9, 10: entry()
    case 11: departure()
    case 12, 13: roles()
    case 14, 15: affiliations()
    case 16, 17: ownership()
    case 18: registration()
    default: message()
    }
  }

  private mutating func added() -> Element {
    guard let addition else { return broadcast() }
    return addition.stanza(&self)
  }

  // MARK: Presence

  private mutating func broadcast() -> Element {
    if chance(20) { return Element("presence", NS.client, ["type": pick(["unavailable", "unavailable", "invisible", "subscribe"])]) }
    var presence = Element("presence", NS.client)
    if chance(70) { presence.append("priority", NS.client, text: pick(["0", "1", " -1 ", "127", "-129", "+5", "", "high"])) }
    return presence
  }

  private mutating func directed() -> Element {
    let to = chance(30) ? Self.rooms[0].text : address()
    return Element("presence", NS.client, ["to": to, "type": pick([nil, nil, nil, "unavailable", "unavailable", "probe"])])
  }

  private mutating func subscription() -> Element {
    let type: Text = pick(["subscribe", "subscribe", "subscribed", "subscribed", "unsubscribe", "unsubscribed"])
    return Element("presence", NS.client, ["to": chance(3) ? room().text : address(), "type": type])
  }

  private mutating func roster() -> Element {
    if chance(20) { return iq("get", nil, Element("query", NS.roster)) }
    var item = Element("item", NS.roster, ["jid": address(), "name": pick([nil, "n", "m"])])
    if chance(30) { item["subscription"] = pick(["remove", "remove", "both"]) }
    for _ in 0..<below(3) { item.append("group", NS.roster, text: pick(["g", "h", ""])) }
    return iq("set", nil, Element("query", NS.roster, children: chance(95) ? [item] : [item, item]))
  }

  // MARK: Rooms

  private mutating func entry() -> Element {
    let to = chance(3) ? room().text : occupant()
    var presence = Element("presence", NS.client, ["to": to])
    guard chance(92) else { return presence }
    var x = Element("x", NS.muc)
    if chance(30) { x.append("password", NS.muc, text: pick(["secret", "wrong"])) }
    presence.append(x)
    return presence
  }

  private mutating func departure() -> Element {
    let to = chance(30) ? room().text : occupant()
    return Element("presence", NS.client, ["to": to, "type": chance(80) ? "unavailable" : pick(["error", "probe", "subscribe"])])
  }

  private mutating func roles() -> Element {
    let items = (0..<(1 + below(2))).map { _ in
      Element(
        "item", NS.mucAdmin,
        [
          "nick": pick(Self.nicks), "role": pick(["none", "visitor", "participant", "moderator", "king"]),
          "affiliation": chance(3) ? "member" : nil,
        ])
    }
    return iq("set", room().text, Element("query", NS.mucAdmin, children: items))
  }

  private mutating func affiliations() -> Element {
    let items = (0..<(1 + below(2))).map { _ in
      let isByNick = chance(10)
      return Element(
        "item", NS.mucAdmin,
        [
          "jid": isByNick ? nil : chance(10) ? "localhost" : address(),
          "nick": isByNick || chance(25) ? (chance(20) ? "" : pick(Self.nicks)) : nil,
          "affiliation": pick(["outcast", "none", "member", "member", "admin", "owner"]),
        ])
    }
    return iq("set", room().text, Element("query", NS.mucAdmin, children: items))
  }

  private mutating func ownership() -> Element {
    var query = Element("query", NS.mucOwner)
    switch below(12) {
    case 0 where chance(30): query.append(Element("destroy", NS.mucOwner, ["jid": pick([nil, "den@conference.localhost", "@"])]))
    case 1: query.append(DataForm(.cancel).element)
    case 2...5: query.append(DataForm(.submit).element)
    default: query.append(form())
    }
    return iq("set", room().text, query)
  }

  private mutating func form() -> Element {
    var fields = [DataForm.Field(name: "FORM_TYPE", values: [chance(97) ? NS.mucRoomConfig : NS.mucRegister])]
    for flag: Text in ["persistentroom", "membersonly", "moderatedroom", "passwordprotectedroom"] where chance(40) {
      fields.append(DataForm.Field(name: "muc#roomconfig_" + flag, values: [pick(["0", "0", "1", "true", "maybe"])]))
    }
    if chance(30) { fields.append(DataForm.Field(name: "muc#roomconfig_roomsecret", values: [pick(["", "secret"])])) }
    if chance(20) { fields.append(DataForm.Field(name: "muc#roomconfig_whois", values: [pick(["anyone", "moderators", "nobody"])])) }
    if chance(20) { fields.append(DataForm.Field(name: "muc#roomconfig_presencebroadcast", values: [pick(["moderator", "none"])])) }
    if chance(10) { fields.append(DataForm.Field(name: "muc#roomconfig_historylength", values: [pick(["3", "-1"])])) }
    return DataForm(.submit, fields: fields).element
  }

  private mutating func registration() -> Element {
    var query = Element("query", NS.register)
    if chance(30) {
      query.append("remove", NS.register)
    } else {
      let fields = [
        DataForm.Field(name: "FORM_TYPE", values: [NS.mucRegister]),
        DataForm.Field(name: "muc#register_roomnick", values: [pick(Self.nicks + [""])]),
      ]
      query.append(DataForm(.submit, fields: fields).element)
    }
    return iq("set", room().text, query)
  }

  // MARK: Messages and mistakes

  private mutating func message() -> Element {
    var message = Element("message", NS.client, ["to": room().text])
    switch below(5) {
    case 0:
      message.append(Element("x", NS.mucUser, children: [Element("invite", NS.mucUser, ["to": address()])]))
    case 1:
      let fields = [
        DataForm.Field(name: "FORM_TYPE", values: [NS.mucRequest]), DataForm.Field(name: "muc#role", values: ["participant"]),
        DataForm.Field(name: "muc#roomnick", values: [pick(Self.nicks)]),
        DataForm.Field(name: "muc#request_allow", values: [pick(["0", "1"])]),
      ]
      message.append(DataForm(.submit, fields: fields).element)
    case 2:
      message["type"] = "error"
      message.append(StanzaError(pick([.gone, .itemNotFound, .forbidden])).element)
    case 3: return pick([iq("set", "localhost", Element("query", NS.roster)), Element("iq", NS.client, ["type": "get"]), message])
    default:
      message["type"] = pick(["groupchat", "chat", "normal", "headline"])
      if message["type"] != "groupchat" { message["to"] = address() }
      message.append("body", NS.client, text: "hm")
    }
    return message
  }

  func iq(_ type: Text, _ to: Text?, _ payload: Element) -> Element {
    Element("iq", NS.client, ["type": type, "id": "q", "to": to], children: [payload])
  }
}
