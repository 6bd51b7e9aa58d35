internal import OrderedCollections
internal import Scenario
internal import XML
internal import XMPP

/// One performance of a draft in the simulator, with the rules watching: whether one is broken, and what everybody received.
struct DraftPlay {
  enum Event: Sendable {
    case step(ScriptDraft.Step)
    case received(Int, Element)
  }

  let draft: ScriptDraft
  /// The steps that could be done, each with what was received behind it.
  private(set) var events: [Event] = []
  /// As the world is at the end.
  private(set) var driver: SimulatedDriver
  /// Characters who have connected and not left, as the script knows it.
  private(set) var there: [Int] = []
  /// Characters who have written bytes since they connected: a stanza of theirs may not be understood as one.
  private(set) var writers: OrderedSet<Int> = []
  /// The last step is a login that fails.
  private(set) var endsWithLogin = false
  /// The passwords that accounts have or had, beyond the first; the latest last.
  private var passwords: OrderedDictionary<JID, [Text]> = [:]
  /// Accounts that are not to be logged in to, or may not be there.
  private var shut: OrderedSet<JID> = []

  var failure: RunReport.Failure? { driver.watch?.failure }

  /// `nil` if the draft is no script.
  init?(_ draft: ScriptDraft, _ options: RunOptions) {
    guard let script = try? Script(parsing: draft.header([]), name: "draft") else { return nil }
    self.draft = draft
    driver = SimulatedDriver(script: script, seed: 0, mutation: options.mutation, watch: RuleWatch(options))
    play()
  }

  private mutating func play() {
    for (index, step) in draft.steps.enumerated() {
      guard perform(step) else { continue }
      if draft.isHasty, index + 1 < draft.steps.count, case .serverCrashes = draft.steps[index + 1] {
        receiveOne(step)
      } else {
        drain()
      }
      if failure != nil { return }
    }
    checkPings()
    guard failure == nil else { return }
    let accounts = there.map { draft.cast[$0].bareJID }
    let isPeaceful = draft.cast.allSatisfy { accounts.contains($0.bareJID) || draft.isHostile($0) }
    let hadFault = driver.watch?.hadFault ?? false
    let mayLoseStanzas = driver.watch?.mayLoseStanzas ?? false
    driver.watch?.checkAtRest(
      RestState(
        world: driver.world, sessions: driver.clients.bound, isFaultless: !hadFault, mayLoseStanzas: mayLoseStanzas, isPeaceful: isPeaceful)
    )
  }

  // MARK: Steps

  /// Returns false if there is nothing to do.
  private mutating func perform(_ step: ScriptDraft.Step) -> Bool {
    switch step {
    case .connects(let who, _): return connect(who)
    case .failsToConnect: return false
    case .opensConnection(let who):
      guard !driver.hasConnection(draft.cast[who].name) else { return false }
      if there.contains(who) { leave(who) }
      note(step)
      there.append(who)
      writers.append(who)
      try? driver.open(draft.cast[who])
    case .writes(let who, let bytes):
      guard driver.hasConnection(draft.cast[who].name) else { return false }
      note(step)
      writers.append(who)
      try? driver.write(bytes, as: draft.cast[who].name)
    case .operates(let request, _): operate(request)
    case .world(let change):
      note(step)
      try? driver.change(change)
    case .changes(let who, let change):
      guard driver.hasConnection(draft.cast[who].name) else { return false }
      note(step)
      try? driver.change(change, of: draft.cast[who].name)
    case .disconnects(let who):
      guard there.contains(who) else { return false }
      leave(who)
    case .losesConnection(let who):
      guard there.contains(who), driver.isConnected(draft.cast[who].name) else { return false }
      note(step)
      there.removeAll { $0 == who }
      try? driver.breakConnection(of: draft.cast[who].name)
    case .sends(let who, let element):
      guard driver.isConnected(draft.cast[who].name) else { return false }
      note(step)
      noteRegistration(element, by: who)
      try? driver.send(element, as: draft.cast[who].name)
    case .serverRestarts:
      note(step)
      there = []
      try? driver.restartServer()
    case .serverCrashes:
      note(step)
      there = []
      try? driver.crashServer()
    case .nextCommitFails:
      note(step)
      try? driver.failNextCommit()
    case .passes(let seconds):
      note(step)
      try? driver.wait(seconds: seconds)
    }
    return true
  }

