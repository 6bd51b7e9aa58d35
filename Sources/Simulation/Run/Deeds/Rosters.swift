internal import XML
internal import XMPP

// The roster, read and changed (RFC 6121, 2), and blocking (XEP-0191).

extension Deed {
  static let rosters: [Deed] = [
    Deed(.rosters, 3) { scene, _ in scene.iq("get", nil, "query", NS.roster) },
    Deed(.rosters, 4) { scene, roll in
      guard scene.mayChangeAccount else { return nil }
      let groups: [[Text]] = [[], ["a"], ["a", "b"]]
      return set(contact(scene, roll), name: "n\(scene.number)", groups: Scene.pick(groups, roll), scene)
    },
    Deed(.rosters, 2) { scene, roll in
      guard scene.mayChangeAccount else { return nil }
      let item = Element("item", NS.roster, ["jid": contact(scene, roll), "subscription": "remove"])
      return scene.iq("set", nil, "query", NS.roster, [item])
    },
    // What no roster takes (2.3.3).
    Deed(.rosters, 2) { scene, roll in
      guard scene.mayChangeAccount else { return nil }
      let long = Text(String(repeating: "x", count: 1024))
      let jid = contact(scene, roll)
      switch roll(7) {
      case 1: return set(jid, name: "n", groups: [""], scene)
      case 2: return set(jid, name: "n", groups: ["a", "a"], scene)
      case 3: return set(jid, name: "n", groups: (0..<70).map { "g\($0)" }, scene)
      case 4: return set(jid, name: roll(2) == 1 ? "n" : long, groups: [long], scene)
      case 5: return set(scene.user.account.text, name: "n", groups: [], scene)
      case 6: return scene.iq("set", nil, "query", NS.roster, [Element("item", NS.roster, ["jid": "@@"])])
      default: return scene.iq("set", nil, "query", NS.roster)
      }
    },
    // Somebody else's.
    Deed(.rosters, 1) { scene, roll in
      let item = Element("item", NS.roster, ["jid": scene.user.account.text, "name": "planted"])
      let type: Text = Scene.pick(["get", "set"], roll)
      return scene.iq(type, scene.other(roll).account.text, "query", NS.roster, type == "set" ? [item] : [])
    },
  ]

  private static func contact(_ scene: Scene, _ roll: (Int) -> Int) -> Text {
    roll(6) == 5 ? Scene.pick(["friend@elsewhere.example", "nobody@localhost"], roll) : scene.other(roll).account.text
  }

  private static func set(_ jid: Text, name: Text, groups: [Text], _ scene: Scene) -> Element {
    let groups = groups.map { Element("group", NS.roster, text: $0) }
    return scene.iq("set", nil, "query", NS.roster, [Element("item", NS.roster, ["jid": jid, "name": name], children: groups)])
  }
}

extension Deed {
  static let blocks: [Deed] = [
    Deed(.blocking, 3) { scene, roll in block("block", scene.other(roll).account.text, scene) },
    Deed(.blocking, 3) { scene, roll in block("unblock", scene.other(roll).account.text, scene) },
    Deed(.blocking, 2) { scene, _ in scene.iq("get", nil, "blocklist", NS.blocking) },
    // One device, a domain, a room, an occupant, and what no stanza comes from (6).
    Deed(.blocking, 2) { scene, roll in
      let addresses = [scene.device(roll), scene.room(roll), scene.occupant(roll), "conference.localhost", "localhost"]
      return block(roll(2) == 1 ? "block" : "unblock", Scene.pick(addresses, roll), scene)
    },
    // The same address as "block" above, so that one follows the other.
    Deed(.blocking, 1) { scene, roll in block(Scene.pick(["unblock", "block"], roll), scene.device(roll), scene) },
    // All at once (3.5).
    Deed(.blocking, 1) { scene, _ in scene.mayChangeAccount ? scene.iq("set", nil, "unblock", NS.blocking) : nil },
    Deed(.blocking, 1) { scene, roll in
      guard scene.mayChangeAccount else { return nil }
      switch roll(4) {
      case 1: return scene.iq("set", nil, "block", NS.blocking, [Element("item", NS.blocking, ["jid": "@@"])])
      case 2: return scene.iq("get", nil, "block", NS.blocking)
      case 3: return scene.iq("set", nil, "blocklist", NS.blocking)
      default: return scene.iq("set", nil, "block", NS.blocking)
      }
    },
  ]

  private static func block(_ name: Text, _ address: Text, _ scene: Scene) -> Element? {
    guard scene.mayChangeAccount else { return nil }
    return scene.iq("set", nil, name, NS.blocking, [Element("item", NS.blocking, ["jid": address])])
  }
}
