internal import XML
internal import XMPP

/// Users who store elements at their accounts (XEP-0049).
enum PrivateXMLUse {
  static let namespace: Text = "jabber:iq:private"
  static let feature = SimulatedFeature(actions: actions, oracles: [PrivateXMLIsKept.self])

  private static let actions: [Deed] = [
    Deed(.storing, 3) { scene, roll in query("get", [Element(name(roll), "urn:x:prefs")], scene) },
    Deed(.storing, 3) { scene, roll in
      query("set", [Element(name(roll), "urn:x:prefs", children: [Element("value", "urn:x:prefs", text: "v\(scene.number)")])], scene)
    },
    Deed(.storing, 1) { scene, roll in query("set", [Element(name(roll), "urn:x:prefs")], scene) },
    Deed(.storing, 1) { scene, _ in
      let both = ["a", "b"].map { Element($0 as Text, "urn:x:prefs", ["value": "v\(scene.number)"]) }
      return query("set", both, scene)
    },
    // No element, one without a namespace of its own, two of one name, two to read, and what is somebody else's.
    Deed(.storing, 1) { scene, roll in
      let one = Element("a", "urn:x:prefs", text: "no")
      switch roll(5) {
      case 1: return query("set", [Element("a", namespace, text: "no")], scene)
      case 2: return query("set", [one, one], scene)
      case 3: return query("get", [Element("a", "urn:x:prefs"), Element("b", "urn:x:prefs")], scene)
      case 4: return scene.iq(Scene.pick(["get", "set"], roll), scene.other(roll).account.text, "query", namespace, [one])
      default: return query("get", [], scene)
      }
    },
  ]

  private static func name(_ roll: (Int) -> Int) -> Text { Scene.pick(["a", "b", "c"], roll) }

  private static func query(_ type: Text, _ elements: [Element], _ scene: Scene) -> Element? {
    scene.mayChangeAccount ? scene.iq(type, nil, "query", namespace, elements) : nil
  }
}
