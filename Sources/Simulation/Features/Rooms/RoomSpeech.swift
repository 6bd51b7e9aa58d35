internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

// The stanzas of a room beside presence: messages to all, the subject, private messages (XEP-0045, 7.2.13 to 7.2.15, 7.4, 7.5, 8.1), and refusals.

extension RoomModel {
  /// Invitations go to accounts. Of forms the one that asks for voice is known (7.13); others are what users say to each other.
  static func knows(_ message: Element) -> Bool {
    if let error = StanzaError(message) { return error.condition != .internalServerError }
    return (message.child("x", NS.dataForms) == nil || voiceForm(in: message) != nil) && !isIssued(message)
  }

  /// 7.8.2.
  static func isIssued(_ message: Element) -> Bool {
    message.type != "error" && message.child("x", NS.mucUser)?.child("invite", NS.mucUser) != nil
  }

  /// There is no such room, or not for the sender (7.2.10, 17.2).
  static func refuse(_ letter: ModelStanza, _ mailbox: inout ModelMailbox) {
    if letter.element.stanzaKind == .message { refuse(letter, .itemNotFound, &mailbox) }
  }

  static func refuse(_ letter: ModelStanza, _ condition: StanzaError.Condition, _ mailbox: inout ModelMailbox) {
    guard letter.element.type != "error" else { return }
    let answer = Element("message", NS.client, ["type": "error", "id": letter.element.id], children: [StanzaError(condition).element])
    mailbox.send(ModelStanza(element: answer, from: letter.to, to: letter.from, isOfPlace: true))
  }
  func refuse(_ letter: ModelStanza, _ condition: StanzaError.Condition, _ mailbox: inout ModelMailbox) {
    Self.refuse(letter, condition, &mailbox)
  }

  func say(_ message: Element, from: JID, to clients: some Sequence<JID>, _ mailbox: inout ModelMailbox) {
    for client in clients { mailbox.send(ModelStanza(element: message, from: from, to: client, isOfPlace: true)) }
  }
  func sayToAll(_ message: Element, from: JID, _ mailbox: inout ModelMailbox) {
    say(message, from: from, to: occupants.values.flatMap(\.clients), &mailbox)
  }
  func address(_ nick: Text) -> JID { JID(bare: jid, resource: nick) ?? jid }
}

// MARK: - For who comes

extension RoomModel {
  /// The history that the client asked for (7.2.14), and the subject, always and last (7.2.15).
  mutating func welcome(_ letter: ModelStanza, _ mailbox: inout ModelMailbox) {
    invitations.removeAll { $0.invitee == letter.from.bare }
    let wanted = letter.element.child("x", NS.muc)?.child("history", NS.muc)
    for said in selected(by: wanted, for: letter.from, at: mailbox.wall) {
      say(said.stamped(by: jid), from: said.from, to: [letter.from], &mailbox)
    }
    if let subject {
      say(subject.stamped(by: jid), from: subject.from, to: [letter.from], &mailbox)
    } else {
      let empty = Element("message", NS.client, ["type": "groupchat"], children: [Element("subject", NS.client)])
      mailbox.send(ModelStanza(element: empty, from: jid, to: letter.from, isOfPlace: true))
    }
  }

  /// "The service MUST send the smallest amount of traffic that meets any combination of the above criteria." Chosen: a condition that is
  /// none is no condition, and a number below zero is zero.
  private func selected(by wanted: Element?, for reader: JID, at wall: Int64) -> [Said] {
    func number(_ name: Text) -> Int? { wanted?[name].flatMap { Int($0.trimmed.string) }.map { max(0, $0) } }
    // No clock has seen more seconds.
    let seconds = number("seconds").map { wall - .seconds(Int64(min($0, 1 << 32))) } ?? .min
    let earliest = max(seconds, wanted?["since"].flatMap { DateTime.parse($0.trimmed) } ?? .min)
    var characters = number("maxchars") ?? .max
    // Chosen: where the clock was set back, all that came after the first message that is wanted is wanted.
    let kept = history.drop { $0.time < earliest }.suffix(number("maxstanzas") ?? .max).reversed().prefix { said in
      characters -= said.characters(to: reader, in: jid)
      return characters >= 0
    }
    return kept.reversed()
  }

  /// Chosen: the history and open invitations are kept in memory alone.
  mutating func loaded() { (history, invitations) = ([], []) }
}

extension RoomModel.Said {
  /// A subject as storage has it: stamped, and from its author.
  init?(stored: Element) {
    guard let delay = stored.child("delay", NS.delay), let time = delay["stamp"].flatMap({ DateTime.parse($0) }),
      let from = stored["from"].flatMap({ JID($0) })
    else { return nil }
    self.init(element: stored.removingChildren { $0.is("delay", NS.delay) }, from: from, time: time)
    element["from"] = nil
  }

  /// With an id as long as those that the room chooses, where it chose one.
  var weighed: Element {
    var copy = element
    if copy.id == nil { copy["id"] = RoomRules.Chosen.id }
    return copy
  }

  func stamped(by room: JID) -> Element {
    var copy = element
    copy.append("delay", NS.delay, ["from": room.text, "stamp": DateTime.format(nanosecondsSince1970: time)])
    return copy
  }

  /// 7.2.14: "the number of characters of the complete XML stanzas, not only their XML character data".
  fileprivate func characters(to reader: JID, in room: JID) -> Int {
    var copy = Self(element: weighed, from: from, time: time).stamped(by: room)
    (copy["from"], copy["to"]) = (from.text, reader.text)
    return copy.description.unicodeScalars.count
  }
}

