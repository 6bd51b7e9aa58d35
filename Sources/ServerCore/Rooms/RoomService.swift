internal import XML
internal import XMPP

/// The domain that rooms live at (XEP-0045, 6.1 to 6.3).
enum RoomService {
  static let feature = Feature(
    xep: 45, version: "1.35.5", name: "Multi-User Chat", isOn: { $0[flag: .rooms] },
    hostItem: { ($0.configuration.conferenceLabel + "." + $0.jid.domain, "Rooms") }, tables: [RoomRow.table, AffiliationRow.table],
    marks: [
      RoomMark.self, RoomServiceMark.self, RoomDiscoMark.self, RoomPresenceMark.self, RoomStatusMark.self, RoomMessageMark.self,
      RoomInvitationMark.self, RoomRelayMark.self, RoomAdminMark.self, RoomRoleMark.self, RoomAffiliationMark.self, RoomOwnerMark.self,
      RoomRegistrationMark.self,
    ], limits: Limit.rooms, settings: [.rooms, .conferenceLabel],
    requests: [
      Request("query", NS.mucAdmin, .room { room, stanza, query, transaction in room.receiveAdmin(stanza, query, &transaction) }),
      Request("query", NS.mucOwner, .room { room, stanza, query, transaction in room.receiveOwner(stanza, query, &transaction) }),
      Request("query", NS.register, .room { room, stanza, query, transaction in room.receiveRegistration(stanza, query, &transaction) }),
      Request(
        "query", NS.discoInfo, Room.asking { room, stanza, query, transaction in room.receiveInfoQuery(stanza, query, &transaction) }),
      Request(
        "query", NS.discoItems, Room.asking { room, stanza, query, transaction in room.receiveItemsQuery(stanza, query, &transaction) }),
      Request(
        "ping", NS.ping, Room.asking { _, stanza, _, transaction in transaction.reply(transaction.reach(RoomDiscoMark.roomPing, stanza)) }),
    ])

  /// The features that the service and every room have in common.
  static let features: [Text] = [
    NS.discoInfo, NS.discoItems, NS.muc, "http://jabber.org/protocol/muc#stable_id", NS.ping,
  ]
  /// The features that rooms have beside those: registration, and an answer to clients that ping themselves (XEP-0410).
  static let roomFeatures: [Text] = [
    NS.register, NS.mucRegister, NS.mucRoomConfig, NS.mucRoomInfo, NS.mucRequest,
    "http://jabber.org/protocol/muc#self-ping-optimization",
  ]

  /// Takes a stanza to the service itself. A question for its rooms the server answers with `list`.
  static func receive(_ stanza: Stanza, _ transaction: inout Transaction) {
    switch stanza.kind {
    case .presence, nil: break
    case .message: transaction.bounce(stanza, StanzaError(.serviceUnavailable))
    case .iq:
      guard stanza.type == "get" || stanza.type == "set" else { return }
      guard let query = stanza.element.firstChild else { return transaction.bounce(stanza, StanzaError(.badRequest)) }
      switch (query.namespace, stanza.type) {
      case (NS.discoInfo, "get"):
        if ServiceDiscovery.isRoot(query) {
          transaction.reply(stanza, transaction.reach(RoomServiceMark.serviceInfo, info(ServiceDiscovery.answer(to: query))))
        } else {
          transaction.bounce(stanza, StanzaError(.itemNotFound))
        }
      // Without a node, it is the list of rooms.
      case (NS.discoItems, "get"): transaction.bounce(stanza, StanzaError(.itemNotFound))
      case (NS.ping, "get"): transaction.reply(stanza)
      default: transaction.bounce(stanza, StanzaError(.serviceUnavailable))
      }
    }
  }

  /// Whether a stanza to the service asks for the list of its rooms.
  static func isListQuery(_ stanza: Stanza) -> Bool {
    guard stanza.kind == .iq, stanza.type == "get", let query = stanza.element.firstChild else { return false }
    return query.is("query", NS.discoItems) && ServiceDiscovery.isRoot(query)
  }

  /// The answer to that (6.3): the public rooms in the order of their addresses. Of two lines for one room the later counts, so that live
  /// rooms can follow stored ones.
  static func list(_ listings: [RoomListing], for question: Element) -> Element {
    var query = ServiceDiscovery.answer(to: question)
    let sorted = listings.enumerated().sorted { ($0.element.jid, $0.offset) < ($1.element.jid, $1.offset) }.map(\.element)
    for (index, listing) in sorted.enumerated() {
      if index + 1 < sorted.count, sorted[index + 1].jid == listing.jid { continue }
      let name = listing.name.isEmpty ? listing.jid.local : listing.name
      query.append("item", NS.discoItems, ["jid": listing.jid.text, "name": name])
    }
    return query
  }

  private static func info(_ beginning: Element) -> Element {
    var query = beginning
    query.append("identity", NS.discoInfo, ["category": "conference", "name": "Chat rooms", "type": "text"])
    for feature in features { query.append("feature", NS.discoInfo, ["var": feature]) }
    return query
  }
}

/// Marks: the service that rooms live at.
public enum RoomServiceMark: UInt16, CoverageMark {
  case serviceListed, serviceListShared, serviceListHidesRoom
  case serviceInfo

  public static let offset = Mark.offset(of: RoomServiceMark.self)

  public var clause: String {
    switch self {
    case .serviceListed, .serviceListShared, .serviceListHidesRoom: "XEP-0045, 6.3"
    case .serviceInfo: "XEP-0045, 6.2"
    }
  }
}
