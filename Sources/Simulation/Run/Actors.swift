internal import ClientCore
internal import OrderedCollections
internal import Scenario
internal import ServerCore
internal import XML
internal import XMPP

// The behaviour of a run's actors: honest ones follow the workload, err as networks and people do, and come back; hostile ones act at will.

extension Run {
  mutating func act(_ index: Int) {
    actors[index].actions += 1
    guard let connection = clients[index].connection else {
      return actors[index].isHostile && roll(index, below: 4) > 0 ? beStrange(index) : connectIfWelcome(index)
    }
    guard clients[index].isBound else {
      // A stranger without an account says more of the same, or leaves.
      if actors[index].isHostile, clients[index].stream == nil { beStrange(index) }
      return
    }
    if err(index, connection) { return }
    if actors[index].isHostile { return write(HostileClient.hostileStanza { roll(index, below: $0) }, as: index) }
    guard let stanza = nextStanza(index) else { return }
    if errs(index, 6, faults.tornStanza) {
      let bytes = Client.encode(stanza)
      world.send(Array(bytes.prefix(1 + roll(index, below: bytes.count - 1))), on: connection)
      guard roll(index, below: 2) == 1 else { return reset(index, "torn stanza") }
      disturb("\(actors[index].name) ends its connection in the midst of a stanza")
      return hangUp(index)
    }
    send(stanza, as: index)
  }

  private mutating func nextStanza(_ index: Int) -> Element? {
    let users = honest.map { actors[$0].user }
    var workload = workload
    defer { self.workload = workload }
    var user = actors[index].user
    let server = world.engine.server
    user.moment = { server.middleHistoryTime(of: $0) }
    return workload.next(for: user, among: users) { roll(index, below: $0) }
  }

  var faults: Faults { swarm.faults }

  /// A draw of the actor's current action: without this action all others stay what they are.
  mutating func roll(_ index: Int, below bound: Int) -> Int {
    world.choices.draw(.action, UInt64(index), item: actors[index].actions, below: bound)
  }

  private mutating func errs(_ index: Int, _ kind: Int, _ percent: Int) -> Bool {
    world.choices.chance(.mischief, UInt64(index), item: actors[index].actions * 8 + kind, percent: percent)
  }

  /// Injects faults on the client's side. Returns whether the client's action is thereby done.
  private mutating func err(_ index: Int, _ connection: World.SocketID) -> Bool {
    if errs(index, 0, faults.reset) {
      reset(index, "reset")
    } else if errs(index, 1, faults.goodbye) {
      disturb("\(actors[index].name) ends its stream")
      endStream(index)
    } else if errs(index, 2, faults.halfClose) {
      disturb("\(actors[index].name) says no more and goes on listening")
      world.finish(connection)
    } else if errs(index, 3, faults.vanish) {
      disturb("\(actors[index].name) vanishes without a word")
      world.vanish(connection)
      hangUp(index)
    } else if !actors[index].isStuck, errs(index, 4, faults.stuck) {
      disturb("\(actors[index].name) \(ConnectionChange.stopsReading.rawValue)")
      stopReading(index, for: .milliseconds(Int64(1 + world.choices.draw(.mischief, UInt64(index), item: -1, below: 5000))))
      return false
    } else {
      return false
    }
    return true
  }

  mutating func stopReading(_ index: Int, for time: Int64) {
    guard let connection = clients[index].connection else { return }
    actors[index].isStuck = true
    world.setStuck(connection, true)
    world.alarm(Run.readAlarm + UInt64(index), after: time)
  }

  mutating func readOn(_ index: Int) {
    if actors[index].isStuck { observe(.fault("\(actors[index].name) \(ConnectionChange.readsAgain.rawValue)")) }
    actors[index].isStuck = false
    if let connection = clients[index].connection { world.setStuck(connection, false) }
  }

  private mutating func beStrange(_ index: Int) {
    if actors[index].probe != nil { return goOnProbing(index) }
    if clients[index].connection == nil, roll(index, below: 3) > 0 { return probe(index) }
    guard let bytes = HostileClient.strange(actors[index].isEncrypted, { roll(index, below: $0) }) else { return hangUp(index) }
    hadFault = true
    if clients[index].connection == nil { connect(index, as: nil) }
    write(bytes, as: index)
  }

  /// Connects with a plan of near misses.
  private mutating func probe(_ index: Int) {
    hadFault = true
    createAccounts()
    let names: [Text] = ["mallory", "mallory", "mallory", "mallory", "mallory", "spare", "o=t,her", "user0", "user1", "nobody"]
    let name = names[roll(index, below: names.count)]
    let account = JID(local: name, domain: "localhost", resource: "")!
    // Somebody who knows the password meets an account that is shut.
    switch roll(index, below: 8) {
    case 6: ask(.enableAccount(account))
    case 7: ask(.disableAccount(account))
    default: break
    }
    let known = passwords.known(of: account)
    let nonce = clients.nextSession(of: index).nonce
    connect(index, as: nil)
    var probe = LoginProbe(name, known, nonce: nonce) { roll(index, below: $0) }
    // Behind the handshake it begins by itself.
    if !actors[index].isDirectTLS { say(probe.begin(), as: index) }
    actors[index].probe = probe
  }

  private mutating func goOnProbing(_ index: Int) {
    if let more = actors[index].probe?.trickleOn() ?? actors[index].probe?.release() { return say(more, as: index) }
    if actors[index].probe?.isDone ?? true || roll(index, below: 6) == 0 { hangUp(index) }
  }

