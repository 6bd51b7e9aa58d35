internal import ArgumentParser
internal import Dispatch
internal import Foundation
internal import ServerNIO
internal import Scenario
internal import Simulation

/// `spondee simulate`: users, faults and oracles in virtual time.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate", abstract: "Run the server in a simulated world, from seeds, and check what it may never do.",
    discussion: """
      Each seed makes a world of its own: a few users with their devices, and in most of them trouble: latency, split and stalled \
      connections, clients that vanish, stop reading or send garbage, failing disks, crashes, clocks that jump, limits that are tiny. The \
      same seed gives the same run, to the byte; the digest shows it.

      Exit status: 0 if no rule was broken, 1 if one was, 2 if the arguments are wrong or a file can't be read or written.
      """)

  @OptionGroup(title: "Runs") var runs: RunSelection
  @OptionGroup(title: "Rules and planted bugs") var rules: RuleSelection
  @OptionGroup(title: "Failures") var failures: FailureOptions
  @OptionGroup(title: "Results") var results: ResultOptions
  @OptionGroup(title: "Other trials") var other: OtherTrials

  func validate() throws {
    let sources = [runs.seeds != nil, runs.replay != nil, runs.budget != nil].filter { $0 }.count
    guard sources <= 1, runs.seed == nil || (runs.seeds == nil && runs.replay == nil) else {
      throw ValidationError("give one of --seed, --seeds, --for and --replay")
    }
    if let shards = runs.shards, !(1...64 ~= shards) { throw ValidationError("--shards is a number from 1 to 64, not \(shards)") }
    for name in rules.without where !Run.rules.contains(name) { throw ValidationError("there is no rule '\(name)'") }
    if let mutation = rules.mutation, Mutation(rawValue: mutation) == nil { throw ValidationError("there is no mutant '\(mutation)'") }
    for name in other.explore where name != SmallWorldTour.all && !SmallWorld.all.contains(where: { $0.name == name }) {
      throw ValidationError("there is no small world '\(name)'")
    }
    guard (0...1000).contains(runs.branches) else { throw ValidationError("--branches takes 0 to 1000") }
    if failures.explain, !failures.shrink, runs.replay == nil {
      throw ValidationError("--explain needs --shrink, or --replay with a trace")
    }
    guard other.at == nil || (other.fault != nil && other.torture.count == 1) else {
      throw ValidationError("--at needs --fault, and one script with --torture")
    }
    guard other.fault == nil || !other.torture.isEmpty else { throw ValidationError("--fault needs --torture") }
    if other.at != nil, let fault = other.fault, TortureFault(fault) == nil {
      throw ValidationError("there is no fault '\(fault)'")
    }
    guard other.slice == nil || !other.torture.isEmpty else { throw ValidationError("--slice needs --torture") }
    guard (1...64).contains(runs.jobs) else { throw ValidationError("--jobs takes 1 to 64") }
  }

  func run() throws {
    // A child of --shrink has a file for it.
    if runs.reenact == nil, failures.output != "." { try makeOutputFolder() }
    if let replay = runs.replay, let files = try RecordingReplay.files(at: replay) { return try replayRecording(files, replay) }
    if let replay = runs.replay { return try repeatRun(in: replay) }
    if other.benchmark { return printRates() }
    if other.mutants { return try tryTheSimulator() }
    if !other.explore.isEmpty { return try goThroughSmallWorlds() }
    if !other.torture.isEmpty { return try tortureScripts() }
    var campaign = Campaign(first: runs.seeds?.range.lowerBound ?? runs.seed ?? 0, options: options)
    campaign.count = runs.budget == nil ? runs.seeds.map { $0.range.count } ?? 1 : nil
    campaign.budget = runs.budget.map { Double($0.nanoseconds) / 1e9 }
    campaign.keepsHistory = results.trace
    campaign.stopsAtFailure = runs.untilFailure
    campaign.jobs = runs.jobs
    campaign.branches = runs.branches
    campaign.isSteered = runs.steer
    let found = campaign.run()
    for result in found.runs where results.digests { print("seed \(result.report.seed) digest \(result.report.digest)") }
    for result in found.runs where results.trace { for moment in result.history { print(moment) } }
    for failure in found.failures {
      print("FAIL \(failure.name): \(failure.report.failure!)")
      print("     \(try command(for: failure)) --shrink")
    }
    try write(found)
    if failures.shrink, let first = found.failures.first { try shrinkAndWrite(first.choices) }
    if results.coverage { print(found.marksTable) }
    if results.pairs { print(PairsTable(pairs: found.pairs).text) }
    print(found.summary)
    if !found.failures.isEmpty { throw ExitCode(1) }
  }

  /// The options that a run needs to be the same again, besides its choices.
  private var worldOptions: String { runs.crowded ? " --crowded" : "" }

  /// The command line that repeats the run; for one that no seed makes the choices are written to a file.
  private func command(for run: CampaignResults.Run) throws -> String {
    guard let trace = run.branch?.trace ?? run.trace(options) else {
      return "spondee simulate --seed \(run.report.seed) --duration \(runs.duration)\(worldOptions)"
    }
    let name = run.branch.map { "branch-\(run.report.seed)-\($0.from)-\($0.number).trace" } ?? "steered-\(run.report.seed).trace"
    let path = URL(fileURLWithPath: failures.output).appendingPathComponent(name)
    try write(trace.text, to: path.path)
    return "spondee simulate --replay \(path.relativePath)\(worldOptions)"
  }

  private func tryTheSimulator() throws {
    let patience = runs.budget.map { Double($0.nanoseconds) / 1e9 } ?? 60
    let trial = MutantTrial(duration: runs.duration.nanoseconds, patience: patience, jobs: runs.jobs, shrinks: failures.shrink)
    let verdicts = trial.run { verdict in
      print(MutantTrial.line(verdict))
      // A long trial is watched through a file.
      fflush(nil)
    }
    let planted = verdicts.filter { $0.mutation != .none }
    let missed = planted.filter { $0.failure == nil }.count
    let isHonest = !verdicts.contains { $0.mutation == .none && $0.failure != nil }
    if failures.shrink {
      let tests = planted.count { $0.test?.verdict == .test }
      print("\(tests) of \(planted.count) planted bugs shrink to a script that fails with the bug and passes without")
      for verdict in planted { if let test = verdict.test { try write(test.script, to: scriptPath(verdict.mutation.rawValue)) } }
    }
    print("\(planted.count - missed) passed, \(missed + (isHonest ? 0 : 1)) failed")
    if missed > 0 || !isHonest { throw ExitCode(1) }
  }

  private func scriptPath(_ name: String) -> String {
    URL(fileURLWithPath: failures.output).appendingPathComponent(name + ".scs").path
  }

  private func printRates() {
    let rates = Rates { DispatchTime.now().uptimeNanoseconds }
    func row(_ what: String, _ rate: Double, _ digits: Int = 0) {
      print(what.padding(toLength: 62, withPad: " ", startingAt: 0) + String(format: "%.\(digits)f", rate))
    }
    row("stanzas through the core a second, without XML", rates.coreEvents)
    row("stanzas through parser, core and writer a second", rates.stanzas)
    row("seeds a minute, ten virtual seconds each", rates.seeds * 60)
    row("branches of a small world a second", rates.branches)
    row("seconds for a day of 1,000 sessions, a ping each ten minutes", rates.idleDay, 2)
  }

  private func goThroughSmallWorlds() throws {
    let results = SmallWorldTour(names: other.explore).run()
    let failed = results.filter { !$0.isGood }
    if let broken = failed.compactMap(\.exploration.failure).first {
      let name = "small-world"
      let picture = RunPicture(title: name, command: "spondee simulate --explore", failure: broken.what, history: broken.history)
      try write(
        ReportPage(summary: nil, runs: [picture]).html,
        to: URL(fileURLWithPath: failures.output).appendingPathComponent(name + ".html").path)
    }
    print("\(results.count - failed.count) passed, \(failed.count) failed")
    if !failed.isEmpty { throw ExitCode(1) }
  }

  private func tortureScripts() throws {
    var torture = TortureRuns(shards: runs.shards ?? 1, jobs: runs.jobs, mutation: options.mutation)
    torture.budget = runs.budget.map { Double($0.nanoseconds) / 1e9 }
    if let slice = other.slice { torture.slice = slice }
    torture.stopsAtFailure = runs.untilFailure
    torture.faults = other.fault ?? ""
    let scripts = try ScriptFiles.expand(other.torture).map { file in
      do { return (file: file, script: try ScriptFiles.read(file)) } catch let mistake as ScriptFiles.Mistake {
        throw ValidationError(mistake.description)
      }
    }.filter { script in
      // Where faults of its own disturb a script, nobody can tell what another may change.
      guard let action = script.script.simulatedAction, !other.torture.contains(script.file) else { return true }
      print("---- \(ScriptFiles.name(script.file)) line \(action.line): it has \(action.what) already")
      return false
    }
    guard let at = other.at, let fault = other.fault.flatMap({ TortureFault($0) }) else {
      if !torture.run(scripts) { throw ExitCode(1) }
      return
    }
    guard scripts.count == 1 else { throw ValidationError("--at takes one script, not a folder") }
    let tried = TortureCase(position: at, fault: fault)
    if !torture.repeatOne(scripts[0].script, scripts[0].file, tried, printsHistory: results.trace) { throw ExitCode(1) }
  }

  private var options: RunOptions {
    var options = RunOptions(duration: runs.duration.nanoseconds, without: rules.without)
    options.alwaysComparesWithModel = rules.model
    options.shards = runs.shards
    options.measuresPairs = results.pairs || runs.steer
    options.mutation = rules.mutation.flatMap { Mutation(rawValue: $0) }
    if runs.crowded { (options.crowd, options.cost) = (.standard, CostMeter(.changes)) }
    return options
  }

  private func write(_ found: CampaignResults) throws {
    if let json = results.json { try write(found.json, to: json) }
    if let junit = results.junit { try write(found.junit, to: junit) }
    guard let report = results.report else { return }
    let shown = found.failures.isEmpty && found.runs.count == 1 ? found.runs : Array(found.failures.prefix(5))
    let pictures = try shown.map { shown in
      var run = Run(shown.choices, options)
      run.keepsHistory = true
      let command = try command(for: shown)
      let failure = run.run().failure
      return RunPicture(title: shown.name, command: command, failure: failure, history: run.history)
    }
    try write(ReportPage(summary: found.pageSummary, runs: pictures).html, to: report)
  }

  func write(_ text: String, to path: String) throws {
    do throws(Files.Problem) { try Files.write(Array(text.utf8), to: path) } catch {
      complain("\(path) can't be written\(error.remark); see that its folder is there and this user may write to it")
      throw ExitCode(2)
    }
  }

  /// Makes the folder for files about failures, before the search for one takes an hour.
  private func makeOutputFolder() throws {
    do throws(Files.Problem) { try Files.makeFolder(failures.output) } catch {
      complain("the folder \(failures.output) can't be made\(error.remark); choose another with --output")
      throw ExitCode(2)
    }
  }

  private func replayRecording(_ files: [String], _ place: String) throws {
    do {
      if failures.explain { throw RecordingReplay.Unreadable(description: "--explain takes a trace, and \(place) is a recording") }
      let keepsHistory = results.trace || results.report != nil
      let replay = RecordingReplay(
        printsTrace: results.trace, keepsHistory: keepsHistory, without: rules.without, mutation: options.mutation)
      if failures.shrink || runs.reenact != nil {
        guard files.count == 1 else { throw RecordingReplay.Unreadable(description: "--shrink takes one recording, a file") }
        let shrinking = RecordingShrink(
          path: files[0], recording: try replay.read(files[0]), output: failures.output, mutation: options.mutation)
        return try runs.reenact.map { try shrinking.reenact($0) } ?? shrinking.run()
      }
      guard !files.isEmpty else {
        throw RecordingReplay.Unreadable(description: "there is no *.recording in \(place); give --replay another folder")
      }
      let replayed = try files.map { try replay.run($0) }
      if let report = results.report { try write(ReportPage(summary: nil, runs: replayed.prefix(5).map(\.picture)).html, to: report) }
      let good = replayed.count { $0.isGood }
      print("\(good) passed, \(replayed.count - good) failed")
      if good < replayed.count { throw ExitCode(1) }
    } catch let problem as RecordingReplay.Unreadable {
      complain(problem.description)
      throw ExitCode(2)
    }
  }

  private func complain(_ message: String) { FileHandle.standardError.write(Data("spondee: \(message)\n".utf8)) }

  private func readTrace(_ path: String) throws -> RunTrace {
    do {
      return try RunTrace(parsing: String(contentsOfFile: path, encoding: .utf8))
    } catch let problem as RunTrace.Problem {
      complain("\(path), \(problem)")
    } catch {
      complain(
        "\(path) can't be read\(Files.problemReading(path)?.remark ?? " (it is not UTF-8)"); give --replay a trace, or a recording or its folder"
      )
    }
    throw ExitCode(2)
  }

  private func repeatRun(in path: String) throws {
    let file = try readTrace(path)
    let choices = Choices(seed: file.seed, source: .trace(file.choices), records: true)
    var options = options
    options.duration = file.duration
    var run = Run(choices, options)
    run.keepsHistory = results.trace || results.report != nil
    let report = run.run()
    for moment in run.history where results.trace { print(moment) }
    if let failure = report.failure { print("FAIL \(path): \(failure)") }
    let causality = failures.explain && !failures.shrink && report.failure != nil ? explain(choices, options) : nil
    if let path = results.report {
      var picture = RunPicture(
        title: "seed \(file.seed), replayed", command: "spondee simulate --replay FILE", failure: report.failure, history: run.history)
      picture.causality = causality
      try write(ReportPage(summary: nil, runs: [picture]).html, to: path)
    }
    if failures.shrink, report.failure != nil { try shrinkAndWrite(choices, duration: file.duration) }
    print("\(report.happenings) events, \(report.time / 1_000_000_000) s of virtual time, digest \(report.digest)")
    print(report.failure == nil ? "1 passed, 0 failed" : "0 passed, 1 failed")
    if report.failure != nil { throw ExitCode(1) }
  }

  private func shrinkAndWrite(_ choices: Choices, duration: Int64? = nil) throws {
    var options = options
    if let duration { options.duration = duration }
    var shrinker = Shrinker(choices, options)
    guard let found = shrinker.run() else { return }
    let name = "failure-\(choices.seed)"
    let folder = URL(fileURLWithPath: failures.output)
    func path(_ ending: String) -> String { folder.appendingPathComponent(name + ending).relativePath }
    try write(found.trace.text, to: path(".trace"))
    try write(found.script, to: path(".scs"))
    let command = "spondee simulate --replay \(name).trace\(worldOptions)"
    var picture = RunPicture(title: "seed \(choices.seed), shrunk", command: command, failure: found.failure, history: found.history)
    (picture.script, picture.trace) = (found.script, found.trace.text)
    let planted = rules.mutation.map { " --mutation \($0)" } ?? ""
    print("shrunk in \(shrinker.attempts) runs to \(found.actions) actions, \(found.faults.count) faults: \(found.failure)")
    print("     spondee simulate --replay \(path(".trace"))\(planted)\(worldOptions) --trace")
    print("     spondee scenario \(path(".scs")) --exact\(planted)")
    print("     \(found.test.summary)")
    if failures.explain {
      options.duration = found.trace.duration
      picture.causality = explain(Choices(seed: found.trace.seed, source: .trace(found.trace.choices)), options)
    }
    try write(ReportPage(summary: nil, runs: [picture]).html, to: path(".html"))
  }
}

/// Virtual time as one writes it: `500ms`, `60s`, `5m`, `24h`.
struct VirtualTime: ExpressibleByArgument, CustomStringConvertible {
  let nanoseconds: Int64
  let description: String

  init(seconds: Int64) {
    nanoseconds = seconds * 1_000_000_000
    description = "\(seconds)s"
  }

  init?(argument: String) {
    let units: [(String, Int64)] = [("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000)]
    guard let (suffix, factor) = units.first(where: { argument.hasSuffix($0.0) }), let count = Int64(argument.dropLast(suffix.count)),
      count > 0,
      count <= 1_000_000
    else { return nil }
    nanoseconds = count * factor
    description = argument
  }
  var defaultValueDescription: String { description }
}
