internal import ArgumentParser
internal import Dispatch
internal import Foundation
internal import ServerNIO
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

  @Option(help: "One seed.") var seed: UInt64?
  @Option(help: "A range of seeds, such as 0..<1000.") var seeds: SeedRange?
  @Option(name: .customLong("for"), help: "Go on with new seeds for so long, such as 5m; --seed says where to begin.") var budget:
    VirtualTime?
  @Option(help: "Run what a trace file says instead of a seed; or what `spondee serve --record` wrote, a file or a folder.") var replay:
    String?
  @Option(help: ArgumentHelp("Do these actions of a recording's clients: for --shrink, where the server may trap.", visibility: .hidden))
  var reenact: String?
  @Option(help: "Virtual time of each run, such as 60s.") var duration = VirtualTime(seconds: 10)
  @Option(name: .customLong("disable-rule"), help: "Leave a rule out: \(Run.rules.joined(separator: ", ")).") var without: [String] = []
  @Flag(help: "Print what the clients sent and received.") var trace = false
  @Flag(help: "Compare with the reference model also where a bug is planted.") var model = false
  @Flag(help: "Print the digest of each seed.") var digests = false
  @Flag(help: "List the marks: the places in the server that ought to be reached, and how often they were.") var coverage = false
  @Flag(help: "Stop at the first failure.") var untilFailure = false
  @Flag(help: "Look for the smallest run that fails in the same way, for the first failure.") var shrink = false
  @Flag(
    help: ArgumentHelp(
      """
      With --shrink, or --replay with a trace: copy the failing run at 100 moments, continue each copy in 50 other ways, and tell the event at \
      which the share of failing continuations jumps, and which choices the failure needs.
      """)) var explain = false
  @Flag(help: "Plant known bugs, one after the other, and report how soon each is found; --for says how long to look for each (60s).")
  var mutants = false
  @Option(
    help: ArgumentHelp(
      "Go through every order in which things can happen in a small world: \(SmallWorld.all.map(\.name).joined(separator: ", ")), or all.",
      valueName: "world"))
  var explore: [String] = []
  @Option(
    help: ArgumentHelp(
      """
      Inject every fault at every position of these scripts' runs, each in a run of its own: crashes, commits that fail or are late, answers \
      of storage that fail, are late, come twice or never, connections that break or stand still, clients that do not read. --for and \
      --slice do a part of it; --shards, 1 by default, and --jobs as usual.
      """, valueName: "path"))
  var torture: [String] = []
  @Option(help: "With --torture: a position of the script's run, to inject --fault there alone.") var at: Int?
  @Option(help: "With --at: the fault, as a failure names it. Without: only runs with faults whose names begin so, such as reset or crash.")
  var fault: String?
  @Option(help: ArgumentHelp("With --torture: every Nth run, beginning with the Ith, such as 1/60.", valueName: "I/N"))
  var slice: TortureRuns.Slice?
  @Flag(help: "Measure how fast the simulator is here, on one core.") var benchmark = false
  @Option(help: "Plant this bug: \(Mutation.allCases.map(\.rawValue).joined(separator: ", ")).") var mutation: String?
  @Option(help: "Where to write what was found about failures.") var output = "."
  @Option(help: "Write a page with the summary and pictures of up to five failures (or of the one run) to this file.") var report: String?
  @Option(help: "Write the results to this file, as JSON.") var json: String?
  @Option(help: "Write the results to this file, as JUnit's XML.") var junit: String?
  @Option(help: "From the last moments at which a run did something new, go on in so many other ways each.") var branches = 0
  @Option(help: "Threads to use.") var jobs = 2
  @Option(help: "Into how many parts the server divides its accounts and rooms; each seed chooses, unless this is given.") var shards: Int?

  func validate() throws {
    let sources = [seeds != nil, replay != nil, budget != nil].filter { $0 }.count
    guard sources <= 1, seed == nil || (seeds == nil && replay == nil) else {
      throw ValidationError("give one of --seed, --seeds, --for and --replay")
    }
    if let shards, !(1...64 ~= shards) { throw ValidationError("--shards is a number from 1 to 64, not \(shards)") }
    for name in without where !Run.rules.contains(name) { throw ValidationError("there is no rule '\(name)'") }
    if let mutation, Mutation(rawValue: mutation) == nil { throw ValidationError("there is no mutant '\(mutation)'") }
    for name in explore where name != SmallWorldTour.all && !SmallWorld.all.contains(where: { $0.name == name }) {
      throw ValidationError("there is no small world '\(name)'")
    }
    guard (0...1000).contains(branches) else { throw ValidationError("--branches takes 0 to 1000") }
    if explain, !shrink, replay == nil { throw ValidationError("--explain needs --shrink, or --replay with a trace") }
    guard at == nil || (fault != nil && torture.count == 1) else {
      throw ValidationError("--at needs --fault, and one script with --torture")
    }
    guard fault == nil || !torture.isEmpty else { throw ValidationError("--fault needs --torture") }
    if at != nil, let fault, TortureFault(fault) == nil { throw ValidationError("there is no fault '\(fault)'") }
    guard slice == nil || !torture.isEmpty else { throw ValidationError("--slice needs --torture") }
    guard (1...64).contains(jobs) else { throw ValidationError("--jobs takes 1 to 64") }
  }

  func run() throws {
    // A child of --shrink has a file for it.
    if reenact == nil, output != "." { try makeOutputFolder() }
    if let replay, let files = try RecordingReplay.files(at: replay) { return try replayRecording(files, replay) }
    if let replay { return try repeatRun(in: replay) }
    if benchmark { return printRates() }
    if mutants { return try tryTheSimulator() }
    if !explore.isEmpty { return try goThroughSmallWorlds() }
    if !torture.isEmpty { return try tortureScripts() }
    var campaign = Campaign(first: seeds?.range.lowerBound ?? seed ?? 0, options: options)
    campaign.count = budget == nil ? seeds.map { $0.range.count } ?? 1 : nil
    campaign.budget = budget.map { Double($0.nanoseconds) / 1e9 }
    campaign.keepsHistory = trace
    campaign.stopsAtFailure = untilFailure
    campaign.jobs = jobs
    campaign.branches = branches
    let results = campaign.run()
    for result in results.runs where digests { print("seed \(result.report.seed) digest \(result.report.digest)") }
    for result in results.runs where trace { for moment in result.history { print(moment) } }
    for failure in results.failures {
      print("FAIL \(failure.name): \(failure.report.failure!)")
      print("     \(try command(for: failure)) --shrink")
    }
    try write(results)
    if shrink, let first = results.failures.first { try shrinkAndWrite(first.choices) }
    if coverage { print(results.marksTable) }
    print(results.summary)
    if !results.failures.isEmpty { throw ExitCode(1) }
  }

  /// The command line that repeats the run; for a branch, which no seed makes, the choices are written to a file.
  private func command(for run: CampaignResults.Run) throws -> String {
    guard let branch = run.branch, let trace = branch.trace else {
      return "spondee simulate --seed \(run.report.seed) --duration \(duration)"
    }
    let name = "branch-\(run.report.seed)-\(branch.from)-\(branch.number).trace"
    let path = URL(fileURLWithPath: output).appendingPathComponent(name)
    try write(trace.text, to: path.path)
    return "spondee simulate --replay \(path.relativePath)"
  }

  private func tryTheSimulator() throws {
    let patience = budget.map { Double($0.nanoseconds) / 1e9 } ?? 60
    let verdicts = MutantTrial(duration: duration.nanoseconds, patience: patience, jobs: jobs).run { verdict in
      print(MutantTrial.line(verdict))
    }
    let planted = verdicts.filter { $0.mutation != .none }
    let missed = planted.filter { $0.failure == nil }.count
    let isHonest = !verdicts.contains { $0.mutation == .none && $0.failure != nil }
    print("\(planted.count - missed) passed, \(missed + (isHonest ? 0 : 1)) failed")
    if missed > 0 || !isHonest { throw ExitCode(1) }
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
    let results = SmallWorldTour(names: explore).run()
    let failed = results.filter { !$0.isGood }
    if let broken = failed.compactMap(\.exploration.failure).first {
      let name = "small-world"
      let picture = RunPicture(title: name, command: "spondee simulate --explore", failure: broken.what, history: broken.history)
      try write(
        ReportPage(summary: nil, runs: [picture]).html, to: URL(fileURLWithPath: output).appendingPathComponent(name + ".html").path)
    }
    print("\(results.count - failed.count) passed, \(failed.count) failed")
    if !failed.isEmpty { throw ExitCode(1) }
  }

  private func tortureScripts() throws {
    var runs = TortureRuns(shards: shards ?? 1, jobs: jobs, mutation: options.mutation)
    runs.budget = budget.map { Double($0.nanoseconds) / 1e9 }
    if let slice { runs.slice = slice }
    runs.stopsAtFailure = untilFailure
    runs.faults = fault ?? ""
    let scripts = try ScriptFiles.expand(torture).map { file in
      do { return (file: file, script: try ScriptFiles.read(file)) } catch let mistake as ScriptFiles.Mistake {
        throw ValidationError(mistake.description)
      }
    }
    guard let at, let fault = fault.flatMap({ TortureFault($0) }) else {
      if !runs.run(scripts) { throw ExitCode(1) }
      return
    }
    guard scripts.count == 1 else { throw ValidationError("--at takes one script, not a folder") }
    let tried = TortureCase(position: at, fault: fault)
    if !runs.repeatOne(scripts[0].script, scripts[0].file, tried, printsHistory: trace) { throw ExitCode(1) }
  }

  private var options: RunOptions {
    var options = RunOptions(duration: duration.nanoseconds, without: without)
    options.alwaysComparesWithModel = model
    options.shards = shards
    options.mutation = mutation.flatMap { Mutation(rawValue: $0) }
    return options
  }

  private func write(_ results: CampaignResults) throws {
    if let json { try write(results.json, to: json) }
    if let junit { try write(results.junit, to: junit) }
    guard let report else { return }
    let shown = results.failures.isEmpty && results.runs.count == 1 ? results.runs : Array(results.failures.prefix(5))
    let pictures = try shown.map { shown in
      var run = Run(shown.choices, options)
      run.keepsHistory = true
      let command = try command(for: shown)
      let failure = run.run().failure
      return RunPicture(title: shown.name, command: command, failure: failure, history: run.history)
    }
    try write(ReportPage(summary: results.pageSummary, runs: pictures).html, to: report)
  }

  func write(_ text: String, to path: String) throws {
    do throws(Files.Problem) { try Files.write(Array(text.utf8), to: path) } catch {
      complain("\(path) can't be written\(error.remark); see that its folder is there and this user may write to it")
      throw ExitCode(2)
    }
  }

  /// Makes the folder for files about failures, before the search for one takes an hour.
  private func makeOutputFolder() throws {
    do throws(Files.Problem) { try Files.makeFolder(output) } catch {
      complain("the folder \(output) can't be made\(error.remark); choose another with --output")
      throw ExitCode(2)
    }
  }

  private func replayRecording(_ files: [String], _ replayed: String) throws {
    do {
      if explain { throw RecordingReplay.Unreadable(description: "--explain takes a trace, and \(replayed) is a recording") }
      let keepsHistory = trace || report != nil
      let replay = RecordingReplay(printsTrace: trace, keepsHistory: keepsHistory, without: without, mutation: options.mutation)
      if shrink || reenact != nil {
        guard files.count == 1 else { throw RecordingReplay.Unreadable(description: "--shrink takes one recording, a file") }
        let shrinking = RecordingShrink(path: files[0], recording: try replay.read(files[0]), output: output, mutation: options.mutation)
        return try reenact.map { try shrinking.reenact($0) } ?? shrinking.run()
      }
      guard !files.isEmpty else {
        throw RecordingReplay.Unreadable(description: "there is no *.recording in \(replayed); give --replay another folder")
      }
      let results = try files.map { try replay.run($0) }
      if let report { try write(ReportPage(summary: nil, runs: results.prefix(5).map(\.picture)).html, to: report) }
      let good = results.count { $0.isGood }
      print("\(good) passed, \(results.count - good) failed")
      if good < results.count { throw ExitCode(1) }
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
    run.keepsHistory = trace || self.report != nil
    let report = run.run()
    for moment in run.history where trace { print(moment) }
    if let failure = report.failure { print("FAIL \(path): \(failure)") }
    let causality = explain && !shrink && report.failure != nil ? explain(choices, options) : nil
    if let path = self.report {
      var picture = RunPicture(
        title: "seed \(file.seed), replayed", command: "spondee simulate --replay FILE", failure: report.failure, history: run.history)
      picture.causality = causality
      try write(ReportPage(summary: nil, runs: [picture]).html, to: path)
    }
    if shrink, report.failure != nil { try shrinkAndWrite(choices, duration: file.duration) }
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
    let folder = URL(fileURLWithPath: output)
    try write(found.trace.text, to: folder.appendingPathComponent(name + ".trace").path)
    try write(found.script, to: folder.appendingPathComponent(name + ".scs").path)
    let command = "spondee simulate --replay \(name).trace"
    var picture = RunPicture(title: "seed \(choices.seed), shrunk", command: command, failure: found.failure, history: found.history)
    (picture.script, picture.trace) = (found.script, found.trace.text)
    print("shrunk in \(shrinker.attempts) runs to \(found.actions) actions, \(found.faults.count) faults: \(found.failure)")
    print("     spondee simulate --replay \(folder.appendingPathComponent(name + ".trace").relativePath) --trace")
    if found.faults.isEmpty { print("     spondee scenario \(folder.appendingPathComponent(name + ".scs").relativePath) --driver sockets") }
    if explain {
      options.duration = found.trace.duration
      picture.causality = explain(Choices(seed: found.trace.seed, source: .trace(found.trace.choices)), options)
    }
    try write(ReportPage(summary: nil, runs: [picture]).html, to: folder.appendingPathComponent(name + ".html").path)
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
