internal import XML

/// Lets the characters of a script act, in turn.
public struct ScenarioRunner: Sendable {
  /// Whether all that a client receives must have been asked for: what is left over when a character disconnects, or at the
  /// script's end, fails it.
  public var exact: Bool

  public init(exact: Bool) { self.exact = exact }

  public func run<D: ScenarioDriver>(_ script: Script, with driver: inout D) -> Outcome {
    var run = ScriptRun(script, exact: exact)
    let outcome: Outcome
    do throws(ScriptFailure) {
      for action in script.actions { try run.perform(action, with: &driver) }
      try run.end(with: &driver)
      outcome = .passed
    } catch {
      outcome = .failed(line: error.line, expected: error.expected, got: error.got)
    }
    driver.finish()
    return outcome
  }
}

/// An action of a script that failed: its line, what it expected and what happened.
public struct ScriptFailure: Error, Sendable {
  public var line: Int
  public var expected: String
  public var got: String
}

/// One run of a script, action by action.
public struct ScriptRun: Sendable {
  private let cast: [Character]
  private let exact: Bool
  private var values: Values
  /// Of each of the cast, in order.
  private var parts: [Part]
  private var line = 0

  private struct Part: Sendable {
    var isConnected = false
    /// Stanzas that came and that the script has not yet received, in order.
    var waiting: [Element] = []
  }

  /// Stanzas kept for one character: a server that never stops sending ends the wait too.
  private static let mostWaiting = 10_000
  /// Stanzas shown in a failure.
  private static let mostShown = 3

  public init(_ script: Script, exact: Bool) {
    cast = script.cast
    self.exact = exact
    values = Values(cast: script.cast)
    parts = Array(repeating: Part(), count: script.cast.count)
    line = script.actions.first?.line ?? 0
  }

  /// Lets the next action happen. The run may go on after one that failed.
  public mutating func perform<D: ScenarioDriver>(_ action: Action, with driver: inout D) throws(ScriptFailure) {
    line = action.line
    switch action.event {
    case .character(let name, let verb): try perform(verb, by: name, with: &driver)
    case .serverRestarts: try restart(with: &driver)
    case .serverCrashes:
      // With `exact` nothing is looked for here: it would let happen what is under way, and the crash would come too late.
      for index in parts.indices { parts[index] = Part() }
      try attempt("the server crashes", nil) { () throws(DriverError) in try driver.crashServer() }
    case .nextCommitFails:
      try attempt("the next commit fails", nil) { () throws(DriverError) in try driver.failNextCommit() }
    case .world(let change):
      try attempt(change.line, nil) { () throws(DriverError) in try driver.change(change) }
    case .operates(let request, let isRefused): try operate(request, isRefused: isRefused, with: &driver)
    case .timePasses(let seconds):
      try attempt("\(seconds) seconds pass", nil) { () throws(DriverError) in try driver.wait(seconds: seconds) }
    }
  }

  private func operate<D: ScenarioDriver>(_ request: OperatorRequest, isRefused: Bool, with driver: inout D) throws(ScriptFailure) {
    let line = request.line(isRefused: isRefused)
    let refusal = try attempt(line, nil) { () throws(DriverError) in try driver.operate(request) }
    if !isRefused, let refusal { throw ScriptFailure(line: self.line, expected: line, got: refusal) }
    if isRefused, refusal == nil { throw ScriptFailure(line: self.line, expected: line, got: "it is done") }
  }

  private mutating func restart<D: ScenarioDriver>(with driver: inout D) throws(ScriptFailure) {
    if exact { try expectNothingLeft("before the server restarts", with: &driver) }
    for index in parts.indices { parts[index] = Part() }
    try attempt("the server restarts", nil) { () throws(DriverError) in try driver.restartServer() }
  }