// MARK: - Messages

extension RoomModel {
  mutating func receiveMessage(_ letter: ModelStanza, _ mailbox: inout ModelMailbox) {
    let message = letter.element
    // 7.2.10. Chosen: but for its owners, and for who is in it.
    if isLocked, nick(of: letter.from) == nil, affiliation(of: letter.from) != .owner { return refuse(letter, .itemNotFound, &mailbox) }
    guard let nick = nick(of: letter.from), let sender = occupants[nick] else {
      if message.type != "groupchat", message.type != "error", letter.to.isBare, let decline = Self.decline(in: message) {
        return receive(decline, letter, &mailbox)
      }
      // 7.4: "MUST return a <not-acceptable/> error".
      return refuse(letter, .notAcceptable, &mailbox)
    }
    if message.type == "error" { return receiveError(letter, from: nick, &mailbox) }
    if letter.to.isFull { return receivePrivate(letter, from: nick, sender, &mailbox) }
    if message.type == "groupchat" { return receiveGroupchat(letter, from: nick, sender, &mailbox) }
    let invitations = message.child("x", NS.mucUser)?.children.filter { $0.is("invite", NS.mucUser) } ?? []
    if !invitations.isEmpty { return invite(invitations, by: sender, letter, &mailbox) }
    if let decline = Self.decline(in: message) { return receive(decline, letter, &mailbox) }
    if let form = message.child("x", NS.dataForms).flatMap({ DataForm($0) }), form.formType == NS.mucRequest {
      return answerVoice(form, by: sender, letter, &mailbox)
    }
    refuse(letter, .featureNotImplemented, &mailbox)
  }

  /// 7.4 and 8.1.
  private mutating func receiveGroupchat(_ letter: ModelStanza, from nick: Text, _ sender: Occupant, _ mailbox: inout ModelMailbox) {
    let parts = Array(letter.element.children)
    func has(_ name: Text) -> Bool { parts.contains { $0.is(name, NS.client) } }
    let isSubject = has("subject") && !has("body") && !has("thread")
    guard sender.role >= (isSubject ? settings.subjectBy : .participant) else { return refuse(letter, .forbidden, &mailbox) }
    var message = withoutClaims(letter.element)
    if isSubject {
      let subjects = parts.filter { $0.is("subject", NS.client) }
      guard subjects.reduce(0, { $0 + $1.weight }) <= RoomRules.Chosen.subject else { return refuse(letter, .notAcceptable, &mailbox) }
      sayToAll(message, from: address(nick), &mailbox)
      message = Element("message", NS.client, ["id": message.id, "type": "groupchat"], children: subjects)
      message.lang = letter.element.lang
      subject = Said(element: message, from: address(nick), time: mailbox.wall)
    } else {
      sayToAll(message, from: address(nick), &mailbox)
      if has("body") { history.append(Said(element: message, from: address(nick), time: mailbox.wall)) }
      trimHistory()
    }
  }

  /// The newest that are within both bounds.
  mutating func trimHistory() {
    var bytes = 0
    let kept = history.reversed().prefix(settings.historyLength).prefix { said in
      bytes += said.weighed.weight
      return bytes <= limits[.roomHistoryBytes]
    }
    history.removeFirst(history.count - kept.count)
  }

  /// Nobody speaks in the name of the room: neither its own extension nor its stamp goes through.
  private func withoutClaims(_ message: Element) -> Element {
    message.removingChildren { child in
      child.has(namespace: NS.mucUser) || (child.is("delay", NS.delay) && child["from"].flatMap { JID($0) } == jid)
    }
  }

  /// 7.5. Chosen: to all clients of the addressee, with a mark that it came through a room.
  private func receivePrivate(_ letter: ModelStanza, from nick: Text, _ sender: Occupant, _ mailbox: inout ModelMailbox) {
    if letter.element.type == "groupchat" { return refuse(letter, .badRequest, &mailbox) }
    guard let addressee = occupants[letter.to.resource] else { return refuse(letter, .itemNotFound, &mailbox) }
    guard let least = settings.privateMessagesBy, sender.role >= least else { return refuse(letter, .forbidden, &mailbox) }
    var message = withoutClaims(letter.element)
    message.append("x", NS.mucUser)
    say(message, from: address(nick), to: addressee.clients, &mailbox)
  }

  /// 18.1.2, "Ghost Users"; any other error that answers a private message goes to who wrote that.
  private mutating func receiveError(_ letter: ModelStanza, from nick: Text, _ mailbox: inout ModelMailbox) {
    guard let error = StanzaError(letter.element) else { return }
    if Self.meansAbsence(error.condition) { return leave(letter.from) }
    guard letter.to.isFull, let addressee = occupants[letter.to.resource] else { return }
    let message = Element("message", NS.client, ["type": "error", "id": letter.element.id], children: [error.element])
    say(message, from: address(nick), to: addressee.clients, &mailbox)
  }

  /// 18.1.2, and what a server says of a groupchat message to a resource that is gone (RFC 6121, 8.5.3.2.1).
  private static func meansAbsence(_ condition: StanzaError.Condition) -> Bool {
    switch condition {
    case .gone, .itemNotFound, .recipientUnavailable, .redirect, .remoteServerNotFound, .remoteServerTimeout, .serviceUnavailable: true
    default: false
    }
  }
}
