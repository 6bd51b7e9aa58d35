internal import XML
internal import XMPP

// Presence to all and to some, and subscriptions (RFC 6121, 3 and 4).

extension Deed {
  static let presences: [Deed] = [
    Deed(.presence, 7) { scene, roll in
      var presence = numbered(Element("presence", NS.client), scene)
      presence.append("priority", NS.client, text: "\(roll(4) - 1)")
      return presence
    },
    Deed(.presence, 3) { _, _ in Element("presence", NS.client, ["type": "unavailable"]) },
    Deed(.presence, 5) { scene, roll in subscription("subscribe", scene, roll) },
    Deed(.presence, 5) { scene, roll in subscription("subscribed", scene, roll) },
    Deed(.presence, 2) { scene, roll in subscription("unsubscribed", scene, roll) },
    Deed(.presence, 2) { scene, roll in subscription("unsubscribe", scene, roll) },
    // Directed presence, to accounts and devices; and its end (4.6).
    Deed(.presence, 3) { scene, roll in
      let to = roll(3) == 2 ? scene.other(roll).account.text : scene.device(roll)
      return numbered(Element("presence", NS.client, ["to": to, "type": roll(3) == 2 ? "unavailable" : nil]), scene)
    },
    Deed(.presence, 1) { scene, roll in
      let to = Scene.pick([scene.other(roll).account.text, scene.device(roll), "nobody@localhost", "localhost"], roll)
      return Element("presence", NS.client, ["to": to, "type": Scene.pick(["probe", "error"], roll)])
    },
    Deed(.presence, 1) { _, roll in
      var presence = Element("presence", NS.client, ["type": roll(2) == 1 ? "weird" : nil])
      presence.append("priority", NS.client, text: Scene.pick(["128", "-129", "high", ""], roll))
      return presence
    },
  ]

  /// So that one is told from another.
  private static func numbered(_ presence: Element, _ scene: Scene) -> Element {
    var presence = presence
    presence.append("status", NS.client, text: "P\(scene.number)")
    return presence
  }

  private static func subscription(_ type: Text, _ scene: Scene, _ roll: (Int) -> Int) -> Element {
    var stanza = Element("presence", NS.client, ["to": scene.other(roll).account.text, "type": type, "id": scene.request])
    guard type == "subscribe" else { return stanza }
    // A request is kept as it is written (3.1.3): with words, with what only programs read, and in its language.
    if roll(3) == 2 { stanza.append("status", NS.client, text: "May I? \(scene.number)") }
    if roll(3) == 2 { stanza.append("voucher", "urn:example:voucher", ["number": "\(scene.number)"], text: "for you") }
    if roll(4) == 3 { stanza.lang = Scene.pick(["de", "not a language"], roll) }
    if roll(12) == 11 { stanza.append("long", "urn:example:voucher", text: Text(String(repeating: "x", count: 9000))) }
    return stanza
  }
}
