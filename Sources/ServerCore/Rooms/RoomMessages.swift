internal import OrderedCollections
internal import Storage
internal import XML
internal import XMPP

// Messages to all, the subject, private messages, and errors that come back (XEP-0045, 7.2.13 to 7.2.15, 7.4, 7.5, 8.1).

extension Room {
  mutating func receiveMessage(_ stanza: Stanza, _ transaction: inout Transaction) {
    if stanza.type == "error" { return receiveError(stanza, &transaction) }
    guard let sender = occupant(of: stanza.from) else { return receiveFromOutside(stanza, &transaction) }
    if stanza.to.isFull {
      receivePrivate(stanza, from: sender, &transaction)
    } else if stanza.type == "groupchat" {
      receiveGroupchat(stanza, from: sender, &transaction)
    } else {
      receiveRequest(stanza, from: sender, &transaction)
    }
  }

  private mutating func receiveGroupchat(_ stanza: Stanza, from sender: Occupant, _ transaction: inout Transaction) {
    if stanza.element.isSubjectChange { return changeSubject(stanza, by: sender, &transaction) }
    guard sender.role >= .participant else {
      return transaction.bounce(stanza, transaction.reach(RoomMessageMark.roomMessageByVisitor, StanzaError(.forbidden, by: jid)))
    }
    let message = reflected(stanza.element, &transaction)
    transaction.route(message, from: sender.address, to: allSessions)
    if message.child("body", NS.client) != nil {
      let entry = RoomHistory.Entry(element: message, from: sender.address, stamp: transaction.now.wall)
      let bytes = transaction.configuration.limits[.roomHistoryBytes]
      if let cut = history.append(entry, limit: configuration.historyLength, bytes: bytes) { transaction.reach(cut) }
    }
  }

  /// The message as everybody gets it: with an id (7.4), and without what only the room may say.
  private func reflected(_ message: Element, _ transaction: inout Transaction) -> Element {
    var kept = message.withoutRoomClaims(of: jid)
    if kept.id == nil { kept["id"] = transaction.reach(RoomMessageMark.roomMessageGetsID, transaction.random.token()) }
    return kept
  }

  /// 8.1. A moderator may always, a participant if the room is so configured.
  private mutating func changeSubject(_ stanza: Stanza, by sender: Occupant, _ transaction: inout Transaction) {
    guard sender.role >= (configuration.participantsChangeSubject ? .participant : .moderator) else {
      return transaction.bounce(stanza, transaction.reach(RoomMessageMark.roomSubjectRefused, StanzaError(.forbidden, by: jid)))
    }
    let subjects = stanza.element.children.filter { $0.is("subject", NS.client) }
    guard subjects.reduce(0, { $0 + $1.weight }) <= Limits.subjectBytes else {
      return transaction.bounce(
        stanza,
        transaction.reach(RoomMessageMark.roomSubjectTooLong, StanzaError(.notAcceptable, text: "The subject is too long.", by: jid)))
    }
    transaction.reach(sender.role < .moderator ? RoomMessageMark.roomSubjectByParticipant : .roomSubjectChanged)
    let message = reflected(stanza.element, &transaction)
    transaction.route(message, from: sender.address, to: allSessions)

    var kept = Element("message", NS.client, ["from": sender.address.text, "id": message.id, "type": "groupchat"], children: subjects)
    kept.lang = message.lang
    subject = kept.delayed(from: jid.text, at: transaction.now.wall)
    if isPersisted { transaction.persist(.put(row, of: jid)) }
  }
}

// MARK: - For those who come

extension Room {
  func sendHistory(to session: JID, _ request: Element?, _ transaction: inout Transaction) {
    if let request { for mark in RoomHistory.marks(of: request) { transaction.reach(mark) } }
    for entry in history.selected(by: request, now: transaction.now.wall, for: session, in: jid) {
      transaction.route(entry.delayed(by: jid), from: entry.from, to: session)
    }
  }

  /// Always the last thing that who joins gets (7.1), and empty if there is no subject (7.2.15).
  func sendSubject(to session: JID, _ transaction: inout Transaction) {
    guard var message = subject else {
      let empty = Element("message", NS.client, ["type": "groupchat"], children: [Element("subject", NS.client)])
      return transaction.route(empty, from: jid, to: session)
    }
    transaction.reach(RoomMessageMark.roomSubjectShown)
    let author = message["from"].flatMap { JID($0) }
    message["from"] = nil
    transaction.route(message, from: author ?? jid, to: session)
  }
}

// MARK: - Private messages

