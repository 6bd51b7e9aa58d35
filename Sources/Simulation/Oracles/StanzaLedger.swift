internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// Every message is delivered, bounced or stored; whole; to its addressee; never twice; in order between one pair.
public struct StanzaLedger: Oracle {
  public static let name = "ledger"
  public static let clause = "RFC 6120, 10.1 (order), 8.4 (content); RFC 6121, 8 (delivery)"
  public static let scope: OracleScope = [.runs, .smallWorlds, .recordings]

  private struct Entry {
    var number: Int
    var sender: JID
    /// `nil`: what it was for is no address, so all that can come of it is an error.
    var to: JID?
    var isGroupchat: Bool
    /// As `content(of:)` has it.
    var content: Element
    var receivers: [SessionID] = []
    var wasBounced = false
  }
  private var entries: OrderedDictionary<Text, Entry> = [:]
  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  /// The last number that a session got from a sender straight away, and the same since it was available: stored messages come only
  /// then, so they may be behind what a session got before.
  private var last: [Pair: Int] = [:]
  private var lastSinceAvailable: [Pair: Int] = [:]
  private var available: OrderedSet<SessionID> = []
  /// Once storage did not answer, stored messages may come at any time: they are asked for again later.
  private var couldNotRead = false
  private var silences = Silences()
  /// Presence that was for one address alone.
  private var directed: OrderedSet<Text> = []
  /// Accounts that were cut off, by operators or by their owners: their sessions end, and what waits for them goes with them.
  private var administered: OrderedSet<JID> = []
  private struct Pair: Hashable {
    var sender: JID
    var receiver: SessionID
    /// The order is promised between two addresses (RFC 6120, 10.1): what went to the bare and to the full one may overtake each other.
    var to: JID
  }

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .began(let session, let jid):
      addresses[session] = jid
    case .asked(_, let request): if request.isCutting, let account = request.account { administered.append(account) }
    case .sent(let session, let element):
      if let account = addresses[session]?.bare {
        silences.note(element, of: account)
        // Presence to oneself looks like the echo of what one shows to all, and makes nobody available.
        if element["to"] != nil, let mark = element.presenceNumber { directed.append(mark) }
        if element.child("query", NS.register) != nil { administered.append(account) }
      }
      guard let id = Self.ledgerID(element), let address = element["to"], let sender = addresses[session] else { return nil }
      entries[id] = Entry(
        number: entries.count, sender: sender, to: JID(address), isGroupchat: element.type == "groupchat",
        content: Self.content(of: element))
    case .received(let session, let element):
      return received(session, element)
    case .fault(Run.unreadable): couldNotRead = true
    default: break
    }
    return nil
  }

  /// Messages of the workload have ids that begin so; others are the server's own.
  static func ledgerID(_ element: Element) -> Text? {
    guard element.is("message", NS.client), let id = element.id, id.hasPrefix("L") else { return nil }
    return id
  }

  /// The content that nobody on the way may change: all but the addresses, languages (which the stream's header may give, and a wrong one loses), the delay
  /// that storage and rooms add, and the room's note on a private message (XEP-0045, 7.5).
  private static func content(of message: Element) -> Element {
    var content = message.removingChildren { $0.is("delay", NS.delay) || $0.is("x", NS.mucUser) }
    content.removeLanguages { _ in true }
    content["from"] = nil
    content["to"] = nil
    return content
  }

  private mutating func received(_ session: SessionID, _ element: Element) -> String? {
    guard let jid = addresses[session] else { return nil }
    let isDirected = element.presenceNumber.map { directed.contains($0) } ?? false
    if element.is("presence", NS.client), element["from"] == jid.text, !isDirected { noteAvailability(element, session) }
    guard let id = Self.ledgerID(element) else { return nil }
    guard var entry = entries[id] else { return "\(jid) got a message that nobody sent: \(element)" }
    defer { entries[id] = entry }
    if element.type == "error" {
      guard entry.sender == jid else { return "\(jid) got the error of \(entry.sender)'s message \(id)" }
      guard !entry.wasBounced || entry.isGroupchat else { return "\(jid) got two errors for message \(id)" }
      entry.wasBounced = true
      return nil
    }
    let content = Self.content(of: element)
    if content != entry.content { return "\(jid) got message \(id) with other content: \(content) instead of \(entry.content)" }
    guard let to = entry.to else { return "\(jid) got message \(id), which was for no address" }
    // A room's history, told again to whoever comes in again (XEP-0045, 7.2.14).
    if entry.isGroupchat, element.child("delay", NS.delay) != nil { return nil }
    if !entry.isGroupchat, to.bare != jid.bare { return "\(jid) got message \(id), which was for \(to)" }
    if entry.receivers.contains(session) { return "\(jid) got message \(id) twice" }
    if !entry.isGroupchat, entry.receivers.contains(where: { addresses[$0] == jid }) {
      return "\(jid) got message \(id) twice, in two sessions"
    }
    let pair = Pair(sender: entry.sender, receiver: session, to: to)
    let wasStored = element.child("delay", NS.delay) != nil
    if !(wasStored && couldNotRead), let before = wasStored ? lastSinceAvailable[pair] : last[pair], before > entry.number {
      return "\(jid) got message \(id) of \(entry.sender) behind a later one"
    }
    if available.contains(session) { lastSinceAvailable[pair] = entry.number }
    last[pair] = entry.number
    entry.receivers.append(session)
    return nil
  }

  /// Stored messages come when a session becomes available, and not before.
  private mutating func noteAvailability(_ presence: Element, _ session: SessionID) {
    let isNegative = presence.priority < 0
    if presence.type == nil, !isNegative {
      available.append(session)
    } else if presence.type == "unavailable" || isNegative {
      available.remove(session)
      lastSinceAvailable = lastSinceAvailable.filter { $0.key.receiver != session }
    }
  }

  public func atRest(_ state: RestState) -> String? {
    lost(state).map { id, entry in
      "message \(id) from \(entry.sender) to \(entry.to?.text ?? "no address") was neither delivered nor bounced nor stored"
    }
  }

  /// The first message that is nowhere.
  private func lost(_ state: RestState) -> (id: Text, entry: Entry)? {
    guard state.isFaultless else { return nil }
    for (id, entry) in entries where !entry.isGroupchat && entry.receivers.isEmpty && !entry.wasBounced {
      // Whether a message came before or after the end of a session can't be told from outside.
      if administered.contains(entry.sender.bare) { continue }
      // RFC 6120, 8.3.3.8: whoever writes to what is no address is told so.
      guard let to = entry.to else { return (id, entry) }
      // The error that comes back may not arrive.
      if silences.mayMiss(to, entry.sender.bare) || administered.contains(to.bare) { continue }
      if silences.mayLose(messageFrom: entry.sender, to: to.bare, state.world.settings.configuration) { continue }
      let isKept = SimulatedFeature.all.contains { $0.keepsMessage?(id, to.bare, state.world.durable) ?? false }
      if !isKept { return (id, entry) }
    }
    return nil
  }

  /// Another body, or another order; a message that should not have come at all needs no words.
  public func expectations(after observation: Observation) -> [ClientExpectation] {
    guard case .received(let session, let element) = observation, let id = Self.ledgerID(element), let entry = entries[id],
      element.type != "error"
    else { return [] }
    guard let to = entry.to else { return [] }
    if !entry.isGroupchat, to.bare != addresses[session]?.bare {
      return entry.receivers.isEmpty ? [.stanza(Element("message", NS.client, ["id": id]), at: to)] : []
    }
    if Self.content(of: element) != entry.content { return [.instead(entry.content)] }
    guard !entry.receivers.contains(where: { addresses[$0] == addresses[session] }) else { return [] }
    let pair = Pair(sender: entry.sender, receiver: session, to: to)
    let later = [last[pair], lastSinceAvailable[pair]].compactMap { $0 }.filter { $0 > entry.number }.min()
    return entries.filter { $0.value.number == later }.map { .before(id: $0.key) }
  }

  public func expectations(atRest state: RestState) -> [ClientExpectation] {
    guard let (id, entry) = lost(state) else { return [] }
    var message = entry.content
    message["from"] = entry.sender.text
    let bounce = Element("message", NS.client, ["id": id, "type": "error", "from": entry.to?.text])
    return (entry.to.map { [.stanza(message, at: $0)] } ?? []) + [.stanza(bounce, at: entry.sender)]
  }
}
