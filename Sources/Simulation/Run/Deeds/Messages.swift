internal import XML
internal import XMPP

// Messages to accounts and devices, of all types (RFC 6121, 5 and 8.5), to whom they can't go, and what is wrong with some.

extension Deed {
  static let messages: [Deed] = [
    Deed(.messages, 14) { scene, roll in scene.message(to: scene.other(roll).account.text, "chat") },
    Deed(.messages, 14) { scene, roll in scene.message(to: scene.device(roll), roll(100) >= 70 ? "normal" : "chat") },
    Deed(.messages, 3) { scene, roll in scene.message(to: scene.other(roll).account.text, Scene.pick([nil, "normal", "weird"], roll)) },
    Deed(.messages, 2) { scene, roll in Element("message", NS.client, ["to": scene.other(roll).account.text, "type": "headline"]) },
    // To a resource that nobody has: what becomes of it depends on the type (RFC 6121, 8.5.3.2).
    Deed(.messages, 3) { scene, roll in
      let to = scene.other(roll).account.text + "/nowhere"
      let type: Text? = Scene.pick(["chat", "normal", nil], roll)
      return type.map { scene.message(to: to, $0) }
        ?? Element("message", NS.client, ["to": to, "type": Scene.pick(["headline", "groupchat", "error"], roll)])
    },
    Deed(.messages, 3) { scene, roll in
      let to = [scene.other(roll).account.text, "nobody@localhost", "nobody@localhost/r"][roll(3)]
      return Element("message", NS.client, ["to": to, "type": Scene.pick(["groupchat", "error", "headline"], roll)])
    },
    Deed(.messages, 2) { scene, roll in
      scene.message(to: Scene.pick(["nobody@localhost", "nobody@localhost/r", "friend@elsewhere.example", "localhost"], roll), "chat")
    },
    // Says nothing that is worth keeping (XEP-0160, 3).
    Deed(.messages, 2) { scene, roll in
      var message = Element("message", NS.client, ["to": scene.other(roll).account.text, "type": "chat"])
      message.append("composing", "http://jabber.org/protocol/chatstates")
      return message
    },
    // What programs say by themselves: a receipt (XEP-0184) or a marker (XEP-0333), which nobody is to get an error for.
    Deed(.messages, 2) { scene, roll in
      var message = Element("message", NS.client, ["to": scene.other(roll).account.text, "type": Scene.pick(["chat", "normal"], roll)])
      let signal = Scene.pick([("received", "urn:xmpp:receipts"), ("displayed", "urn:xmpp:chat-markers:0")] as [(Text, Text)], roll)
      message.append(signal.0, signal.1, ["id": "L\(scene.number)"])
      return message
    },
    // In a language that is none.
    Deed(.messages, 1) { scene, roll in
      var message = scene.message(to: scene.other(roll).account.text, "chat")
      message.lang = Scene.pick(["x", "tlh-", "\"", "german-for-everyone"], roll)
      return message
    },
    // Long enough for the lower limits in bytes; one of them fills an outbox that is small.
    Deed(.messages, 2) { scene, roll in
      scene.message(to: scene.other(roll).account.text, "chat", body: Text(String(repeating: "long ", count: 50 << roll(6))))
    },
    // To oneself (RFC 6120, 10.3.1), with a true `from`, and to what is no address.
    Deed(.messages, 1) { scene, _ in Element("message", NS.client, ["from": scene.user.account.text], text: "note") },
    Deed(.messages, 1) { scene, _ in Element("message", NS.client, ["to": "@@", "id": scene.request], text: "lost") },
    Deed(.messages, 1) { _, _ in Element("message", NS.client, ["to": "@@", "type": "error"], text: "lost") },
  ]
}
