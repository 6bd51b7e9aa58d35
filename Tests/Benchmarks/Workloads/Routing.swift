import ClientCore
import ServerCore
import XML
import XMPP

private let client: Text = "jabber:client"

func message(to address: Text, type: Text) -> Element {
  Element("message", client, ["to": address, "type": type, "id": "m1"], children: [Element("body", client, text: "Wherefore art thou?")])
}

/// So many sessions, each of an account of its own, available.
private func crowd(_ count: Int) -> (rig: Rig, connections: [ConnectionID]) {
  let rig = Rig()
  let connections = (0..<count).map { index in
    rig.add(Rig.account(index))
    let connection = rig.logIn(Rig.account(index))
    rig.send(Element("presence", client), on: connection)
    return connection
  }
  return (rig, connections)
}

/// XEP-0045, 10.1.2: an instant room.
private func unlock(_ rig: Rig, _ owner: ConnectionID) {
  let form = Element("x", "jabber:x:data", ["type": "submit"])
  let query = Element("query", "http://jabber.org/protocol/muc#owner", children: [form])
  rig.send(Element("iq", client, ["type": "set", "id": "o", "to": "den@conference.localhost"], children: [query]), on: owner)
}

/// All of a crowd in one room.
private func room(of count: Int) -> (rig: Rig, connections: [ConnectionID]) {
  let (rig, connections) = crowd(count)
  for (index, connection) in connections.enumerated() {
    let entry = Element("x", "http://jabber.org/protocol/muc")
    rig.send(Element("presence", client, ["to": "den@conference.localhost/n\(index)"], children: [entry]), on: connection)
    if index == 0 { unlock(rig, connection) }
  }
  precondition(rig.engine.server.occupants(of: JID("den@conference.localhost")!).count == count)
  return (rig, connections)
}

extension Workload {
  static let routing: [Workload] = [
    /// The pure core alone: a message as a value in, what is to be written as a value out.
    Workload("route-message") {
      let (rig, connections) = crowd(2)
      var server = rig.engine.server
      let stanza = message(to: "user1@localhost", type: "chat")
      var effects: [Effect] = []
      return {
        effects.removeAll(keepingCapacity: true)
        server.handle(.stanza(connections[0], stanza), at: Instant(monotonic: 1, wall: 1), into: &effects)
        precondition(effects.count == 1)
      }
    },
    /// The same from bytes to bytes.
    Workload("carry-message") {
      let (rig, connections) = crowd(2)
      let bytes = Client.encode(message(to: "user1@localhost", type: "chat"))
      return {
        let before = rig.written
        rig.input(.bytes(connections[0], bytes))
        precondition(rig.written > before)
      }
    },
    Workload("carry-message-among-1000") {
      let (rig, connections) = crowd(1000)
      let bytes = Client.encode(message(to: "user777@localhost/d", type: "chat"))
      return { rig.input(.bytes(connections[0], bytes)) }
    },
    /// A hundred copies.
    Workload("room-of-100") {
      let (rig, connections) = room(of: 100)
      let bytes = Client.encode(message(to: "den@conference.localhost", type: "groupchat"))
      return {
        let before = rig.written
        rig.input(.bytes(connections[0], bytes))
        precondition(rig.written - before > 100 * 50)
      }
    },
    Workload("roster-of-5000", isShort: false) {
      let rig = Rig()
      rig.add(Rig.account(0))
      let connection = rig.logIn(Rig.account(0))
      let roster: Text = "jabber:iq:roster"
      for index in 1...5000 {
        let item = Element(
          "item", roster, ["jid": Rig.account(index).text, "name": "Friend"], children: [Element("group", roster, text: "Friends")])
        rig.send(Element("iq", client, ["type": "set", "id": "s"], children: [Element("query", roster, children: [item])]), on: connection)
      }
      let request = Client.encode(Element("iq", client, ["type": "get", "id": "r"], children: [Element("query", roster)]))
      return {
        let before = rig.written
        rig.input(.bytes(connection, request))
        precondition(rig.written - before > 5000 * 50)
      }
    },
    /// SimulatedConnection to bound session with SCRAM-SHA-256, the client's half and its keys (one round) with it.
    Workload("login") {
      let rig = Rig()
      rig.add(Rig.account(0))
      return { rig.close(rig.logIn(Rig.account(0))) }
    },
    /// The server's last step of a login with SCRAM-SHA-256, in a copy of a server with that one connection: so the same proof serves each time.
    Workload("scram-proof") {
      let rig = Rig()
      rig.add(Rig.account(0))
      let (connection, proof) = rig.proof(of: Rig.account(0))
      return {
        var engine = rig.engine
        engine.handle(.bytes(connection, proof), at: Instant(monotonic: 1, wall: 1))
        guard case .write(connection, let answer) = engine.flush().first else { fatalError("there is no answer") }
        precondition(answer.starts(with: "<success".utf8))
      }
    },
    /// Another future: a copy of a server with a hundred sessions in a room, and one step of it.
    Workload("branch") {
      let (rig, connections) = room(of: 100)
      let stanza = message(to: "user1@localhost", type: "chat")
      return {
        var server = rig.engine.server
        var effects: [Effect] = []
        server.handle(.stanza(connections[0], stanza), at: Instant(monotonic: 1, wall: 1), into: &effects)
        precondition(effects.count == 1)
      }
    },
    /// The state that a recording begins with, of a server with a hundred sessions in a room.
    Workload("state-of-100-as-bytes", isShort: false) {
      let (rig, _) = room(of: 100)
      return { precondition(rig.engine.stateBytes.count > 10_000) }
    },
  ]
}
