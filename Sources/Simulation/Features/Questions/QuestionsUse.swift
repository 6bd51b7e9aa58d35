internal import XML
internal import XMPP

extension UserAction.Subject {
  static let questions = Self(name: "questions")
}

/// Users who ask servers, accounts, rooms and other clients what they are and whether they are there: features that answer and keep nothing
/// (XEP-0030, 0045 (6), 0092, 0199, 0202, 0410), and requests that nobody answers.
enum QuestionsUse {
  static let feature = SimulatedFeature(subjects: [.questions], actions: actions, answers: QuestionAnswers.rows)

  private static let actions: [UserAction] = [
    UserAction(.questions, 2) { context, _ in context.iq("get", "localhost", "ping", NS.ping) },
    UserAction(.questions, 3) { context, roll in
      let namespace: Text = ActionContext.pick([NS.discoInfo, NS.discoItems], roll)
      var query = Element("query", namespace)
      query["node"] = ActionContext.pick([nil, nil, nil, "weird", ""], roll)
      let to: [Text?] = [
        "localhost", nil, context.other(roll).account.text, "conference.localhost", context.room(roll), "nobody@localhost",
      ]
      return context.iq(roll(12) == 11 ? "set" : "get", ActionContext.pick(to, roll), query)
    },
    UserAction(.questions, 1) { context, roll in
      let node: Text = ActionContext.pick(["x-roomuser-item", "http://jabber.org/protocol/muc#traffic"], roll)
      return context.iq("get", context.room(roll), Element("query", NS.discoInfo, ["node": node]))
    },
    UserAction(.questions, 2) { context, roll in
      let what = ActionContext.pick(
        [("query", NS.version), ("time", NS.time), ("ping", NS.ping), ("weird", "urn:weird")] as [(Text, Text)], roll)
      let to: [Text?] = [
        "localhost", nil, context.other(roll).account.text, context.device(roll), "conference.localhost", context.room(roll),
        "localhost/r", "nobody@localhost", context.other(roll).account.text + "/nowhere",
      ]
      return context.iq(roll(8) == 7 ? "set" : "get", ActionContext.pick(to, roll), what.0, what.1)
    },
    // Between occupants, and to oneself (XEP-0410).
    UserAction(.questions, 3) { context, roll in
      let what = ActionContext.pick(
        [("ping", NS.ping), ("query", NS.version), ("vCard", "vcard-temp"), ("query", NS.discoInfo)] as [(Text, Text)], roll)
      return context.iq("get", context.occupant(roll), what.0, what.1)
    },
    UserAction(.questions, 1) { context, roll in context.iq("get", context.room(roll) + "/nobody", "ping", NS.ping) },
    // Nobody ever answers these.
    UserAction(.questions, 3) { context, roll in context.iq("get", context.occupant(roll), "silence", "urn:example:silence") },
    UserAction(.questions, 1) { context, roll in
      let to: [Text] = [context.occupant(roll), "localhost", context.other(roll).account.text]
      return Element("iq", NS.client, ["type": "result", "id": "unasked", "to": ActionContext.pick(to, roll)])
    },
    // An answer that is none (RFC 6120, 8.2.3 and 8.3.1).
    UserAction(.questions, 1) { context, roll in
      let weird = Element("weird", "urn:weird")
      let isError = roll(2) == 1
      let to = context.device(roll)
      return Element(
        "iq", NS.client, ["type": isError ? "error" : "result", "id": "unasked", "to": to], children: isError ? [weird] : [weird, weird])
    },
    // A request that is none (RFC 6120, 8.2.3).
    UserAction(.questions, 1) { context, roll in
      let ping = Element("ping", NS.ping)
      switch roll(4) {
      case 1: return Element("iq", NS.client, ["type": "get"], children: [ping])
      case 2: return Element("iq", NS.client, ["type": "weird", "id": context.request], children: [ping])
      case 3: return Element("iq", NS.client, ["type": "get", "id": context.request], children: [ping, ping])
      default: return Element("iq", NS.client, ["type": "set", "id": context.request])
      }
    },
  ]
}
