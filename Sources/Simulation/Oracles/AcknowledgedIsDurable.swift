internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// What the server said is done, is done: it is there after any crash. What it had not yet said may be there or not.
public struct AcknowledgedIsDurable: Oracle {
  public static let name = "durability"
  public static let clause = "the output commit rule: an acknowledged stanza is a durable stanza"

  /// The possible values of one thing that can be changed: one that is certain, and those that were asked for since.
  private struct Cell {
    var certain: Text?
    var possible: [Text?] = []
  }
  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  /// Roster names by account and contact; blocklist entries by account and address; names of persistent rooms.
  private var cells: OrderedDictionary<Text, Cell> = [:]
  private var requests: OrderedDictionary<Text, (key: Text, value: Text?)> = [:]

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .began(let session, let jid): addresses[session] = jid
    case .sent(let session, let element):
      guard let account = addresses[session]?.bare, element.is("iq", NS.client), let id = element.id,
        let change = Self.change(element, account)
      else { return nil }
      cells[change.key, default: Cell()].possible.append(change.value)
      requests["\(account)/\(session.actor).\(session.incarnation)/\(id)"] = change
    case .received(let session, let element):
      guard let account = addresses[session]?.bare, element.is("iq", NS.client), let id = element.id,
        let change = requests.removeValue(forKey: "\(account)/\(session.actor).\(session.incarnation)/\(id)")
      else { return nil }
      guard element.type == "result", let index = cells[change.key]?.possible.firstIndex(of: change.value) else { return nil }
      // One client makes all changes of a thing, in order: what it asked for before is past.
      cells[change.key]!.certain = change.value
      cells[change.key]!.possible.removeFirst(index + 1)
    case .connected, .ended, .fault: break
    }
    return nil
  }

  private static func change(_ iq: Element, _ account: JID) -> (key: Text, value: Text?)? {
    guard iq.type == "set", let payload = iq.firstChild else { return nil }
    if payload.is("query", NS.roster), let item = payload.firstChild, let jid = item["jid"] {
      return ("roster \(account) \(jid)", item["subscription"] == "remove" ? nil : item["name"])
    }
    if payload.has(namespace: NS.blocking), let jid = payload.firstChild?["jid"] {
      return ("block \(account) \(jid)", payload.has(name: "block") ? "blocked" : nil)
    }
    if payload.is("query", NS.mucOwner), let form = payload.child("x", NS.dataForms).flatMap({ DataForm($0) }), let room = iq["to"],
      let name = form.value("muc#roomconfig_roomname")
    {
      return ("room \(room)", name)
    }
    return nil
  }

  public func atRest(_ state: RestState) -> String? {
    let database = state.world.durable
    for (key, cell) in cells {
      let words = key.string.split(separator: " ")
      guard let certain = cell.certain ?? (cell.possible.isEmpty ? nil : "?"), certain != "?" else { continue }
      let owner = JID(Text(words[1]))!
      let actual: Text? =
        switch words[0] {
        case "roster": database.accounts[owner]?.roster[JID(Text(words[2]))!]?.name
        case "block": database.accounts[owner]?.blocklist.contains(JID(Text(words[2]))!) ?? false ? "blocked" : nil
        default: database.rooms[owner]?.record.name
        }
      if actual != certain, !cell.possible.contains(actual) {
        return "\(key) was acknowledged as \(certain) and is \(actual?.string ?? "nothing") on the disk"
      }
    }
    return nil
  }
}
