internal import ClientCore
internal import OrderedCollections
internal import Scenario
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

// The end of a run with a fault: everybody can log in again, memory and disk agree, and when everybody has gone nothing is left.

extension TortureWorld {
  /// - Parameter logsIn: everybody logs in again, and asks for all that is stored.
  mutating func end(logsIn: Bool) {
    settle()
    checkAtRest(isPeaceful: false)
    if logsIn {
      leaveAll()
      logInAgain()
    }
    leaveAll()
    expectNothingLeft()
    for index in cast.indices { endOutput(of: index) }
  }

  private mutating func leaveAll() { for index in cast.indices { leave(index) } }

  private mutating func logInAgain() {
    actor = nil
    let accounts = OrderedSet(world.durable.owners(.account))
    for index in cast.indices {
      guard let jid = JID(cast[index].jid), accounts.contains(jid.bare), problem == nil else { continue }
      connect(index, as: jid)
      settle()
    }
    // Of several characters of an account some may not know the right password, or take each other's place.
    for (index, character) in cast.enumerated() {
      guard let jid = JID(character.jid)?.bare, accounts.contains(jid), !changesLogins else { continue }
      if !bound.contains(where: { JID(cast[$0].jid)?.bare == jid }) {
        return fail("liveness", "\(character.name) can't log in again: \(trouble(of: index))")
      }
    }
    for index in bound { write(Element("presence", NS.client), as: index) }
    settle()
    var asked: OrderedSet<JID> = []
    for index in bound {
      guard let jid = clients[index].stream?.jid, asked.append(jid.bare).inserted else { continue }
      for question in PeaceQuestion.all {
        write(Element("iq", NS.client, ["type": "get", "id": question.id], children: [question.payload]), as: index)
      }
    }
    settle()
    for index in bound { expectAnswer(index) }
    checkAtRest(isPeaceful: true)
  }

  private var bound: [Int] { cast.indices.filter { clients[$0].isBound } }

  private mutating func expectAnswer(_ index: Int) {
    let ping = Element("ping", NS.ping)
    let domain = world.settings.configuration.domains[0]
    write(Element("iq", NS.client, ["type": "get", "id": "last-ping", "to": domain], children: [ping]), as: index)
    settle()
    let isAnswered = experiences[index].items.contains { if case .stanza(let element) = $0 { element.id == "last-ping" } else { false } }
    if !isAnswered { fail("liveness", "\(cast[index].name) gets no answer any more") }
  }

  private mutating func checkAtRest(isPeaceful: Bool) {
    guard problem == nil else { return }
    let state = RestState(
      world: world, sessions: clients.bound, isFaultless: !hadFault, mayLoseStanzas: mayLoseStanzas, isPeaceful: isPeaceful)
    for oracle in oracles {
      if let wrong = oracle.atRest(state) { return fail(type(of: oracle).name, wrong) }
    }
  }

  private mutating func expectNothingLeft() {
    settle()
    let limits = world.settings.configuration.limits
    wait(nanoseconds: 2 * (limits[time: .idleTime] + limits[time: .closeWait] + limits[time: .roomLockTime]) + .seconds(60))
    let server = world.engine.server
    if let left = server.accountsInMemory.first ?? server.roomsInMemory.first {
      fail("leftovers", "everybody is gone, and \(left) is still in memory")
    }
    if !server.openConnections.isEmpty { fail("leftovers", "everybody is gone, and a connection is still there") }
    if let left = world.engine.leftover { fail("leftovers", "everybody is gone, and something is still held: \(left)") }
  }
}
