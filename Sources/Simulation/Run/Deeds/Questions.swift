internal import XML
internal import XMPP

// Requests to servers, accounts, rooms and other clients: XEP-0030, 0045 (6), 0077, 0092, 0199, 0202, 0410.

extension Deed {
  static let questions: [Deed] = [
    Deed(.questions, 2) { scene, _ in scene.iq("get", "localhost", "ping", NS.ping) },
    Deed(.questions, 3) { scene, roll in
      let namespace: Text = Scene.pick([NS.discoInfo, NS.discoItems], roll)
      var query = Element("query", namespace)
      query["node"] = Scene.pick([nil, nil, nil, "weird", ""], roll)
      let to: [Text?] = ["localhost", nil, scene.other(roll).account.text, "conference.localhost", scene.room(roll), "nobody@localhost"]
      return scene.iq(roll(12) == 11 ? "set" : "get", Scene.pick(to, roll), query)
    },
    Deed(.questions, 1) { scene, roll in
      let node: Text = Scene.pick(["x-roomuser-item", "http://jabber.org/protocol/muc#traffic"], roll)
      return scene.iq("get", scene.room(roll), Element("query", NS.discoInfo, ["node": node]))
    },
    Deed(.questions, 2) { scene, roll in
      let what = Scene.pick([("query", NS.version), ("time", NS.time), ("ping", NS.ping), ("weird", "urn:weird")] as [(Text, Text)], roll)
      let to: [Text?] = [
        "localhost", nil, scene.other(roll).account.text, scene.device(roll), "conference.localhost", scene.room(roll),
        "localhost/r", "nobody@localhost", scene.other(roll).account.text + "/nowhere",
      ]
      return scene.iq(roll(8) == 7 ? "set" : "get", Scene.pick(to, roll), what.0, what.1)
    },
    // Between occupants, and to oneself (XEP-0410).
    Deed(.questions, 3) { scene, roll in
      let what = Scene.pick(
        [("ping", NS.ping), ("query", NS.version), ("vCard", "vcard-temp"), ("query", NS.discoInfo)] as [(Text, Text)], roll)
      return scene.iq("get", scene.occupant(roll), what.0, what.1)
    },
    Deed(.questions, 1) { scene, roll in scene.iq("get", scene.room(roll) + "/nobody", "ping", NS.ping) },
    // Nobody ever answers these.
    Deed(.questions, 3) { scene, roll in scene.iq("get", scene.occupant(roll), "silence", "urn:example:silence") },
    Deed(.questions, 1) { scene, roll in
      let to: [Text] = [scene.occupant(roll), "localhost", scene.other(roll).account.text]
      return Element("iq", NS.client, ["type": "result", "id": "unasked", "to": Scene.pick(to, roll)])
    },
    // What is no answer (RFC 6120, 8.2.3 and 8.3.1).
    Deed(.questions, 1) { scene, roll in
      let weird = Element("weird", "urn:weird")
      let isError = roll(2) == 1
      let to = scene.device(roll)
      return Element(
        "iq", NS.client, ["type": isError ? "error" : "result", "id": "unasked", "to": to], children: isError ? [weird] : [weird, weird])
    },
    // What is no request (RFC 6120, 8.2.3).
    Deed(.questions, 1) { scene, roll in
      let ping = Element("ping", NS.ping)
      switch roll(4) {
      case 1: return Element("iq", NS.client, ["type": "get"], children: [ping])
      case 2: return Element("iq", NS.client, ["type": "weird", "id": scene.request], children: [ping])
      case 3: return Element("iq", NS.client, ["type": "get", "id": scene.request], children: [ping, ping])
      default: return Element("iq", NS.client, ["type": "set", "id": scene.request])
      }
    },
  ]
}

// One's own account (XEP-0077, 3.2 and 3.3).

extension Deed {
  static let accounts: [Deed] = [
    Deed(.accounts, 1) { scene, _ in scene.iq("get", nil, "query", NS.register) },
    // The password stays what it is; what else is in with it is out.
    Deed(.accounts, 1) { scene, roll in
      guard roll(4) == 3 else { return nil }
      return password(scene.user.account.local, "pw", scene)
    },
    Deed(.accounts, 1) { scene, roll in
      let wrong: [(Text, Text)] = [("", "pw"), (scene.user.account.local, ""), ("user9", "pw")]
      let (name, secret) = Scene.pick(wrong, roll)
      return password(name, secret, scene)
    },
    Deed(.accounts, 1) { scene, roll in
      guard roll(6) == 5 else { return nil }
      return scene.iq("set", nil, "query", NS.register, [Element("remove", NS.register)])
    },
    Deed(.accounts, 1) { scene, _ in
      scene.iq("set", nil, "query", NS.register, [Element("remove", NS.register), Element("username", NS.register, text: "both")])
    },
  ]

  private static func password(_ name: Text, _ password: Text, _ scene: Scene) -> Element {
    let fields = [Element("username", NS.register, text: name), Element("password", NS.register, text: password)]
    return scene.iq("set", registrar, "query", NS.register, fields)
  }
  /// To the server's domain, as the XEP's examples have it.
  private static let registrar: Text? = "localhost"
}
