import Testing
import XML
import XMPP

@testable import Simulation

/// A rule that everyday life breaks with one action.
private struct NobodyEntersTea: Oracle {
  static let name = "tea"
  static let clause = "a rule made for this test"
  mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    guard case .received(_, let element) = observation, element["from"]?.hasPrefix("tea@conference.localhost/") ?? false,
      element.type == nil, element.is("presence", "jabber:client")
    else { return nil }
    return "somebody is in the tea room"
  }
  func atRest(_ state: RestState) -> String? { nil }
}

/// A rule that each run breaks, whatever is chosen.
private struct NobodyConnects: Oracle {
  static let name = "alone"
  static let clause = "a rule made for this test"
  mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    if case .began = observation { "somebody is there" } else { nil }
  }
  func atRest(_ state: RestState) -> String? { nil }
}

/// Everybody stores something now and then, and does nothing else.
private struct Storing: Workload {
  private var count = 0
  init(roll: (Int) -> Int) {}
  mutating func next(for user: User, among users: [User], roll: (Int) -> Int) -> Element? {
    guard user.resource == "d0", roll(3) == 2 else { return nil }
    count += 1
    var kept = Element(Text("a\(count)"), "urn:x:prefs")
    kept.append("value", "urn:x:prefs", text: Text("v\(count)."))
    let query = Element("query", "jabber:iq:private", children: [kept])
    return Element("iq", "jabber:client", ["type": "set", "id": "q\(count)"], children: [query])
  }
}

/// Everybody writes to somebody who is not there now and then, and does nothing else.
private struct Writing: Workload {
  private var count = 0
  init(roll: (Int) -> Int) {}
  mutating func next(for user: User, among users: [User], roll: (Int) -> Int) -> Element? {
    guard roll(8) == 7 else { return nil }
    count += 1
    return EverydayWorkload.message(to: "nobody@localhost", "chat", count)
  }
}

struct ExplainerTests {
  private static let effort: Explainer.Effort = {
    var effort = Explainer.Effort()
    (effort.moments, effort.continuations, effort.confirmations, effort.values) = (20, 20, 40, 3)
    return effort
  }()

  /// The first failure of some seeds, made small, and why it failed.
  private struct Case {
    let found: Shrinker.Found
    let choices: Choices
    let options: RunOptions
    let causality: Causality

    /// - Parameter message: a part of the failure's message.
    init?(_ options: RunOptions, message: String = "") {
      for seed: UInt64 in 0..<40 {
        var run = Run(Choices(seed: seed), options)
        guard run.run().failure?.message.contains(message) ?? false else { continue }
        var shrinker = Shrinker(Choices(seed: seed), options, budget: 400)
        guard let found = shrinker.run() else { continue }
        var options = options
        options.duration = found.trace.duration
        let choices = Choices(seed: found.trace.seed, source: .trace(found.trace.choices))
        guard var explainer = Explainer(choices, options, effort) else { return nil }
        let most = explainer.mostRuns
        (self.found, self.choices, self.options, causality) = (found, choices, options, explainer.explain())
        #expect(causality.runs <= most)
        #expect(causality.failure.signature == found.failure.signature)
        return
      }
      return nil
    }
  }

  private static let tea = Case(RunOptions(duration: 3_000_000_000, oracles: [NobodyEntersTea.self]))

  private static func planted(_ mutation: String, _ rule: String, _ message: String, _ workload: any Workload.Type) throws -> Case {
    var options = RunOptions(duration: 3_000_000_000, oracles: Run.oracles.filter { $0.name == rule }, workload: workload)
    options.mutation = Mutation(rawValue: mutation)
    return try #require(Case(options, message: message))
  }