  private mutating func perform<D: ScenarioDriver>(_ verb: Action.Verb, by name: String, with driver: inout D) throws(ScriptFailure) {
    guard let index = cast.firstIndex(where: { name[...].isSame(as: $0.name) }) else {
      throw ScriptFailure(line: line, expected: "\(name) in the cast", got: "nobody")
    }
    if try begin(verb, index, with: &driver) { return }
    guard parts[index].isConnected else { throw ScriptFailure(line: line, expected: "\(name) is connected", got: "\(name) is not") }
    switch verb {
    case .connects, .failsToConnect, .opensConnection: break
    case .disconnects:
      if exact { try expectNothingMore(index, "nothing more for \(name), who disconnects", with: &driver) }
      parts[index] = Part()
      try attempt("\(name) disconnects", nil) { () throws(DriverError) in try driver.disconnect(name) }
    case .losesConnection:
      parts[index] = Part()
      try attempt("\(name) loses the connection", nil) { () throws(DriverError) in try driver.breakConnection(of: name) }
    case .connection(let change):
      try attempt("\(name) \(change.rawValue)", nil) { () throws(DriverError) in try driver.change(change, of: name) }
    case .writes(let bytes):
      try attempt("\(name) writes \(bytes.summary)", nil) { () throws(DriverError) in try driver.write(bytes.all, as: name) }
    case .sends(let template): try send(template.pattern, index, with: &driver)
    case .receives(let template): try receive(template.pattern, index, with: &driver)
    case .receivesNext(let template): try receiveNext(template.pattern, index, with: &driver)
    case .receivesNothing: try expectNothingMore(index, "nothing for \(name)", with: &driver)
    }
  }

  /// A character has left, though no action of the script said so.
  public mutating func left(_ name: String) {
    if let index = cast.firstIndex(where: { $0.name == name }) { parts[index] = Part() }
  }

  /// After the last action.
  public mutating func end<D: ScenarioDriver>(with driver: inout D) throws(ScriptFailure) {
    if exact { try expectNothingLeft("at the end of the script", with: &driver) }
  }

  private mutating func expectNothingLeft<D: ScenarioDriver>(_ when: String, with driver: inout D) throws(ScriptFailure) {
    for index in cast.indices where parts[index].isConnected {
      try expectNothingMore(index, "nothing more for \(cast[index].name) \(when)", with: &driver)
    }
  }

  /// Makes a connection, or fails to. Returns false for an action that needs one.
  private mutating func begin<D: ScenarioDriver>(_ verb: Action.Verb, _ index: Int, with driver: inout D) throws(ScriptFailure) -> Bool {
    let character = cast[index]
    let expected: String
    switch verb {
    case .connects: expected = "\(character.name) connects"
    case .failsToConnect: expected = "\(character.name) fails to connect"
    case .opensConnection: expected = "\(character.name) opens a connection"
    default: return false
    }
    guard !parts[index].isConnected else { throw ScriptFailure(line: line, expected: expected, got: "\(character.name) is connected") }
    switch verb {
    case .connects(let password): try connect(index, password, with: &driver)
    case .failsToConnect(let password):
      guard let jid = try? driver.connect(character.with(password)) else {
        // A connection may be left on which nobody answers.
        try? driver.disconnect(character.name)
        return true
      }
      parts[index].isConnected = true
      throw ScriptFailure(line: line, expected: expected, got: "\(character.name) is logged in as \(jid)")
    default:
      try attempt(expected, nil) { () throws(DriverError) in try driver.open(character) }
      parts[index].isConnected = true
    }
    return true
  }

  private mutating func connect<D: ScenarioDriver>(_ index: Int, _ password: Text?, with driver: inout D) throws(ScriptFailure) {
    let character = cast[index].with(password)
    let jid = try attempt("\(character.name) connects", nil) { () throws(DriverError) in try driver.connect(character) }
    values.bound(character.name, to: jid)
    parts[index].isConnected = true
  }

  private func send<D: ScenarioDriver>(_ pattern: Pattern, _ index: Int, with driver: inout D) throws(ScriptFailure) {
    let name = cast[index].name
    let element: Element
    do throws(UnknownValue) {
      element = try pattern.rendered(with: values)
    } catch {
      throw ScriptFailure(line: line, expected: "a value for \(error.placeholder), to send", got: "none is known yet")
    }
    try attempt("\(name) sends \(element)", nil) { () throws(DriverError) in try driver.send(element, as: name) }
  }

