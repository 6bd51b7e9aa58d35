internal import OrderedCollections
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// An acknowledged change is there after any crash. A change that is not yet acknowledged may be there or not.
public struct AcknowledgedIsDurable: Oracle {
  public static let name = "durability"
  public static let clause = "the output commit rule: an acknowledged stanza is a durable stanza"
  public static let scope: OracleScope = [.runs, .smallWorlds]

  /// The possible values of one thing that can be changed: one that is certain, and those that were asked for since.
  private struct Cell {
    var certain: Text?
    var isKnown = false
    var possible: [(session: SessionID, value: Text?)] = []
  }
  private struct Change {
    var key: Text
    var value: Text?
    var isUnknown: Bool
  }
  private static let things = SimulatedFeature.all.flatMap(\.keptThings)

  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  /// By the name of the kind, the owner, and the thing.
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
      if element.removesAccount { doom(account) }
      guard element.is("iq", NS.client), let id = element.id, !doomed.contains(account) else { return nil }
      let changes = changes(element, account)
      for change in changes {
        if change.isUnknown {
          cells[change.key] = Cell()
        } else {
          cells[change.key, default: Cell()].possible.append((session, change.value))
        }
      }
      if !changes.isEmpty { requests["\(account)/\(session)/\(id)"] = changes.filter { !$0.isUnknown } }
    case .received(let session, let element):
      guard let account = addresses[session]?.bare, element.is("iq", NS.client), let id = element.id,
        let changes = requests.removeValue(forKey: "\(account)/\(session)/\(id)"), element.type == "result"
      else { return nil }
      for change in changes { acknowledged(change, to: session) }
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

  private mutating func acknowledged(_ change: Change, to session: SessionID) {
    guard let possible = cells[change.key]?.possible,
      let index = possible.firstIndex(where: { $0.session == session && $0.value == change.value })
    else { return }
    // The changes of one session are made in order: what it asked for before is past. The bytes of an older session may still be on their way.
    cells[change.key]!.certain = change.value
    cells[change.key]!.isKnown = true
    cells[change.key]!.possible = possible.enumerated().filter { $0.offset > index || $0.element.session != session }.map(\.element)
  }

  private mutating func doom(_ account: JID) {
    doomed.append(account)
    for thing in Self.things {
      // Of what is not the account's own it may be the one owner, and then nobody can change it any more.
      let prefix: Text = thing.isOwnAccounts ? "\(thing.name) \(account) " : "\(thing.name) "
      for key in cells.keys.elements where key.hasPrefix(prefix) { cells[key] = nil }
    }
    for key in requests.keys.elements where key.hasPrefix("\(account)/") { requests[key] = nil }
  }

  private func changes(_ iq: Element, _ account: JID) -> [Change] {
    guard iq.type == "set", iq.firstChild != nil else { return [] }
    return Self.things.flatMap { kind in
      kind.changes(iq, account) { known("\(kind.name) \(account) ") }.map { change in
        Change(
          key: "\(kind.name) \(change.owner)" + (change.thing.map { " " + $0 } ?? ""), value: change.value, isUnknown: change.isUnknown)
      }
    }
  }

  private func known(_ prefix: Text) -> [Text] {
    cells.keys.filter { $0.hasPrefix(prefix) }.map { Text(utf8: $0.utf8.dropFirst(prefix.utf8.count)) }
  }

  public func atRest(_ state: RestState) -> String? {
    undone(state).map {
      "\($0.key) was acknowledged as \($0.certain?.string ?? "nothing") and is \($0.actual?.string ?? "nothing") on the disk"
    }
  }

  public func expectations(atRest state: RestState) -> [ClientExpectation] {
    guard let undone = undone(state), let question = undone.kind.question?(undone.owner, undone.thing, undone.certain) else { return [] }
    return [.answer(question.answer, to: question.request, of: undone.kind.isOwnAccounts ? undone.owner : nil)]
  }

  private struct Undone {
    var key: Text
    var kind: KeptThing
    var owner: JID
    var thing: JID?
    var certain: Text?
    var actual: Text?
  }

  /// The first thing that the disk holds otherwise than was acknowledged.
  private func undone(_ state: RestState) -> Undone? {
    for (key, cell) in cells where cell.isKnown {
      let words = key.string.split(separator: " ", maxSplits: 2)
      guard let owner = JID(Text(words[1])), let kind = Self.things.first(where: { $0.name == Text(words[0]) }) else { continue }
      let thing = words.count > 2 ? JID(Text(words[2])) : nil
      let actual = kind.stored(owner, thing, state.world.durable)
      if actual != cell.certain, !cell.possible.contains(where: { $0.value == actual }) {
        return Undone(key: key, kind: kind, owner: owner, thing: thing, certain: cell.certain, actual: actual)
      }
    }
    return nil
  }
}