  /// The cause is the entrance: nothing before it makes it likely, and nothing after it is needed.
  @Test func theCauseIsTheActionThatBreaksTheRule() throws {
    let tea = try #require(Self.tea)
    let (causality, jump) = (tea.causality, try #require(tea.causality.jump))
    let entrance = try #require(tea.found.history.first { $0.description.contains("tea@conference.localhost") })
    #expect(causality.hasClearCause)
    #expect(jump.after.event == entrance.event)
    #expect(jump.words.contains("acts; ") && jump.words.contains("tea@conference.localhost"))
    #expect(jump.isObserved)
    let action = causality.verdicts.filter { $0.draw.stream.purpose == .action }
    #expect(!action.isEmpty && action.allSatisfy { $0.kind != .irrelevant })
    #expect(action.contains { $0.words.contains("tea@conference.localhost") })
  }

  /// Of what users store one thing never gets to the disk: the cause is between its request and the answer.
  @Test func theCauseOfALostCommitIsItsRequest() throws {
    let lost = try Self.planted("commitUnwritten", "private", "the disk holds", Storing.self)
    let jump = try #require(lost.causality.jump)
    let value = try #require(lost.found.failure.message.firstMatch(of: /v\d+\./)?.output, "\(lost.found.failure)")
    let request = try #require(lost.found.history.first { $0.description.contains(value) })
    let answer = try #require(
      lost.found.history.first { moment in
        if case .received(_, let element) = moment.observation { moment.event > request.event && element.type == "result" } else { false }
      })
    #expect(lost.causality.hasClearCause)
    #expect(request.event...answer.event ~= jump.after.event, "\(lost.causality.text)\n\(lost.found.history)")
  }

  /// Each third error is not written: the cause is between the message that it is for and what its sender would have received.
  @Test func theCauseOfALostErrorIsItsMessage() throws {
    let lost = try Self.planted("errorSwallowed", "ledger", "neither delivered", Writing.self)
    let jump = try #require(lost.causality.jump)
    let id = try #require(lost.found.failure.message.firstMatch(of: /L\d+/)?.output)
    let message = try #require(lost.found.history.first { $0.description.contains("'\(id)'") })
    #expect(lost.causality.hasClearCause)
    #expect(message.event...lost.found.failure.event ~= jump.after.event, "\(lost.causality.text)\n\(lost.found.history)")
    #expect(jump.words.contains("'\(id)'") || jump.words.contains("from user"), "\(lost.causality.text)")
  }

  @Test func momentsBeginAtTheStartAndEndAtTheFailure() throws {
    let causality = try #require(Self.tea).causality
    #expect(causality.moments.first?.event == 0)
    #expect(causality.moments.last?.event == causality.failure.event)
    #expect(causality.moments.last?.share.value == 1)
    #expect(zip(causality.moments, causality.moments.dropFirst()).allSatisfy { $0.event < $1.event && $0.time <= $1.time })
    #expect(causality.moments.allSatisfy { $0.share.of == 20 && (0...20).contains($0.share.failing) })
  }

  /// A run that always fails has no cause among its events, and no choice matters.
  @Test func whereEachRunFailsThereIsNoCause() throws {
    let causality = try #require(Case(RunOptions(oracles: [NobodyConnects.self]))).causality
    #expect(causality.jump == nil)
    #expect(causality.verdicts.allSatisfy { $0.kind == .irrelevant })
  }

  /// The order in which the runs are made changes nothing.
  @Test func theSameRunIsExplainedAlike() throws {
    let tea = try #require(Self.tea)
    var explainer = try #require(Explainer(tea.choices, tea.options, Self.effort))
    let again = explainer.explain { count, work in (0..<count).reversed().map(work).reversed() }
    #expect(again.text == tea.causality.text)
  }

  @Test func aRunThatPassesIsNotExplained() {
    #expect(Explainer(Choices(seed: 4), RunOptions(duration: 1_000_000_000, oracles: [])) == nil)
  }

  @Test(arguments: [
    (value: 1, bound: 2, others: [0]), (value: 2, bound: 4, others: [0, 1, 3]), (value: 99, bound: 100, others: [0, 98, 49, 25]),
    (value: 3, bound: 1000, others: [0, 2, 4, 1]),
  ])
  func valuesAreTriedFromZeroOn(value: Int, bound: Int, others: [Int]) {
    let stream = Choices.Stream(purpose: .action, who: 0, item: 0)
    #expect(Choices.Draw(stream: stream, index: 0, value: value, bound: bound, event: 0).others(4) == others)
  }
}
