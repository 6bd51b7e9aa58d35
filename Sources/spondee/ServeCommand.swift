internal import ArgumentParser
internal import Dispatch
internal import Glibc
internal import ServerCore
internal import ServerNIO
internal import XML

struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Run the server.",
    discussion: """
      Needs no configuration: it makes its data folder and a certificate that signs itself, and serves the domain localhost on this \
      machine only. Given a domain of its own it listens on all addresses. Ends on SIGTERM or SIGINT, when every stream is closed.
      """)

  @OptionGroup var place: PlaceOptions
  @Option(
    help: ArgumentHelp(
      """
      The port to listen on. (By default \(ServeConfiguration.defaultPort), and \(ServeConfiguration.defaultDirectPort) for connections \
      that begin with TLS. With this option only listeners of the configuration are for those.)
      """, valueName: "port"))
  var port: Int?
  @Flag(help: "Let strangers register accounts (XEP-0077).")
  var openRegistration = false
  @Flag(help: "Let clients log in without TLS.")
  var noTLSRequired = false

  @Option(
    help: ArgumentHelp(
      """
      Record in this folder what the server is fed, for `spondee simulate --replay`. Passwords, keys and texts are replaced by stand-ins; \
      addresses are not. Whoever has it can foretell the nonces of this process while it runs.
      """, valueName: "dir"))
  var record: String?
  @Flag(help: "Record the texts of messages, too. Passwords and keys never are.")
  var recordBodies = false
  @Option(help: ArgumentHelp("Mebibytes that recordings may take; the oldest go first.", valueName: "mib"))
  var recordSize = RecordingOptions.defaultBytes >> 20

  func validate() throws {
    let sizes = RecordingOptions.fewestBytes >> 20...1 << 20
    guard sizes.contains(recordSize) else {
      throw ValidationError("--record-size should be from \(sizes.lowerBound) to \(sizes.upperBound)")
    }
    if record == nil, recordBodies { throw ValidationError("--record-bodies goes with --record") }
    if let port, !(0...65535).contains(port) { throw ValidationError("--port should be from 0 to 65535") }
  }

  func run() throws {
    var configuration = try place.configuration()
    let isLocalOnly = configuration.isLocalOnly
    if let port { configuration.setPort(port) }
    if openRegistration { configuration.core[flag: .openRegistration] = true }
    if let record {
      configuration.recording = RecordingOptions(folder: record, keepsText: recordBodies, bytes: recordSize << 20)
    }
    if noTLSRequired { configuration.core.requiresTLS = false }

    let ending = DispatchSemaphore(value: 0)
    let signals = [SIGTERM, SIGINT].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { ending.signal() }
      source.resume()
      return source
    }
    let server = try RunningServer.start(configuration: configuration)
    report(server, configuration, isLocalOnly)
    MemoryTrim.releaseStartUp()
    let minute = DispatchSource.makeTimerSource()
    minute.schedule(deadline: .now() + 60, repeating: 60, leeway: .seconds(5))
    minute.setEventHandler { MemoryTrim.releaseFreed() }
    minute.resume()
    ending.wait()
    print("spondee: closing streams")
    server.stop()
    withExtendedLifetime((signals, minute)) {}
  }

  private func report(_ server: RunningServer, _ configuration: ServeConfiguration, _ isLocalOnly: Bool) {
    let domains = configuration.core.domains.map(\.description)
    print("spondee \(configuration.core.softwareVersion) serves \(domains.joined(separator: ", "))")
    for listener in server.listeners {
      print("  clients connect to \(listener)" + (listener.tls == .direct ? ", with TLS from the start" : ""))
    }
    if isLocalOnly { print("  from this machine only: give a --domain of your own to be reached from others") }
    print("  data in \(configuration.dataFolder)")
    if let recording = configuration.recording { print("  recorded in \(recording.folder)") }
    if configuration.core[flag: .openRegistration] { print("  anybody may register an account") }
    if !configuration.core.requiresTLS { print("  logins without TLS are let in") }
    print("Add an account with: spondee account add\(place.repeated) NAME@\(domains[0])")
    fflush(nil)
  }
}

extension PlaceOptions {
  /// The options that another command needs to find the same server.
  var repeated: String {
    let options = [config.map { " --config \(quoted($0))" }, data.map { " --data \(quoted($0))" }]
    return options.compactMap { $0 }.joined() + domain.map { " --domain \(quoted($0))" }.joined()
  }

  private func quoted(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy { byte in
      (0x2B...0x3A).contains(byte) || (0x40...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
    return isPlain ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
