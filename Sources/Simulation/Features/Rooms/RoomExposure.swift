internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

// The facts about an occupant in a room's presence: affiliation, role, and the real JID where the client may see it (XEP-0045, 4.2, 7.2.2
// to 7.2.4).

extension RoomModel {
  /// The fault in a presence that the room wrote in the name of a nick, in words.
  ///
  /// - Parameter before: the room as it was before the event: one request may change several things, and say each of them.
  func fault(in presence: Element, of nick: Text, to viewer: JID, before: (any ModelPlace)?) -> String? {
    guard let x = presence.child("x", NS.mucUser), let item = x.child("item", NS.mucUser), presence.type != "error" else { return nil }
    if let fault = detailFault(in: presence, x, of: nick, to: viewer, before: before as? RoomModel) { return fault }
    let states = [self, before as? RoomModel].compactMap { $0 }
    let isOwn = x.children.contains { $0.is("status", NS.mucUser) && $0["code"] == "110" }
    if !isOwn, let wrong = exposure(item["jid"], of: presence.type == nil ? nil : nick, to: viewer, states) {
      return "\(wrong) of \(nick) in \(jid)"
    }
    if isOwn, !states.contains(where: { $0.nick(of: viewer) != nil }), presence.type == nil { return "\(viewer) is told to be in \(jid)" }
    let users = states.flatMap { $0.users(under: nick) }
    if let shown = item["jid"].flatMap({ JID($0) })?.bare, !isOwn, !users.contains(shown) {
      return "\(shown) is shown as \(nick) of \(jid)"
    }
    guard presence.type == nil else { return nil }
    let ranks = states.flatMap { state in state.occupants[nick].map { [($0.role.text, state.affiliation(of: $0.user).text)] } ?? [] }
    // Between two changes of one request an occupant may have the one already and not yet the other.
    let isSo = ranks.contains { $0.0 == item["role"] } && ranks.contains { $0.1 == item["affiliation"] }
    return isSo ? nil : "\(nick) in \(jid) is shown as \(item["affiliation"] ?? "nothing")/\(item["role"] ?? "nothing") and is \(ranks)"
  }

  /// - Parameters:
  ///   - absent: the nick of one who is not there, or not any more.
  ///   - states: the room as it is, and as it was before, if it was.
  private func exposure(_ shown: Text?, of absent: Text?, to viewer: JID, _ states: [RoomModel]) -> String? {
    let rights = states.map { $0.seesJIDs(viewer) }
    var mayKnow = rights.contains(true)
    // An occupant who goes has not agreed to become known by a change of the room that comes with it.
    if let absent, let before = states.last, before.occupants[absent] != nil {
      mayKnow = before.seesJIDs(viewer) || states.contains { $0.isModerator(viewer) }
    }
    if shown != nil, !mayKnow { return "\(viewer) may not see the real JID" }
    if shown == nil, !rights.contains(false) { return "\(viewer) does not see the real JID" }
    return nil
  }

  func seesJIDs(_ client: JID) -> Bool { settings.isNonAnonymous || isModerator(client) }
  private func isModerator(_ client: JID) -> Bool { nick(of: client).flatMap { occupants[$0] }?.role == .moderator }

  /// Bare: who is there under a nick, or has reserved it.
  private func users(under nick: Text) -> [JID] {
    (occupants[nick].map { [$0.user] } ?? []) + list.filter { $0.value.nick == nick }.map(\.key)
  }
}
