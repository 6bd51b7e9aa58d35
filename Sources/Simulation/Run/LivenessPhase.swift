internal import OrderedCollections
internal import SASL
internal import ServerCore
internal import XML
internal import XMPP

// The end of a run: faults are over, everybody is back, then everybody goes.

extension Run {
  /// Faults are over: everyone comes back, and everyone hears everyone.
  mutating func enterLivenessPhase() {
    guard failure == nil else { return }
    // Some may have been deleted without a word of it having come through.
    accountsThere = []
    let patience = SimulatedFeature.all.compactMap { $0.patience?(world) }.max() ?? 0
    if patience > 0 { wait(patience) }
    // A question whose answer was lost is given up first: whatever is asked of its account or room until then fails with it.
    if swarm.mayLoseQuestions { wait(swarm.settings.configuration.limits[time: .inquiryTime] + .seconds(1)) }
    // One after the other, where only few at a time can be made.
    for _ in actors where actors.contains(where: { !isThere($0.account) }) {
      createAccounts()
      settle()
    }
    for account in administered {
      ask(.enableAccount(account))
      settle()
      ask(.changePassword(account, password: Secret(Array(Passwords.first.utf8))))
      settle()
    }
    for index in actors.indices { actors[index].wrongPasswords = 0 }
    if swarm.isTight { forgetConnections() }
    for index in actors.indices where !actors[index].isHostile {
      if clients[index].stream == nil { connect(index) }
      settle()
    }
    for index in honest {
      guard clients[index].isBound else { return fail("liveness", "\(actors[index].name) can't log in any more") }
      send(Element("presence", NS.client), as: index)
    }
    settle()
    for index in honest {
      for other in honest {
        send(EverydayWorkload.message(to: actors[other].account.text, "chat", nextNumber()), as: index)
        if swarm.isTight { settle() }
      }
    }
    settle()
    isEveryoneBack = true
    checkAtRest()
    for index in honest where actors[index].resource == "d0" {
      for question in PeaceQuestion.all {
        send(Element("iq", NS.client, ["type": "get", "id": question.id], children: [question.payload]), as: index)
      }
    }
    settle()
    askEveryone()
    checkAtRest()
    leave()
    for index in actors.indices { streamBegins(index) }
  }

  /// The server waits for those who do not take its last words; until then their connections count, and no others may come.
  private mutating func forgetConnections() { wait(.seconds(15)) }

  mutating func wait(_ time: Int64) {
    let patience = world.now + time
    while failure == nil, world.advance(untilRest: false, upTo: patience) { attend() }
  }

  /// Everybody goes, and time passes: whoever nobody needs any more is let go.
  private mutating func leave() {
    end = world.now
    for index in actors.indices { hangUp(index) }
    settle()
    let limits = swarm.settings.configuration.limits
    let patience = world.now + 2 * (limits[time: .idleTime] + limits[time: .closeWait] + limits[time: .roomLockTime]) + .seconds(60)
    while failure == nil, world.advance(untilRest: false, upTo: patience) { attend() }
    guard failure == nil else { return }
    let server = world.engine.server
    if let account = server.accountsInMemory.first { fail("leftovers", "everybody is gone, and \(account) is still in memory") }
    if let room = server.roomsInMemory.first { fail("leftovers", "everybody is gone, and \(room) is still in memory") }
    if let connection = server.openConnections.first {
      fail("leftovers", "everybody is gone, and connection \(connection.number) is still there")
    }
  }

  /// In peace whoever asks gets an answer.
  private mutating func askEveryone() {
    for index in honest where clients[index].isBound {
      unanswered.append(index)
      let ping = Element("ping", NS.ping)
      send(Element("iq", NS.client, ["type": "get", "id": Run.lastRequest, "to": "localhost"], children: [ping]), as: index)
    }
    settle()
    if let index = unanswered.first { fail("liveness", "\(actors[index].name) gets no answer any more") }
  }
}