  private mutating func note(_ step: ScriptDraft.Step) { events.append(.step(step)) }

  private mutating func leave(_ who: Int) {
    note(.disconnects(who))
    there.removeAll { $0 == who }
    try? driver.disconnect(draft.cast[who].name)
  }

  private mutating func connect(_ who: Int) -> Bool {
    let character = draft.cast[who]
    guard !driver.hasConnection(character.name) else { return false }
    // The server has ended the session.
    if there.contains(who) { leave(who) }
    let account = JID(character.bareJID)
    // Which of the passwords that were asked for counts, storage and failed commits may have decided.
    let others: [Text?] = account.flatMap { passwords[$0] } ?? []
    for password in others.reversed() + [nil] {
      var attempt = character
      attempt.password = password ?? character.password
      do throws(DriverError) {
        _ = try driver.connect(attempt)
        there.append(who)
        writers.remove(who)
        note(.connects(who, password: password))
        return true
      } catch {
        try? driver.disconnect(character.name)
        if error.message.contains("conflict") { return false }
        if error.message.contains("not-authorized"), password != nil || account.map({ isExcused($0) }) ?? false { continue }
        driver.watch?.fail("liveness", "\(character.name) can't log in: \(error.message)", at: driver.world.now)
        endsWithLogin = true
        note(.connects(who, password: password))
        return true
      }
    }
    return false
  }

  /// Whether nobody need be able to log in.
  private func isExcused(_ account: JID) -> Bool { shut.contains(account) }

  // MARK: Accounts

  private mutating func operate(_ request: OperatorRequest) {
    let refusal: String?
    do throws(DriverError) { refusal = try driver.operate(request) } catch { return }
    note(.operates(request, isRefused: refusal != nil))
    guard let account = JID(request.account) else { return }
    if let password = request.password { passwords[account, default: []].append(password) }
    switch request.change {
    case .delete, .disable: shut.append(account)
    case .add, .enable: if refusal == nil { shut.remove(account) }
    case .changePassword: break
    }
  }

  /// Users change their passwords, and remove their accounts (XEP-0077, 3.2 and 3.3).
  private mutating func noteRegistration(_ element: Element, by who: Int) {
    guard let account = JID(draft.cast[who].bareJID) else { return }
    if element.removesAccount { shut.append(account) }
    if let password = element.child("query", NS.register)?.child("password", NS.register)?.text.trimmed, !password.isEmpty {
      passwords[account, default: []].append(password)
    }
  }

  // MARK: Received stanzas

  /// Everything that is under way arrives.
  private mutating func drain() {
    for who in there {
      while let element = try? driver.receiveIfUnderWay(as: draft.cast[who].name) { events.append(.received(who, element)) }
    }
  }

  private mutating func receiveOne(_ step: ScriptDraft.Step) {
    guard case .sends(let who, _) = step, let element = try? driver.receive(as: draft.cast[who].name) else { return }
    events.append(.received(who, element))
  }

  /// The ping of the liveness phase has an answer.
  private mutating func checkPings() {
    for case .step(.sends(let who, let element)) in events where element.id == Run.lastRequest && there.contains(who) {
      let isAnswered = events.contains { if case .received(who, let answer) = $0 { answer.id == Run.lastRequest } else { false } }
      if !isAnswered { driver.watch?.fail("liveness", "\(draft.cast[who].name) gets no answer any more", at: driver.world.now) }
    }
  }

  /// The event by which the rule was broken, if a stanza that came broke it.
  var culprit: Int? {
    guard let (session, element) = driver.watch?.culprit else { return nil }
    let name = driver.name(of: session.actor)
    return events.lastIndex { event in
      if case .received(let who, let other) = event { draft.cast[who].name == name && other == element } else { false }
    }
  }

  /// The answer to a question that somebody asks now; the play itself goes on as if nobody had asked.
  func answer(to request: Element, of who: Int) -> Element? {
    var copy = driver
    copy.watch = nil
    let name = draft.cast[who].name
    try? copy.send(request, as: name)
    while let element = try? copy.receive(as: name) { if element.id == request.id { return element } }
    return nil
  }
}
