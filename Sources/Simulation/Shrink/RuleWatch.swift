internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// The rules that watch the run of a script, and the first that is broken.
struct RuleWatch: Sendable {
  private var oracles: [any Oracle]
  private let leftOut: [String]
  let comparesWithModel: Bool
  private var outputs = OutputStreams()
  private(set) var failure: RunReport.Failure?
  /// The expectations of clients that the broken rule stands for, the likeliest first.
  private(set) var expectations: [ClientExpectation] = []
  /// The stanza by which the rule was broken, and who received it.
  private(set) var culprit: (session: SessionID, element: Element)?
  /// Something broke on purpose.
  var hadFault = false
  /// Storage has not answered a question, so that what waited for it may be lost.
  var mayLoseStanzas = false

  init(_ options: RunOptions) {
    oracles = options.oracles.filter { !options.without.contains($0.name) }.map { $0.init() }
    leftOut = options.without
    comparesWithModel = !options.without.contains("model") && (options.mutation == nil || options.alwaysComparesWithModel)
  }

  mutating func begin(with configuration: Configuration) {
    for index in oracles.indices { oracles[index].begin(with: configuration) }
  }

  mutating func fail(
    _ rule: String, _ message: String, at time: Int64, isAtRest: Bool = false, expecting expectations: [ClientExpectation] = []
  ) {
    guard failure == nil, !leftOut.contains(rule) else { return }
    self.expectations = expectations
    failure = RunReport.Failure(oracle: rule, message: message, time: time, isAtRest: isAtRest)
  }

  mutating func observe(_ observation: Observation, at time: Int64) {
    guard failure == nil else { return }
    for index in oracles.indices {
      guard let problem = oracles[index].observe(observation, at: time) else { continue }
      let expectations = oracles[index].expectations(after: observation)
      fail(type(of: oracles[index]).name, problem, at: time, expecting: expectations)
      if case .received(let session, let element) = observation { culprit = (session, element) }
      return
    }
  }

  /// Somebody sets the wall clock, which rules that know a time by it must hear.
  mutating func wallClockSet(by offset: Int64, at time: Int64) {
    for index in oracles.indices { oracles[index].wallClockSet(by: offset, at: time) }
  }

  /// Looks at the whole, with nothing under way.
  mutating func checkAtRest(_ state: RestState) {
    guard failure == nil else { return }
    for oracle in oracles {
      guard let problem = oracle.atRest(state) else { continue }
      fail(
        type(of: oracle).name, problem, at: state.world.now, isAtRest: true, expecting: oracle.expectations(atRest: state))
      return
    }
  }

  // MARK: Streams

  mutating func arrived(_ bytes: [UInt8], for index: Int) { outputs.received(bytes, by: index) }

  mutating func streamBegins(_ index: Int, at time: Int64) {
    if failure != nil { return outputs.drop(index) }
    if let problem = outputs.endOfStream(index) { fail(OutputStreams.name, problem, at: time) }
  }

  mutating func streamEnded(_ name: String, _ reason: String, at time: Int64) {
    let excuses = ["internal-server-error", "temporary-auth-failure", "connection-timeout", "system-shutdown", "refused the resource"]
    if reason.contains("conflict") || hadFault && excuses.contains(where: { reason.contains($0) }) { return }
    fail("stream", "\(name) was told: \(reason)", at: time)
  }
}
