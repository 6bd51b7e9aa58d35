internal import XML
internal import XMPP

// Messages to accounts and devices, of all types (RFC 6121, 5 and 8.5), to whom they can't go, and what is wrong with some.

extension UserAction {
  static let messages: [UserAction] = [
    UserAction(.messages, 14) { context, roll in context.message(to: context.other(roll).account.text, "chat") },
    UserAction(.messages, 14) { context, roll in context.message(to: context.device(roll), roll(100) >= 70 ? "normal" : "chat") },
    UserAction(.messages, 3) { context, roll in
      context.message(to: context.other(roll).account.text, ActionContext.pick([nil, "normal", "weird"], roll))
    },
    UserAction(.messages, 2) { context, roll in Element("message", NS.client, ["to": context.other(roll).account.text, "type": "headline"])
    },
    // To a resource that nobody has: what becomes of it depends on the type (RFC 6121, 8.5.3.2).
    UserAction(.messages, 3) { context, roll in
      let to = context.other(roll).account.text + "/nowhere"
      let type: Text? = ActionContext.pick(["chat", "normal", nil], roll)
      return type.map { context.message(to: to, $0) }
        ?? Element("message", NS.client, ["to": to, "type": ActionContext.pick(["headline", "groupchat", "error"], roll)])
    },
    UserAction(.messages, 3) { context, roll in
      let to = [context.other(roll).account.text, "nobody@localhost", "nobody@localhost/r"][roll(3)]
      return Element("message", NS.client, ["to": to, "type": ActionContext.pick(["groupchat", "error", "headline"], roll)])
    },
    UserAction(.messages, 2) { context, roll in
      context.message(
        to: ActionContext.pick(["nobody@localhost", "nobody@localhost/r", "friend@elsewhere.example", "localhost"], roll), "chat")
    },
    // Says nothing that is worth keeping (XEP-0160, 3).
    UserAction(.messages, 2) { context, roll in
      var message = Element("message", NS.client, ["to": context.other(roll).account.text, "type": "chat"])
      message.append("composing", "http://jabber.org/protocol/chatstates")
      return message
    },
    // A message that programs send by themselves: a receipt (XEP-0184) or a marker (XEP-0333), for which nobody is to get an error.
    UserAction(.messages, 2) { context, roll in
      var message = Element(
        "message", NS.client, ["to": context.other(roll).account.text, "type": ActionContext.pick(["chat", "normal"], roll)])
      let signal = ActionContext.pick(
        [("received", "urn:xmpp:receipts"), ("displayed", "urn:xmpp:chat-markers:0")] as [(Text, Text)], roll)
      message.append(signal.0, signal.1, ["id": "L\(context.number)"])
      return message
    },
    // In a language that is none.
    UserAction(.messages, 1) { context, roll in
      var message = context.message(to: context.other(roll).account.text, "chat")
      message.lang = ActionContext.pick(["x", "tlh-", "\"", "german-for-everyone"], roll)
      return message
    },
    // Long enough for the lower limits in bytes; one of them fills an outbox that is small.
    UserAction(.messages, 2) { context, roll in
      context.message(to: context.other(roll).account.text, "chat", body: Text(String(repeating: "long ", count: 50 << roll(6))))
    },
    // To oneself (RFC 6120, 10.3.1), with a true `from`, and to what is no address.
    UserAction(.messages, 1) { context, _ in Element("message", NS.client, ["from": context.user.account.text], text: "note") },
    UserAction(.messages, 1) { context, _ in Element("message", NS.client, ["to": "@@", "id": context.request], text: "lost") },
    UserAction(.messages, 1) { _, _ in Element("message", NS.client, ["to": "@@", "type": "error"], text: "lost") },
  ]
}
