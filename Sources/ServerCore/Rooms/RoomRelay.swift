internal import OrderedCollections
internal import XML
internal import XMPP

/// Requests that went through the room from one occupant to another and have no answer yet.
///
/// Each goes on under an id of the room's making. So an answer finds its way back to the client that asked, nobody can
/// answer what he wasn't asked, and neither learns the other's real JID (XEP-0045, 17.4).
struct RoomRelays: Sendable, Codable {
  struct Relay: Sendable, Codable {
    /// The id that the request came with.
    var id: Text?
    /// The client that asked.
    var requester: JID
    /// The address that was asked, and who was behind it (bare).
    var address: JID
    var responder: JID
  }
  private var entries: OrderedDictionary<Text, Relay> = [:]

  var count: Int { entries.count }

  /// Keeps a relay. One too many drives out the oldest, which is returned.
  mutating func insert(_ relay: Relay, as token: Text, limit: Int) -> Relay? {
    entries[token] = relay
    return entries.count > limit ? entries.removeFirst().value : nil
  }

  /// The relay that this answer belongs to; it is done with then.
  mutating func take(_ token: Text?, from responder: JID) -> Relay? {
    guard let token, let relay = entries[token], relay.responder == responder else { return nil }
    entries.removeValue(forKey: token)
    return relay
  }
}

extension Room {
  /// An IQ to an occupant. Requests come from occupants alone.
  mutating func relay(_ stanza: Stanza, _ transaction: inout Transaction) {
    guard stanza.type == "get" || stanza.type == "set" else { return relayAnswer(stanza, &transaction) }
    guard let payload = stanza.element.firstChild else { return transaction.bounce(stanza, StanzaError(.badRequest)) }
    guard let sender = occupant(of: stanza.from) else {
      // 6.6 for disco; for pings, which tell clients whether they are in the room, XEP-0410.
      let isDisco = payload.has(namespace: NS.discoInfo) || payload.has(namespace: NS.discoItems)
      transaction.reach(isDisco ? RoomRelayMark.roomRelayDiscoByStranger : .roomRelayByStranger)
      return transaction.bounce(stanza, StanzaError(isDisco ? .badRequest : .notAcceptable, by: jid))
    }
    guard let addressee = occupants[stanza.to.resource] else {
      return transaction.bounce(stanza, transaction.reach(RoomRelayMark.roomRelayToNobody, StanzaError(.itemNotFound, by: jid)))
    }
    // A client that pings its own nick asks whether it is in the room: it is (XEP-0410).
    if addressee.nick == sender.nick, payload.is("ping", NS.ping) {
      transaction.reach(RoomRelayMark.roomSelfPing)
      return transaction.reply(stanza)
    }

    let token = transaction.random.token()
    let relay = RoomRelays.Relay(id: stanza.id, requester: stanza.from, address: stanza.to, responder: addressee.user)
    let oldest = relays.insert(relay, as: token, limit: transaction.configuration.limits[.roomPendingIQs])
    if let oldest { giveUp(transaction.reach(RoomRelayMark.roomRelaysFull, oldest), &transaction) }
    var request = stanza.element
    request["id"] = token
    // A vCard belongs to the account, not to a client (XEP-0054).
    let isForAccount = payload.has(namespace: "vcard-temp")
    transaction.reach(isForAccount ? RoomRelayMark.roomRelayedToAccount : .roomRelayed)
    transaction.route(request, from: sender.address, to: isForAccount ? addressee.user : addressee.shownJID)
  }

  private mutating func relayAnswer(_ stanza: Stanza, _ transaction: inout Transaction) {
    guard let relay = relays.take(stanza.id, from: stanza.from.bare), nicks.contains(relay.requester) else {
      return transaction.reach(RoomRelayMark.roomRelayAnswerUnknown)
    }
    var answer = stanza.element
    if var error = StanzaError(answer) {
      transaction.reach(RoomRelayMark.roomRelayAnsweredError)
      // The entity that found the error could be a real address, and so could one in the request that comes back with it.
      error.by = nil
      answer = Element("iq", NS.client, ["type": "error"], children: [error.element])
    }
    answer["id"] = relay.id
    transaction.route(answer, from: relay.address, to: relay.requester)
  }

  private func giveUp(_ relay: RoomRelays.Relay, _ transaction: inout Transaction) {
    let error = StanzaError(.remoteServerTimeout, by: jid)
    let answer = Element("iq", NS.client, ["type": "error", "id": relay.id], children: [error.element])
    transaction.route(answer, from: relay.address, to: relay.requester)
  }
}

/// Marks: requests between occupants.
public enum RoomRelayMark: UInt16, CoverageMark {
  case roomRelayed, roomRelayedToAccount, roomRelayToNobody, roomRelayAnsweredError, roomRelayAnswerUnknown
  case roomRelaysFull
  case roomRelayDiscoByStranger
  case roomRelayByStranger
  case roomSelfPing

  public static let offset = Mark.offset(of: RoomRelayMark.self)

  public var clause: String {
    switch self {
    case .roomRelayed, .roomRelayedToAccount, .roomRelayToNobody, .roomRelayAnsweredError, .roomRelayAnswerUnknown: "XEP-0045, 17.4"
    case .roomRelaysFull: "XEP-0045, 17.4; \(Limit.roomPendingIQs)"
    case .roomRelayDiscoByStranger: "XEP-0045, 6.6"
    case .roomRelayByStranger: "XEP-0410, 3.2"
    case .roomSelfPing: "XEP-0410, 3.3"
    }
  }
}
