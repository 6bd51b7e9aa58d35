internal import OrderedCollections
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// What the server said is done, is done: it is there after any crash. What it had not yet said may be there or not.
public struct AcknowledgedIsDurable: Oracle {
  public static let name = "durability"
  public static let clause = "the output commit rule: an acknowledged stanza is a durable stanza"

  /// The possible values of one thing that can be changed: one that is certain, and those that were asked for since.
  private struct Cell {
    var certain: Text?
    var isKnown = false
    var possible: [Text?] = []
  }
  private struct Change {
    var key: Text
    var value: Text?
  }
  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  /// Roster names by account and contact; blocklist entries by account and address; names of persistent rooms.
  private var cells: OrderedDictionary<Text, Cell> = [:]
  private var requests: OrderedDictionary<Text, [Change]> = [:]
  /// Accounts that were to be deleted: when exactly all that they had went with them is not to be seen, so nothing is known of it until
  /// an operator hears that it is done; of who deletes the own account, nothing any more.
  private var doomed: OrderedSet<JID> = []
  private var deletions: OrderedDictionary<UInt64, JID> = [:]

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .began(let session, let jid): addresses[session] = jid
    case .sent(let session, let element):
      guard let account = addresses[session]?.bare else { return nil }
      if element.child("query", NS.register)?.child("remove", NS.register) != nil { doom(account) }
      guard element.is("iq", NS.client), let id = element.id, !doomed.contains(account) else { return nil }
      let changes = changes(element, account)
      for change in changes { cells[change.key, default: Cell()].possible.append(change.value) }
      if !changes.isEmpty { requests["\(account)/\(session)/\(id)"] = changes }
    case .received(let session, let element):
      guard let account = addresses[session]?.bare, element.is("iq", NS.client), let id = element.id,
        let changes = requests.removeValue(forKey: "\(account)/\(session)/\(id)"), element.type == "result"
      else { return nil }
      for change in changes { acknowledged(change) }
    case .asked(let id, .deleteAccount(let account)):
      deletions[id] = account
      doom(account)
    case .answered(let id, _):
      guard let account = deletions.removeValue(forKey: id), !deletions.values.contains(account) else { return nil }
      doomed.remove(account)
    default: break
    }
    return nil
  }

  private mutating func acknowledged(_ change: Change) {
    guard let index = cells[change.key]?.possible.firstIndex(of: change.value) else { return }
    // One client makes all changes of a thing, in order: what it asked for before is past.
    cells[change.key]!.certain = change.value
    cells[change.key]!.isKnown = true
    cells[change.key]!.possible.removeFirst(index + 1)
  }

  private mutating func doom(_ account: JID) {
    doomed.append(account)
    for key in cells.keys.elements where key.hasPrefix("roster \(account) ") || key.hasPrefix("block \(account) ") { cells[key] = nil }
    for key in requests.keys.elements where key.hasPrefix("\(account)/") { requests[key] = nil }
    // It may be the owner of rooms, and they can't be changed then.
    for key in cells.keys.elements where key.hasPrefix("room ") { cells[key] = nil }
  }

  private func changes(_ iq: Element, _ account: JID) -> [Change] {
    guard iq.type == "set", let payload = iq.firstChild else { return [] }
    let isOwn = iq["to"].map { JID($0) == account } ?? true
    if isOwn, payload.is("query", NS.roster), let item = payload.firstChild, let jid = item["jid"] {
      return [Change(key: "roster \(account) \(jid)", value: item["subscription"] == "remove" ? nil : item["name"])]
    }
    if isOwn, payload.has(namespace: NS.blocking) { return blocks(payload, account) }
    guard payload.is("query", NS.mucOwner), let room = iq["to"] else { return [] }
    if payload.child("destroy", NS.mucOwner) != nil { return [Change(key: "room \(room)", value: nil)] }
    guard let form = payload.child("x", NS.dataForms).flatMap({ DataForm($0) }), let name = form.value("muc#roomconfig_roomname") else {
      return []
    }
    return [Change(key: "room \(room)", value: form.flag("muc#roomconfig_persistentroom") ?? true ? name : nil)]
  }

  private func blocks(_ payload: Element, _ account: JID) -> [Change] {
    let listed = payload.children.compactMap { $0["jid"] }
    guard listed.isEmpty, payload.has(name: "unblock") else {
      return listed.map { Change(key: "block \(account) \($0)", value: payload.has(name: "block") ? "blocked" : nil) }
    }
    return cells.keys.filter { $0.hasPrefix("block \(account) ") }.map { Change(key: $0, value: nil) }
  }

  public func atRest(_ state: RestState) -> String? {
    let database = state.world.durable
    for (key, cell) in cells where cell.isKnown {
      let words = key.string.split(separator: " ", maxSplits: 2)
      guard let owner = JID(Text(words[1])) else { continue }
      let thing = words.count > 2 ? JID(Text(words[2])) : nil
      let actual: Text? =
        switch words[0] {
        case "roster": thing.flatMap { database.row(RosterItem.self, key: .jid($0), of: owner)?.name }
        case "block": thing.flatMap { database.row(BlockedAddress.self, key: .jid($0), of: owner) }.map { _ in "blocked" }
        default: database.rows(RoomRow.self, of: owner).first?.name
        }
      if actual != cell.certain, !cell.possible.contains(actual) {
        return "\(key) was acknowledged as \(cell.certain?.string ?? "nothing") and is \(actual?.string ?? "nothing") on the disk"
      }
    }
    return nil
  }
}
