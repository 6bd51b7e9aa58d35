internal import ArgumentParser
internal import Glibc
internal import ServerCore
internal import ServerNIO
internal import XML

@main
struct Spondee: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spondee",
    abstract: "An XMPP server, and the laboratory that proves it.",
    version: "spondee \(ServeConfiguration().core.softwareVersion)",
    subcommands: [
      ServeCommand.self,
      AccountCommand.self,
      ScenarioCommand.self,
      SimulateCommand.self,
    ])

  /// Exit statuses: 0, 1 for a failure, 2 for wrong usage, 78 for a wrong configuration file.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as SetupError {
      complain(error.description)
      Glibc.exit(error.exitStatus)
    } catch {
      let status = exitCode(for: error)
      guard status == .validationFailure else { exit(withError: error) }
      complain(fullMessage(for: error), isUsage: true)
      Glibc.exit(2)
    }
  }

  /// Writes to standard error.
  static func complain(_ message: String, isUsage: Bool = false) {
    show((isUsage ? "" : "spondee: ") + message + "\n")
  }

  /// The same without an end of line.
  static func show(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }
}

/// Options that name a server's configuration file, data folder and domains, for commands that serve or administer it.
struct PlaceOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The configuration file, in YAML.", valueName: "file"))
  var config: String?
  @Option(help: ArgumentHelp("The data folder (by default \(ServeConfiguration.defaultDataFolder)).", valueName: "dir"))
  var data: String?
  @Option(help: ArgumentHelp("A domain to serve (by default localhost). May be given several times.", valueName: "domain"))
  var domain: [String] = []

  func configuration() throws -> ServeConfiguration {
    var configuration = try config.map { try ServeConfiguration(file: $0) } ?? ServeConfiguration()
    if let data { configuration.dataFolder = absolute(data) }
    if !domain.isEmpty { try configuration.setDomains(domain) }
    return configuration
  }

  private func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return String(cString: folder) + "/" + path
  }
}