  /// Hands bytes of the server to a client with a plan. (To hang up on bytes that are being read is left to the next action.)
  mutating func answer(_ bytes: [UInt8], as index: Int) {
    let pool = pool
    if let answer = actors[index].probe?.received(bytes, using: pool) { say(answer, as: index) }
    if let change = actors[index].probe?.takeChange() { ask(change) }
  }

  private mutating func say(_ text: String, as index: Int) {
    write(Array(text.utf8), as: index)
  }

  // MARK: Connections

  mutating func send(_ stanza: Element, as index: Int) {
    guard clients[index].isBound, failure == nil else { return }
    if stanza.type == "set", let query = stanza.child("query", NS.register) {
      noteRegistration(query, to: stanza["to"], of: actors[index].account)
    }
    write(stanza, as: index)
  }

  /// A user may have changed the own password, or removed the own account. (Rooms are asked so, too, to keep a nick: XEP-0045, 7.10.)
  private mutating func noteRegistration(_ query: Element, to address: Text?, of account: JID) {
    let to = address.map { JID($0) } ?? account
    guard let to, to == account || to.text == account.domain else { return }
    administered.append(account)
    let name = query.child("username", NS.register).flatMap { JID(local: $0.text.trimmed, domain: account.domain, resource: "") }
    if name == account, let password = query.child("password", NS.register)?.text { passwords.note(password, of: account) }
  }

  private mutating func connect(_ index: Int, as stream: Client?) {
    actors[index].isStuck = false
    actors[index].isEncrypted = false
    actors[index].probe = nil
    streamBegins(index)
    let session = clients.nextSession(of: index)
    open(session, label: session.label, from: actors[index].origin, as: stream, isDirectTLS: actors[index].isDirectTLS)
  }

  mutating func connect(_ index: Int) {
    let actor = actors[index]
    var stream = Client(
      account: actor.account, password: password(index), resource: actor.resource, nonce: clients.nextSession(of: index).nonce,
      security: .opportunistic)
    stream.mechanisms = swarm.mechanisms
    stream.isDirectTLS = actor.isDirectTLS
    if swarm.speaksLanguages, index % 2 == 1 { stream.language = "de" }
    connect(index, as: stream)
  }

  private mutating func password(_ index: Int) -> Text {
    if actors[index].isHostile, roll(index, below: 4) == 3 { return "wrong" }
    let known = passwords.known(of: actors[index].account)
    return known[actors[index].wrongPasswords % known.count]
  }

  mutating func shakeHands(_ index: Int) {
    streamBegins(index)
    guard let connection = clients[index].connection, clients[index].stream != nil else {
      actors[index].isEncrypted = true
      completeHandshake(index, facts: TLSFacts(protocolName: offeredProtocol(index)))
      if let opening = actors[index].probe?.tlsEstablished() { say(opening, as: index) }
      return
    }
    if !isLivenessPhase, world.choices.chance(.connection, connection.number, percent: faults.badHandshake) {
      disturb("\(actors[index].name) refuses the certificate")
      return world.completeHandshake(on: connection, fails: true)
    }
    // Some say their language only now, or another than before: that of the last header counts (RFC 6120, 4.7.4).
    if swarm.speaksLanguages, index % 4 > 1 { clients[index].stream?.language = "fr" }
    completeHandshake(index, facts: TLSFacts(protocolName: offeredProtocol(index)))
  }

  /// Of those who begin with TLS, some name their protocol, and hostile ones another (XEP-0368, 3).
  private mutating func offeredProtocol(_ index: Int) -> Text? {
    guard actors[index].isDirectTLS else { return nil }
    return actors[index].isHostile ? [nil, "xmpp-client", "h2"][roll(index, below: 3)] : index % 2 == 0 ? "xmpp-client" : nil
  }

  mutating func reset(_ index: Int, _ what: String) {
    disturb("\(actors[index].name): \(what)")
    breakConnection(index)
  }

  mutating func streamEnded(_ index: Int, _ reason: String?) {
    if let reason, !isExcused(reason, index) { fail("stream", "\(actors[index].name) was told: \(reason)") }
    if reason?.contains("not-authorized") ?? false {
      isGone(actors[index].account)
      actors[index].wrongPasswords += 1
    }
    hangUp(index)
  }

  mutating func received(_ element: Element, by index: Int) {
    if let answer = answer(element) { send(answer, as: index) }
    if element.id == Run.lastRequest { unanswered.remove(index) }
    observe(.received(clients[index].session, element))
  }

  /// Clients answer requests: pushes (RFC 6121, 2.1.6), pings, and what they don't know (RFC 6120, 8.2.3). Some never say a word.
  private func answer(_ request: Element) -> Element? {
    guard let id = request.id, request.is("iq", NS.client), request.type == "set" || request.type == "get" else { return nil }
    guard let payload = request.firstChild, !payload.has(name: "silence") else { return nil }
    let answer = Element("iq", NS.client, ["type": "result", "id": id, "to": request["from"]])
    guard request.type == "get", !payload.has(name: "ping") else { return answer }
    var refusal = answer
    refusal["type"] = "error"
    refusal.append(StanzaError(.serviceUnavailable).element)
    return refusal
  }

  /// Whether a client that has done nothing wrong may be told this reason.
  private func isExcused(_ reason: String, _ index: Int) -> Bool {
    if actors[index].isHostile || swarm.isTight { return true }
    if administered.contains(actors[index].account),
      ["not-authorized", "account-disabled", "reset"].contains(where: { reason.contains($0) })
    {
      return true
    }
    if !hadFault && !reason.contains("conflict") { return false }
    let excuses = [
      "internal-server-error", "conflict", "not-authorized", "temporary-auth-failure", "connection-timeout", "refused the resource",
      "system-shutdown",
    ]
    return excuses.contains { reason.contains($0) }
  }
}
