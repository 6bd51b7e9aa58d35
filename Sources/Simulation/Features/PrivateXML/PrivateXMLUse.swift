internal import XML
internal import XMPP

extension UserAction.Subject {
  static let storing = Self(name: "storing")
}

/// Users who store elements at their accounts (XEP-0049).
enum PrivateXMLUse {
  static let namespace: Text = "jabber:iq:private"
  static let feature = SimulatedFeature(
    subjects: [.storing], actions: actions, values: [ValuePlace("value", "urn:x:prefs", .text, .texts)],
    oracles: [PrivateXMLIsKept.self], answers: PrivateXMLAnswers.rows, accountPart: PrivateXMLModel.self)

  private static let actions: [UserAction] = [
    UserAction(.storing, 3) { context, roll in query("get", [Element(name(roll), "urn:x:prefs")], context) },
    UserAction(.storing, 3) { context, roll in
      query("set", [Element(name(roll), "urn:x:prefs", children: [Element("value", "urn:x:prefs", text: "v\(context.number)")])], context)
    },
    UserAction(.storing, 1) { context, roll in query("set", [Element(name(roll), "urn:x:prefs")], context) },
    UserAction(.storing, 1) { context, _ in
      let both = ["a", "b"].map { Element($0 as Text, "urn:x:prefs", ["value": "v\(context.number)"]) }
      return query("set", both, context)
    },
    // Just below, at, and just above a lowered limit, alone or with what is there.
    UserAction(.storing, 1) { context, roll in query("set", [sized(60 - 1 + roll(3), name(roll))], context) },
    // No element, one without a namespace of its own, two of one name, two to read, and what is somebody else's.
    UserAction(.storing, 1) { context, roll in
      let one = Element("a", "urn:x:prefs", text: "no")
      switch roll(5) {
      case 1: return query("set", [Element("a", namespace, text: "no")], context)
      case 2: return query("set", [one, one], context)
      case 3: return query("get", [Element("a", "urn:x:prefs"), Element("b", "urn:x:prefs")], context)
      case 4: return context.iq(ActionContext.pick(["get", "set"], roll), context.other(roll).account.text, "query", namespace, [one])
      default: return query("get", [], context)
      }
    },
  ]

  private static func name(_ roll: (Int) -> Int) -> Text { ActionContext.pick(["a", "b", "c"], roll) }

  /// - Parameter bytes: as stored, at least 50.
  private static func sized(_ bytes: Int, _ name: Text) -> Element {
    let short = Element(name, "urn:x:prefs", text: "-")
    return Element(name, "urn:x:prefs", text: Text(String(repeating: "-", count: bytes - short.stored.count + 1)))
  }

  private static func query(_ type: Text, _ elements: [Element], _ context: ActionContext) -> Element? {
    context.mayChangeAccount ? context.iq(type, nil, "query", namespace, elements) : nil
  }
}