extension Room {
  /// 7.5. To all clients of the addressee.
  private func receivePrivate(_ stanza: Stanza, from sender: Occupant, _ transaction: inout Transaction) {
    if stanza.type == "groupchat" {
      return transaction.bounce(stanza, transaction.reach(RoomMessageMark.roomPrivateGroupchat, StanzaError(.badRequest, by: jid)))
    }
    guard let addressee = occupants[stanza.to.resource] else {
      return transaction.bounce(stanza, transaction.reach(RoomMessageMark.roomPrivateToNobody, StanzaError(.itemNotFound, by: jid)))
    }
    guard configuration.privateMessages.allows(sender.role) else {
      return transaction.bounce(stanza, transaction.reach(RoomMessageMark.roomPrivateForbidden, StanzaError(.forbidden, by: jid)))
    }
    if addressee.sessions.count > 1 { transaction.reach(RoomMessageMark.roomPrivateToSeveral) }
    var message = stanza.element.withoutRoomClaims(of: jid)
    message.append("x", NS.mucUser)
    transaction.route(message, from: sender.address, to: Array(addressee.sessions.keys))
  }
}

// MARK: - Errors

extension Room {
  /// An error that says that a stanza could not be delivered means that the client isn't there any more (18.1.2, "Ghost Users"); any other
  /// error that answers a private message goes to the sender of that.
  private mutating func receiveError(_ stanza: Stanza, _ transaction: inout Transaction) {
    guard let sender = occupant(of: stanza.from), var error = StanzaError(stanza.element) else { return }
    if error.meansAbsence {
      transaction.reach(RoomMessageMark.roomErrorOfGhost)
      return leave(stanza.from, showing: nil, codes: [.technicalProblem], &transaction)
    }
    guard stanza.to.isFull, let addressee = occupants[stanza.to.resource] else { return }
    transaction.reach(RoomMessageMark.roomErrorPassedOn)
    // The address of the entity that found the error could be a real one.
    error.by = nil
    let message = Element("message", NS.client, ["type": "error", "id": stanza.id], children: [error.element])
    transaction.route(message, from: sender.address, to: Array(addressee.sessions.keys))
  }
}

extension StanzaError {
  /// The XEP's list, and `service-unavailable`: with that a server answers a groupchat message to a resource that is gone
  /// (RFC 6121, 8.5.3.2.1).
  fileprivate var meansAbsence: Bool {
    switch condition {
    case .gone, .itemNotFound, .recipientUnavailable, .redirect, .remoteServerNotFound, .remoteServerTimeout, .serviceUnavailable: true
    default: false
    }
  }
}

extension Element {
  /// A subject and neither body nor thread (8.1).
  fileprivate var isSubjectChange: Bool {
    child("subject", NS.client) != nil && child("body", NS.client) == nil && child("thread", NS.client) == nil
  }

  /// The message without what only the room may say: its own extension, and that it held the message back.
  fileprivate func withoutRoomClaims(of room: JID) -> Element {
    removingChildren { child in
      child.has(namespace: NS.mucUser) || (child.is("delay", NS.delay) && child["from"].flatMap { JID($0) } == room)
    }
  }
}

/// Marks: messages in rooms, and their history.
public enum RoomMessageMark: UInt16, CoverageMark {
  case roomMessageByVisitor, roomMessageByStranger, roomMessageGetsID
  case roomMessageUnknown
  case roomSubjectChanged, roomSubjectByParticipant, roomSubjectRefused, roomSubjectTooLong
  case roomSubjectShown
  case roomHistoryCutByCount
  case roomHistoryCutByBytes
  case roomHistorySeconds, roomHistorySince, roomHistoryMaxStanzas, roomHistoryMaxChars
  case roomPrivateGroupchat, roomPrivateToNobody, roomPrivateForbidden, roomPrivateToSeveral
  case roomErrorOfGhost
  case roomErrorPassedOn

  public static let offset = Mark.offset(of: RoomMessageMark.self)

  public var clause: String {
    switch self {
    case .roomMessageByVisitor, .roomMessageByStranger, .roomMessageGetsID, .roomMessageUnknown: "XEP-0045, 7.4"
    case .roomSubjectChanged, .roomSubjectByParticipant, .roomSubjectRefused, .roomSubjectTooLong: "XEP-0045, 8.1"
    case .roomSubjectShown: "XEP-0045, 7.2.15"
    case .roomHistoryCutByCount: "XEP-0045, 7.2.13; \(Limit.roomHistoryMessages)"
    case .roomHistoryCutByBytes: "XEP-0045, 7.2.13; \(Limit.roomHistoryBytes)"
    case .roomHistorySeconds, .roomHistorySince, .roomHistoryMaxStanzas, .roomHistoryMaxChars: "XEP-0045, 7.2.14"
    case .roomPrivateGroupchat, .roomPrivateToNobody, .roomPrivateForbidden, .roomPrivateToSeveral, .roomErrorPassedOn: "XEP-0045, 7.5"
    case .roomErrorOfGhost: "XEP-0045, 18.1.2"
    }
  }
}