  private mutating func receive<D: ScenarioDriver>(_ pattern: Pattern, _ index: Int, with driver: inout D) throws(ScriptFailure) {
    let name = cast[index].name
    var looked = 0
    while true {
      while looked < parts[index].waiting.count {
        if let found = Matcher.match(pattern, parts[index].waiting[looked], values) {
          values = found
          parts[index].waiting.remove(at: looked)
          return
        }
        looked += 1
      }
      guard parts[index].waiting.count < ScriptRun.mostWaiting else { break }
      let next = try attempt("\(name) receives \(pattern.shown(with: values))", shown(parts[index].waiting, against: pattern)) {
        () throws(DriverError) in try driver.receive(as: name)
      }
      guard let next else { break }
      parts[index].waiting.append(next)
    }
    throw ScriptFailure(line: line, expected: "\(pattern.shown(with: values))", got: shown(parts[index].waiting, against: pattern))
  }

  /// Fails unless the first stanza that waits for the character, or the next that comes, is the one.
  private mutating func receiveNext<D: ScenarioDriver>(_ pattern: Pattern, _ index: Int, with driver: inout D) throws(ScriptFailure) {
    let name = cast[index].name
    if parts[index].waiting.isEmpty {
      let next = try attempt("\(name) receives next \(pattern.shown(with: values))", nil) { () throws(DriverError) in
        try driver.receive(as: name)
      }
      if let next { parts[index].waiting.append(next) }
    }
    guard let first = parts[index].waiting.first, let found = Matcher.match(pattern, first, values) else {
      let got = shown(Array(parts[index].waiting.prefix(1)), against: pattern)
      throw ScriptFailure(line: line, expected: "next \(pattern.shown(with: values))", got: got)
    }
    values = found
    parts[index].waiting.removeFirst()
  }

  /// Fails if something waits for the character, or is on its way.
  private mutating func expectNothingMore<D: ScenarioDriver>(_ index: Int, _ expected: String, with driver: inout D) throws(ScriptFailure) {
    let name = cast[index].name
    while parts[index].waiting.count <= ScriptRun.mostShown {
      let next = try attempt(expected, shown(parts[index].waiting, against: nil)) { () throws(DriverError) in
        try driver.receiveIfUnderWay(as: name)
      }
      guard let next else { break }
      parts[index].waiting.append(next)
    }
    guard parts[index].waiting.isEmpty else {
      throw ScriptFailure(line: line, expected: expected, got: shown(parts[index].waiting, against: nil))
    }
  }

  private func attempt<R>(
    _ expected: String, _ waiting: @autoclosure () -> String?, _ body: () throws(DriverError) -> R
  ) throws(ScriptFailure) -> R {
    do throws(DriverError) {
      return try body()
    } catch {
      throw ScriptFailure(line: line, expected: expected, got: [error.message, waiting()].compactMap { $0 }.joined(separator: "\n"))
    }
  }

  /// A few of the stanzas, for a person: first the one that comes nearest to what was expected, and why it is not the one.
  private func shown(_ waiting: [Element], against pattern: Pattern?) -> String {
    guard !waiting.isEmpty else { return "nothing" }
    var order = Array(waiting.indices)
    var why: [String] = []
    if let pattern {
      let explained = order.compactMap { index in Explanation(of: waiting[index], against: pattern, values).map { (index, $0) } }
      if let nearest = explained.min(by: { $0.1.distance < $1.1.distance }) {
        order.removeAll { $0 == nearest.0 }
        order.insert(nearest.0, at: 0)
        why = nearest.1.reasons.prefix(ScriptRun.mostShown).map { "  " + $0 }
      }
    }
    var lines = order.prefix(ScriptRun.mostShown).map { "\(waiting[$0])" }
    lines.insert(contentsOf: why, at: 1)
    if order.count > ScriptRun.mostShown { lines.append("and \(order.count - ScriptRun.mostShown) more") }
    return lines.joined(separator: "\n")
  }
}
