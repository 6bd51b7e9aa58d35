internal import OrderedCollections
internal import XML
internal import XMPP

// The status codes, the actor and the content of the presence that a room sends (XEP-0045, 7.2.2, 7.6, 8 to 10, 16.6).

extension RoomModel {
  /// The fault in the codes, the actor or the content of a presence that the room wrote in the name of a nick, in words.
  ///
  /// - Parameter before: the room as it was before the event; `nil` if there was none.
  func detailFault(in presence: Element, _ x: Element, of nick: Text, to viewer: JID, before: RoomModel?) -> String? {
    // Nothing came to the room itself.
    if let before, before.stanzas == stanzas { return nil }
    let item = x.child("item", NS.mucUser)
    let codes = Codes(x)
    let isAvailable = presence.type == nil
    if let wrong = codes.unknown(isAvailable: isAvailable) { return "a presence of \(nick) in \(jid) has the code \(wrong)" }
    // 7.2.18, to a client that is not inside.
    if codes.all == ["110", "307", "333"] { return nil }
    let fault = isAvailable ? entryFault(codes, of: nick, to: viewer, before) : departureFault(codes, item, of: nick, before)
    if let fault { return "\(nick) in \(jid), to \(viewer): \(fault)" }
    let states = [self, before].compactMap { $0 }
    if let fault = ownFault(codes, of: nick, to: viewer, states) ?? actorFault(codes, item, isAvailable, to: viewer, states) {
      return "\(nick) in \(jid), to \(viewer): \(fault)"
    }
    if isAvailable, let fault = contentFault(presence, of: nick, states) { return "\(nick) in \(jid): \(fault)" }
    let ending = destructionFault(in: presence, x) ?? before.flatMap { reasonFault(in: presence, item, of: nick, to: viewer, before: $0) }
    return ending.map { "\(nick) in \(jid), to \(viewer): \($0)" }
  }

  /// 16.6.2: 110 tells a client its own presence.
  private func ownFault(_ codes: Codes, of nick: Text, to viewer: JID, _ states: [RoomModel]) -> String? {
    if codes.has(110) { return states.contains { $0.nick(of: viewer) == nick } ? nil : "110 for somebody else's presence" }
    return states.allSatisfy { $0.nick(of: viewer) == nick } ? "no 110 for the own presence" : nil
  }

  /// 10.1.1 (201) and 7.2.3 (100).
  private func entryFault(_ codes: Codes, of nick: Text, to viewer: JID, _ before: RoomModel?) -> String? {
    let isNew = before == nil && codes.has(110)
    if codes.has(201) != isNew { return isNew ? "no 201 for the creator" : "201, and nobody created the room" }
    let states = [self, before].compactMap { $0 }
    if codes.has(100), !codes.has(110) || !states.contains(where: \.settings.isNonAnonymous) { return "100, which nobody is to be told" }
    let hasEntered = codes.has(110) && nick == self.nick(of: viewer) && before?.nick(of: viewer) == nil
    if hasEntered, settings.isNonAnonymous, before?.settings.isNonAnonymous ?? true, !codes.has(100) { return "no 100 for who enters" }
    return nil
  }

  /// 7.6 (303), 8.2 (307), 9.1 (301), 9.4 (321) and 10.2 (322). An occupant who goes by itself has none of these.
  private func departureFault(_ codes: Codes, _ item: Element?, of nick: Text, _ before: RoomModel?) -> String? {
    guard let before, let occupant = before.occupants[nick] else { return codes.hasReason ? "\(codes.all) of who was not there" : nil }
    let moved = occupant.clients.compactMap { self.nick(of: $0) }.first { $0 != nick }
    if codes.has(303) {
      return moved != nil && item?["nick"] == moved && item?["role"] == occupant.role.text
        ? nil : "303, and the nick is \(moved ?? "as before")"
    }
    if item?["role"] != "none" { return "the role \(item?["role"] ?? "") of who has gone" }
    let isGone = occupants[nick] == nil || isGone
    if moved != nil, isGone, occupant.clients.count == 1 { return "no 303 for another nick" }
    let (old, new) = (before.affiliation(of: occupant.user), affiliation(of: occupant.user))
    let banned = isGone && old != .outcast && new == .outcast
    if codes.has(301) != banned { return banned ? "no 301 for who is banned" : "301, and nobody is banned" }
    let closed = settings.isMembersOnly && !before.settings.isMembersOnly && new < .member && isGone && !banned
    if codes.has(322), !closed { return "322, and the room was not closed" }
    let lost = settings.isMembersOnly && before.settings.isMembersOnly && old >= .member && new < .member && isGone && !banned
    if codes.has(321) != lost { return lost ? "no 321 for who is no member any more" : "321, and no membership was lost" }
    if codes.has(307), !isGone || banned || lost { return "307 beside the true reason" }
    return nil
  }

  /// 8.2, 9.1: the actor is named for what an occupant does to another, and by its address only to those who see addresses.
  private func actorFault(_ codes: Codes, _ item: Element?, _ isAvailable: Bool, to viewer: JID, _ states: [RoomModel]) -> String? {
    guard let actor = item?.child("actor", NS.mucUser) else { return nil }
    if !isAvailable, !codes.has(301), !codes.has(307), !codes.has(321) { return "an actor, and nothing was done" }
    if actor["jid"] != nil, !states.contains(where: { $0.seesJIDs(viewer) }) {
      return "the address of the actor, which \(viewer) may not see"
    }
    if let nick = actor["nick"], !states.contains(where: { $0.occupants[nick] != nil }) { return "an actor \(nick), who is not there" }
    return nil
  }

  /// 7.2.2, 7.7: the presence that one of the occupant's clients sent, but for what only the room may say.
  private func contentFault(_ presence: Element, of nick: Text, _ states: [RoomModel]) -> String? {
    let shown = presence.children.filter { !$0.is("x", NS.mucUser) }
    let said = states.compactMap { $0.occupants[nick] }.flatMap { occupant in occupant.clients.map { occupant.said[$0] } }
    if said.isEmpty || said.contains(where: { $0 == nil }) || said.contains(where: { $0 == shown }) { return nil }
    return "is shown with \(shown), and sent none such"
  }

  /// The content of a client's presence that the room shows. Chosen: more than some kilobytes is cut down; `nil` for those.
  static func content(of presence: Element) -> [Element]? {
    guard presence.stored.count < 1000 else { return nil }
    return presence.children.filter { !$0.has(namespace: NS.muc) && !$0.has(namespace: NS.mucUser) }
  }
}

/// The status codes of a presence.
private struct Codes {
  let all: [Text]

  init(_ x: Element) { all = x.children.filter { $0.is("status", NS.mucUser) }.map { $0["code"] ?? "" }.sorted() }

  func has(_ code: Int) -> Bool { all.contains("\(code)") }
  var hasReason: Bool { all.contains { ["301", "303", "307", "321", "322"].contains($0) } }

  /// A code that has no business here, or stands twice.
  func unknown(isAvailable: Bool) -> Text? {
    let known: [Text] = isAvailable ? ["100", "110", "201"] : ["110", "301", "303", "307", "321", "322", "332", "333"]
    return all.first { code in !known.contains(code) || all.count { $0 == code } > 1 }
  }
}
