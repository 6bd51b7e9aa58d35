internal import OrderedCollections
internal import XML
internal import XMPP

// The reason that a moderator, admin or owner gives for what happens to an occupant, and the word of a room's end: each recipient sees what was given,
// and none that was not (XEP-0045, 8.2 to 8.4, 9.1 to 9.7, 10.3 to 10.9).

extension RoomModel {
  /// A request of one change that a room has carried out.
  struct Order: Sendable, Hashable {
    enum Subject: Sendable, Hashable {
      case nick(Text)
      /// A user (bare) or a domain.
      case user(JID)
    }
    /// The number of the stanza.
    let stanza: Int
    let subject: Subject
    let reason: Text?
    /// The client that asked.
    let actor: JID
    /// The nicks of the actor's user in the room.
    let actorNicks: OrderedSet<Text>
    /// The nick that the request reserves for somebody.
    let reserved: Text?
  }

  func nicks(of user: JID) -> OrderedSet<Text> { OrderedSet(occupants.filter { $0.value.user == user.bare }.keys) }

  /// The order that this event brought, if it concerns an occupant.
  private func order(for nick: Text, _ before: RoomModel) -> Order? {
    guard let order, order.stanza == stanzas, let occupant = before.occupants[nick] else { return nil }
    switch order.subject {
    case .nick(let named): return named == nick ? order : nil
    case .user(let user):
      let isOfDomain = user.isDomain && occupant.user.domain == user.domain && affiliation(of: occupant.user) == .outcast
      return occupant.user == user || isOfDomain ? order : nil
    }
  }

  /// The fault in a reason or an actor, in words.
  func reasonFault(in presence: Element, _ item: Element?, of nick: Text, to viewer: JID, before: RoomModel) -> String? {
    let reason = item?.child("reason", NS.mucUser)?.text
    let actor = item?.child("actor", NS.mucUser)
    let isGone = before.occupants[nick]?.clients.allSatisfy { self.nick(of: $0) == nil } ?? true
    // An occupant whose new role the room hides from others has, for them, left without a reason.
    guard let order = order(for: nick, before), (presence.type == "unavailable") == isGone else {
      // 7.10. Chosen: the room gives the reason when somebody sits on a nick that becomes another's, and says so as nobody.
      let isSeatTaken = isGone && self.order?.stanza == stanzas && self.order?.reserved == nick
      if reason != nil, !isSeatTaken { return "the reason \(reason!), and nobody gave one" }
      return actor == nil ? nil : "an actor, and nobody did anything"
    }
    // Another nick of the same user, who sees addresses now, is shown this one as it was until then.
    if reason == nil, actor == nil, let own = before.nick(of: viewer), own != nick, self.order(for: own, before) != nil,
      occupants[own]?.role == .moderator, before.occupants[own]?.role != .moderator
    {
      return nil
    }
    if reason != order.reason { return "the reason \(reason ?? "-"), and \(order.actor) gave \(order.reason ?? "none")" }
    // Chosen: the actor is named by the nick, where there is one.
    guard let actor else { return order.actorNicks.isEmpty ? nil : "no actor" }
    if let shown = actor["nick"] {
      if !order.actorNicks.contains(shown) { return "the actor \(shown), who did nothing" }
    } else if !order.actorNicks.isEmpty {
      return "an actor without a nick"
    }
    return actor["jid"].map { JID($0) != order.actor } ?? false ? "the address of another actor than \(order.actor)" : nil
  }

  /// 10.9: the alternative, its password and the reason, as the owner gave them.
  func destructionFault(in presence: Element, _ x: Element) -> String? {
    let shown = x.child("destroy", NS.mucUser)
    guard isDestroyed, presence.type == "unavailable" else { return shown == nil ? nil : "the room's end, and it goes on" }
    guard let shown else { return "nothing of the room's end" }
    return word == nil || shown == word ? nil : "the room's end as \(shown), and the owner said \(word!)"
  }

  /// The element by which occupants hear of the end that an owner asked for.
  static func word(of request: Element) -> Element {
    var word = Element("destroy", NS.mucUser, ["jid": request["jid"].flatMap { JID($0) }?.text])
    for name: Text in ["password", "reason"] {
      if let text = request.child(name, NS.mucOwner)?.text { word.append(name, NS.mucUser, text: text) }
    }
    return word
  }
}
