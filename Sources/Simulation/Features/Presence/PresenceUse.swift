internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

extension UserAction.Subject {
  static let presence = Self(name: "presence", themes: [.contacts, .messages])
}

/// Users who show presence to all and to some, and ask for subscriptions (RFC 6121, 3 and 4).
enum PresenceUse {
  static let feature = SimulatedFeature(
    subjects: [.presence], actions: actions, oracles: [PresenceIsPrivate.self, DeliveredOnlyToPresent.self],
    accountPart: PresenceModel.self, absentAccountAnswers: answers)

  private static let actions: [UserAction] = [
    UserAction(.presence, 7) { context, roll in
      var presence = numbered(Element("presence", NS.client), context)
      presence.append("priority", NS.client, text: "\(roll(4) - 1)")
      return presence
    },
    UserAction(.presence, 3) { _, _ in Element("presence", NS.client, ["type": "unavailable"]) },
    UserAction(.presence, 5) { context, roll in subscription("subscribe", context, roll) },
    UserAction(.presence, 5) { context, roll in subscription("subscribed", context, roll) },
    UserAction(.presence, 2) { context, roll in subscription("unsubscribed", context, roll) },
    UserAction(.presence, 2) { context, roll in subscription("unsubscribe", context, roll) },
    // Directed presence, to accounts and devices; and its end (4.6).
    UserAction(.presence, 3) { context, roll in
      let to = roll(3) == 2 ? context.other(roll).account.text : context.device(roll)
      return numbered(Element("presence", NS.client, ["to": to, "type": roll(3) == 2 ? "unavailable" : nil]), context)
    },
    UserAction(.presence, 1) { context, roll in
      let to = ActionContext.pick([context.other(roll).account.text, context.device(roll), "nobody@localhost", "localhost"], roll)
      return Element("presence", NS.client, ["to": to, "type": ActionContext.pick(["probe", "error"], roll)])
    },
    UserAction(.presence, 1) { _, roll in
      var presence = Element("presence", NS.client, ["type": roll(2) == 1 ? "weird" : nil])
      presence.append("priority", NS.client, text: ActionContext.pick(["128", "-129", "high", ""], roll))
      return presence
    },
  ]

  /// The answers of an account that is not there, as far as others give the same.
  private static func answers(_ letter: ModelStanza, _ rows: OwnerRows, _ configuration: Configuration, _ time: Instant) -> [ModelStanza] {
    guard letter.element.stanzaKind == .presence else { return [] }
    // RFC 6121, 4.3.2: who probes nobody is told that there is no subscription.
    if letter.element.type == "probe" { return [.presence("unsubscribed", from: letter.to.bare, to: letter.from.bare)] }
    // A user who asks nobody hears what everybody hears, or nobody would be told from somebody: see `KnownDeviations.everyRequestArrives`.
    guard KnownDeviations.everyRequestArrives, letter.element.type == "subscribe" else { return [] }
    return [.presence("unavailable", from: letter.to.bare, to: letter.from.bare, isOwed: letter.isOwed)]
  }

  /// So that one is told from another.
  private static func numbered(_ presence: Element, _ context: ActionContext) -> Element {
    var presence = presence
    presence.append("status", NS.client, text: "P\(context.number)")
    return presence
  }

  private static func subscription(_ type: Text, _ context: ActionContext, _ roll: (Int) -> Int) -> Element {
    var stanza = Element("presence", NS.client, ["to": context.other(roll).account.text, "type": type, "id": context.request])
    guard type == "subscribe" else { return stanza }
    // A request is kept as it is written (3.1.3): with words, with what only programs read, and in its language.
    if roll(3) == 2 { stanza.append("status", NS.client, text: "May I? \(context.number)") }
    if roll(3) == 2 { stanza.append("voucher", "urn:example:voucher", ["number": "\(context.number)"], text: "for you") }
    if roll(4) == 3 { stanza.lang = ActionContext.pick(["de", "not a language"], roll) }
    if roll(12) == 11 { stanza.append("long", "urn:example:voucher", text: Text(String(repeating: "x", count: 9000))) }
    return stanza
  }
}
