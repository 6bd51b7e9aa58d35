internal import OrderedCollections
internal import XML
internal import XMPP

// A room's answers to service discovery (XEP-0045, 6.4, 6.5 and 7.12; XEP-0030).

extension Room {
  func receiveInfoQuery(_ stanza: Stanza, _ query: Element, _ transaction: inout Transaction) {
    switch query["node"] {
    case nil, "": transaction.reply(stanza, transaction.reach(RoomDiscoMark.roomInfo, info(ServiceDiscovery.answer(to: query))))
    case "x-roomuser-item":
      transaction.reply(stanza, transaction.reach(RoomDiscoMark.roomReservedNickAsked, reservedNick(of: stanza.from.bare)))
    // The room lets every namespace pass (18.1.1).
    case "http://jabber.org/protocol/muc#traffic": transaction.bounce(stanza, StanzaError(.serviceUnavailable))
    default: transaction.bounce(stanza, StanzaError(.itemNotFound))
    }
  }

  private func reservedNick(of user: JID) -> Element {
    var query = Element("query", NS.discoInfo, ["node": "x-roomuser-item"])
    if let nick = affiliations.entry(user)?.nick {
      query.append("identity", NS.discoInfo, ["category": "conference", "name": nick, "type": "text"])
    }
    return query
  }

  private func info(_ beginning: Element) -> Element {
    let name = configuration.name.isEmpty ? jid.local : configuration.name
    var query = beginning
    query.append("identity", NS.discoInfo, ["category": "conference", "name": name, "type": "text"])
    for feature in RoomService.features + RoomService.roomFeatures + features {
      query.append("feature", NS.discoInfo, ["var": feature])
    }
    query.append(details.element)
    return query
  }

  /// 16.3.
  private var features: [Text] {
    [
      configuration.secret == nil ? "muc_unsecured" : "muc_passwordprotected",
      configuration.isPublic ? "muc_public" : "muc_hidden",
      configuration.isPersistent ? "muc_persistent" : "muc_temporary",
      configuration.isMembersOnly ? "muc_membersonly" : "muc_open",
      configuration.isModerated ? "muc_moderated" : "muc_unmoderated",
      configuration.isNonAnonymous ? "muc_nonanonymous" : "muc_semianonymous",
    ]
  }

  private var details: DataForm {
    DataForm(
      .result,
      fields: [
        DataForm.Field(name: "FORM_TYPE", kind: .hidden, values: [NS.mucRoomInfo]),
        DataForm.Field(name: "muc#roominfo_description", kind: .textSingle, label: "Description", values: [configuration.description]),
        DataForm.Field(name: "muc#roominfo_occupants", kind: .textSingle, label: "Number of occupants", values: ["\(occupants.count)"]),
        DataForm.Field(
          name: "muc#roominfo_subjectmod", kind: .boolean, label: "Participants may change the subject",
          values: [configuration.participantsChangeSubject ? "1" : "0"]),
        DataForm.Field(
          name: "muc#roomconfig_changesubject", kind: .boolean, label: "Participants may change the subject",
          values: [configuration.participantsChangeSubject ? "1" : "0"]),
        DataForm.Field(
          name: "muc#maxhistoryfetch", kind: .textSingle, label: "Messages shown to who joins", values: ["\(configuration.historyLength)"]),
      ])
  }

  /// The occupants are shown to those who are there too, and to others only if the room is open and listed (6.5).
  func receiveItemsQuery(_ stanza: Stanza, _ query: Element, _ transaction: inout Transaction) {
    guard ServiceDiscovery.isRoot(query) else { return transaction.bounce(stanza, StanzaError(.itemNotFound)) }
    let isOpen = configuration.isPublic && !configuration.isMembersOnly && configuration.secret == nil
    var answer = ServiceDiscovery.answer(to: query)
    if occupant(of: stanza.from) != nil || (isOpen && affiliation(of: stanza.from) != .outcast) {
      transaction.reach(RoomDiscoMark.roomItems)
      for occupant in occupants.values where shows(occupant.role) {
        answer.append("item", NS.discoItems, ["jid": occupant.address.text])
      }
    } else {
      transaction.reach(RoomDiscoMark.roomItemsHidden)
    }
    transaction.reply(stanza, answer)
  }
}

/// Marks: requests to a room itself.
public enum RoomDiscoMark: UInt16, CoverageMark {
  case roomInfo
  case roomItems, roomItemsHidden
  case roomReservedNickAsked
  case roomPing
  case roomRequestUnknown

  public static let offset = Mark.offset(of: RoomDiscoMark.self)

  public var clause: String {
    switch self {
    case .roomInfo: "XEP-0045, 6.4"
    case .roomItems, .roomItemsHidden: "XEP-0045, 6.5"
    case .roomReservedNickAsked: "XEP-0045, 7.12"
    case .roomPing: "XEP-0199, 4.2"
    case .roomRequestUnknown: "XEP-0045, 17.4"
    }
  }
}
