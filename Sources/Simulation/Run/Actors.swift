internal import ClientCore
internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

// What the actors of a run do: honest ones follow the workload, err as networks and people do, and come back; hostile clients do as they like.

extension Run {
  mutating func act(_ index: Int) {
    actors[index].actions += 1
    guard let connection = actors[index].connection else {
      return actors[index].isHostile && roll(index, below: 2) == 1 ? beStrange(index) : connectIfWelcome(index)
    }
    guard actors[index].isBound else {
      // A stranger without an account says more of the same, or leaves.
      if actors[index].isHostile, actors[index].client == nil { beStrange(index) }
      return
    }
    if err(index, connection) { return }
    if actors[index].isHostile { return world.send(HostileClient.hostileStanza { roll(index, below: $0) }, on: connection) }
    guard let stanza = nextStanza(index) else { return }
    if errs(index, 6, faults.tornStanza) {
      let bytes = Client.encode(stanza)
      world.send(Array(bytes.prefix(1 + roll(index, below: bytes.count - 1))), on: connection)
      guard roll(index, below: 2) == 1 else { return reset(index, "torn stanza") }
      disturb("\(actors[index].name) ends its connection in the midst of a stanza")
      world.close(connection)
      return lost(index)
    }
    send(stanza, as: index)
  }

  private mutating func nextStanza(_ index: Int) -> Element? {
    let users = honest.map { actors[$0].user }
    var workload = workload
    defer { self.workload = workload }
    return workload.next(for: actors[index].user, among: users) { roll(index, below: $0) }
  }

  var faults: Faults { swarm.faults }

  /// A draw of the actor's current deed: without this deed all others stay what they are.
  mutating func roll(_ index: Int, below bound: Int) -> Int {
    world.choices.draw(.action, UInt64(index), item: actors[index].actions, below: bound)
  }

  private mutating func errs(_ index: Int, _ kind: Int, _ percent: Int) -> Bool {
    world.choices.chance(.mischief, UInt64(index), item: actors[index].actions * 8 + kind, percent: percent)
  }

  /// What goes wrong on the client's side. Returns whether its deed is thereby done.
  private mutating func err(_ index: Int, _ connection: World.SocketID) -> Bool {
    if errs(index, 0, faults.reset) {
      reset(index, "reset")
    } else if errs(index, 1, faults.goodbye) {
      disturb("\(actors[index].name) ends its stream")
      follow(actors[index].client!.close(), index)
    } else if errs(index, 2, faults.halfClose) {
      disturb("\(actors[index].name) says no more and goes on listening")
      world.finish(connection)
    } else if errs(index, 3, faults.vanish) {
      disturb("\(actors[index].name) vanishes without a word")
      world.vanish(connection)
      lost(index)
    } else if !actors[index].isStuck, errs(index, 4, faults.stuck) {
      disturb("\(actors[index].name) stops reading")
      stopReading(index, for: .milliseconds(Int64(1 + world.choices.draw(.mischief, UInt64(index), item: -1, below: 5000))))
      return false
    } else {
      return false
    }
    return true
  }

  private mutating func beStrange(_ index: Int) {
    guard let bytes = HostileClient.strange(actors[index].isEncrypted, { roll(index, below: $0) }) else {
      if let connection = actors[index].connection {
        world.close(connection)
        lost(index)
      }
      return
    }
    hadFault = true
    if actors[index].connection == nil { open(index) }
    if let connection = actors[index].connection { world.send(bytes, on: connection) }
  }

  // MARK: Connections

  mutating func send(_ stanza: Element, as index: Int) {
    guard let connection = actors[index].connection, actors[index].isBound, failure == nil else { return }
    observe(.sent(actors[index].session, stanza))
    if stanza.type == "set", stanza.child("query", NS.register) != nil, !(stanza["to"]?.hasPrefix("t") ?? false) {
      administered.append(actors[index].account)
    }
    world.send(Client.encode(stanza), on: connection)
  }

  private mutating func open(_ index: Int) {
    actors[index].incarnation += 1
    actors[index].isStuck = false
    actors[index].isEncrypted = false
    streamBegins(index)
    let connection = world.connect(UInt64(index + 1) << 24 | UInt64(actors[index].incarnation), from: actors[index].origin)
    actors[index].connection = connection
    byConnection[connection] = index
    observe(.connected(actors[index].session))
  }

  mutating func connect(_ index: Int) {
    open(index)
    let actor = actors[index]
    var client = Client(
      account: actor.account, password: password(index), resource: actor.resource, nonce: "n\(index)x\(actor.incarnation)",
      security: .opportunistic)
    client.mechanisms = swarm.mechanisms
    if swarm.speaksLanguages, index % 2 == 1 { client.language = "de" }
    let outputs = client.begin()
    actors[index].client = client
    follow(outputs, index)
  }

  private mutating func password(_ index: Int) -> Text {
    guard actors[index].isHostile, roll(index, below: 4) == 3 else { return "pw" }
    return "wrong"
  }

  mutating func shakeHands(_ index: Int, _ connection: World.SocketID) {
    streamBegins(index)
    guard actors[index].client != nil else {
      actors[index].isEncrypted = true
      return world.completeHandshake(on: connection)
    }
    if !isLivenessPhase, world.choices.chance(.connection, connection.number, percent: faults.badHandshake) {
      disturb("\(actors[index].name) refuses the certificate")
      return world.completeHandshake(on: connection, fails: true)
    }
    world.completeHandshake(on: connection)
    // Some say their language only now, or another than before: that of the last header counts (RFC 6120, 4.7.4).
    if swarm.speaksLanguages, index % 4 > 1 { actors[index].client!.language = "fr" }
    follow(actors[index].client!.tlsEstablished(), index)
  }

  mutating func reset(_ index: Int, _ what: String) {
    disturb("\(actors[index].name): \(what)")
    if let connection = actors[index].connection { world.reset(connection) }
    lost(index)
  }

  mutating func lost(_ index: Int) {
    guard let connection = actors[index].connection else { return }
    // Its side of what the server ended.
    world.close(connection)
    observe(.ended(actors[index].session))
    byConnection[connection] = nil
    actors[index].connection = nil
    actors[index].client = nil
  }

  mutating func follow(_ outputs: [Client.Output], _ index: Int) {
    for output in outputs {
      guard let connection = actors[index].connection else { return }
      switch output {
      case .bytes(let bytes): world.send(bytes, on: connection)
      case .startTLS: break
      case .ready(let jid): observe(.began(actors[index].session, jid))
      case .stanza(let element): received(element, index)
      case .ended(let reason):
        if let reason, !isExcused(reason, index) { fail("stream", "\(actors[index].name) was told: \(reason)") }
        if reason?.contains("not-authorized") ?? false { isGone(actors[index].account) }
        lost(index)
      }
    }
  }

  private mutating func received(_ element: Element, _ index: Int) {
    if let answer = answer(element) { send(answer, as: index) }
    if element.id == Run.lastRequest { unanswered.remove(index) }
    observe(.received(actors[index].session, element))
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

  /// What a client may be told without having done wrong.
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
