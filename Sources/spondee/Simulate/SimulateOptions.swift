internal import ArgumentParser
internal import Simulation

// The options of `spondee simulate`, in the groups in which its help shows them.

/// Which runs there are, and how long they are.
struct RunSelection: ParsableArguments {
  @Option(help: "One seed.") var seed: UInt64?
  @Option(help: "A range of seeds, such as 0..<1000.") var seeds: SeedRange?
  @Option(name: .customLong("for"), help: "Go on with new seeds for so long, such as 5m; --seed says where to begin.") var budget:
    VirtualTime?
  @Option(help: "Run what a trace file says instead of a seed; or what `spondee serve --record` wrote, a file or a folder.") var replay:
    String?
  @Option(help: ArgumentHelp("Do these actions of a recording's clients: for --shrink, where the server may trap.", visibility: .hidden))
  var reenact: String?
  @Option(help: "Virtual time of each run, such as 60s.") var duration = VirtualTime(seconds: 10)
  @Option(help: "Into how many parts the server divides its accounts and rooms; each seed chooses, unless this is given.") var shards: Int?
  @Flag(
    help: ArgumentHelp(
      """
      Begin each run with idle connections and long lists, and judge how many bytes of changes each input causes for the disk: a list \
      that is written as a whole for one entry is found.
      """)) var crowded = false
  @Option(help: "From the last moments at which a run did something new, go on in so many other ways each.") var branches = 0
  @Flag(
    help: ArgumentHelp(
      """
      Mix the worlds of half of the later runs from those of earlier ones that brought new pairs of marks: more pairs come together in the \
      same time, and runs are longer.
      """)) var steer = false
  @Flag(help: "Stop at the first failure.") var untilFailure = false
  @Option(help: "Threads to use.") var jobs = 2
}

/// The rules that are watched, and the bugs that are planted.
struct RuleSelection: ParsableArguments {
  @Option(
    name: .customLong("disable-rule"),
    help: ArgumentHelp("Leave a rule out: \(Run.rules.joined(separator: ", ")).", valueName: "rule")) var without: [String] = []
  @Option(help: "Plant this bug: \(Mutation.allCases.map(\.rawValue).joined(separator: ", ")).") var mutation: String?
  @Flag(help: "Compare with the reference model also where a bug is planted.") var model = false
}

/// The options for a failure.
struct FailureOptions: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      """
      Look for the smallest run that fails in the same way as the first failure. Write it as a trace, as a script that is a test of its \
      own if a client can see the failure, and as a page.
      """)) var shrink = false
  @Flag(
    help: ArgumentHelp(
      """
      With --shrink, or --replay with a trace: copy the failing run at 100 moments, continue each copy in 50 other ways, and tell the \
      event at which the share of failing continuations jumps, and which choices the failure needs.
      """)) var explain = false
  @Option(help: ArgumentHelp("Where to write these files.", valueName: "folder")) var output = "."
}

/// The options for output about runs.
struct ResultOptions: ParsableArguments {
  @Flag(help: "Print what the clients sent and received.") var trace = false
  @Flag(help: "Print the digest of each seed.") var digests = false
  @Flag(help: "List the marks: the places in the server that ought to be reached, and how often they were.") var coverage = false
  @Flag(
    help: ArgumentHelp(
      """
      Count the pairs of marks that came together: in one run, within ten events, and in one room. List those that never did, though the \
      frequencies of their marks say that they should have come together five times or more.
      """)) var pairs = false
  @Option(
    help: ArgumentHelp(
      "Write a page with the summary and pictures of up to five failures (or of the one run) to this file.", valueName: "file"))
  var report: String?
  @Option(help: ArgumentHelp("Write the results to this file, as JSON.", valueName: "file")) var json: String?
  @Option(help: ArgumentHelp("Write the results to this file, as JUnit's XML.", valueName: "file")) var junit: String?
}

/// Other things to do than a campaign.
struct OtherTrials: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      """
      Plant known bugs, one after the other, and report how soon each is found; --for says how long to look for each (60s). With --shrink \
      also whether its script is a test.
      """)) var mutants = false
  @Option(
    help: ArgumentHelp(
      "Go through every order in which things can happen in a small world: \(SmallWorld.all.map(\.name).joined(separator: ", ")), or all.",
      valueName: "world"))
  var explore: [String] = []
  @Option(
    help: ArgumentHelp(
      """
      Inject every fault at every position of these scripts' runs, each in a run of its own: crashes, commits that fail or are late, \
      answers of storage that fail, are late, come twice or never, connections that break or stand still, clients that do not read. --for \
      and --slice do a part of it; --shards, 1 by default, and --jobs as usual.
      """, valueName: "path"))
  var torture: [String] = []
  @Option(help: "With --torture: a position of the script's run, to inject --fault there alone.") var at: Int?
  @Option(help: "With --at: the fault, as a failure names it. Without: only runs with faults whose names begin so, such as reset or crash.")
  var fault: String?
  @Option(help: ArgumentHelp("With --torture: every Nth run, beginning with the Ith, such as 1/60.", valueName: "I/N"))
  var slice: TortureRuns.Slice?
  @Flag(help: "Measure how fast the simulator is here, on one core.") var benchmark = false
}
