internal import ArgumentParser
internal import Foundation
internal import Scenario
internal import ScenarioNIO
internal import ServerCore
internal import ServerNIO
internal import Simulation

/// `spondee scenario`: runs scripts in the scansion language.
struct ScenarioCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scenario", abstract: "Run scripts in the scansion language against this server or any other.",
    discussion: """
      With --driver simulation (the default) each script has a fresh simulated server whose accounts are made from its cast. With --driver \
      sockets it has a fresh real server on loopback. Either has the limits and settings that the script names (`## limit NAME: VALUE`, \
      `## setting NAME: VALUE`). With --connect the scripts run against whatever listens there; its accounts must \
      exist, or be made by whatever password comes.
      """)

  enum Driver: String, ExpressibleByArgument, CaseIterable { case simulation, sockets }

  @Argument(help: "Scripts, or folders of them (*.scs).") var paths: [String]
  @Option(help: "simulation or sockets.") var driver = Driver.simulation
  @Option(help: "With --driver sockets: threads of the server that serve connections.") var eventLoops = 1
  @Option(help: "With a server of its own: into how many parts it divides its accounts and rooms; 1, unless the script says otherwise.")
  var shards: Int?
  @Option(help: "The simulation's seed: it chooses how bytes are split and what overtakes what.") var seed: UInt64 = 0
  @Option(help: "Run each script with every seed of a range, such as 0..<1000.") var seeds: SeedRange?
  @Option(help: "HOST:PORT of a server that is running already.") var connect: Endpoint?
  @Option(help: "In the simulator: plant a bug, to see whether the script finds it; `spondee help simulate` lists them.")
  var mutation: String?
  @Flag(help: "Whatever a client receives must have been asked for.") var exact = false

  func validate() throws {
    guard 1...64 ~= eventLoops else { throw ValidationError("--event-loops is a number from 1 to 64, not \(eventLoops)") }
    if let shards, !(1...64 ~= shards) { throw ValidationError("--shards is a number from 1 to 64, not \(shards)") }
    if let mutation, Mutation(rawValue: mutation) == nil { throw ValidationError("there is no mutant '\(mutation)'") }
    guard mutation == nil || (driver == .simulation && connect == nil) else { throw ValidationError("--mutation needs the simulator") }
  }

  func run() throws {
    var failed = 0
    let files = try ScriptFiles.expand(paths)
    var leftOut = 0
    for file in files {
      let name = ScriptFiles.name(file)
      if !paths.contains(file), let reason = try simulatorOnly(file) {
        print("---- \(name) \(reason)")
        leftOut += 1
        continue
      }
      let problem = try attempt(file)
      print(problem.map { "FAIL \(name) \($0)" } ?? "PASS \(name)")
      if problem != nil { failed += 1 }
    }
    let others = leftOut > 0 ? ", \(leftOut) for the simulator only" : ""
    print("\(files.count - failed - leftOut) passed, \(failed) failed\(others)")
    if failed > 0 { throw ExitCode(1) }
  }

  /// Why a script of a folder is left out over sockets; `nil` if it is played. (One that is named itself fails at the action.)
  private func simulatorOnly(_ file: String) throws -> String? {
    guard connect != nil || driver == .sockets, let script = try? ScriptFiles.read(file), let action = script.simulatedAction else {
      return nil
    }
    return "line \(action.line): only the simulator has \(action.what)"
  }

  /// Plays one script. Returns what went wrong, if anything did.
  private func attempt(_ file: String) throws -> String? {
    let script: Script
    do { script = try ScriptFiles.read(file) } catch let mistake as ScriptFiles.Mistake { return mistake.description }
    let runner = ScenarioRunner(exact: exact)
    if let connect {
      var driver = SocketDriver(host: connect.host, ports: .init(clear: connect.port))
      return describe(runner.run(script, with: &driver))
    }
    var configuration = SimulatedDriver.configuration(for: script)
    if let shards { configuration.limits[.shards] = shards }
    switch driver {
    case .simulation:
      for seed in seeds?.range ?? seed..<(seed + 1) {
        let planted = mutation.flatMap { Mutation(rawValue: $0) }
        var driver = SimulatedDriver(script: script, seed: seed, configuration: configuration, mutation: planted)
        if let problem = describe(runner.run(script, with: &driver)) { return "seed \(seed) \(problem)" }
      }
      return nil
    case .sockets:
      let server = try LoopbackServer(cast: script.cast, configuration: configuration, eventLoops: eventLoops)
      defer { server.stop() }
      var driver = SocketDriver(host: "127.0.0.1", ports: server.ports, restart: server.restart, operatorAsks: server.operate)
      return describe(runner.run(script, with: &driver))
    }
  }

  private func describe(_ outcome: Outcome) -> String? {
    guard case .failed(let line, let expected, let got) = outcome else { return nil }
    return "line \(line): expected\n\(expected)\ngot\n\(got)"
  }
}

/// A range of seeds as one writes it: `0..<1000`.
struct SeedRange: ExpressibleByArgument {
  let range: Range<UInt64>
  init?(argument: String) {
    let parts = argument.components(separatedBy: "..<")
    guard parts.count == 2, let from = UInt64(parts[0]), let to = UInt64(parts[1]), from < to else { return nil }
    range = from..<to
  }
}

struct Endpoint: ExpressibleByArgument {
  let host: String
  let port: Int
  init?(argument: String) {
    guard let colon = argument.lastIndex(of: ":"), let port = Int(argument[argument.index(after: colon)...]), (1...65_535).contains(port)
    else { return nil }
    host = String(argument[..<colon])
    self.port = port
  }
}
