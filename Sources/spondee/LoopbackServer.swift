internal import Foundation
internal import Scenario
internal import ScenarioNIO
internal import ServerCore
internal import ServerNIO
internal import Simulation
internal import XML
internal import XMPP

/// A real server for one script: on any free port of loopback, with accounts for the cast, in a folder that goes with it.
final class LoopbackServer {
  private var server: RunningServer
  private let configuration: ServeConfiguration
  private let folder: URL

  var ports: SocketDriver.Ports { SocketDriver.Ports(clear: server.port, directTLS: server.directTLSPort) }

  init(cast: [Scenario.Character], configuration core: Configuration, eventLoops: Int) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("spondee-\(UUID().uuidString)")
    var configuration = ServeConfiguration(dataFolder: folder.path)
    configuration.core = core
    configuration.listeners = [.init(address: "127.0.0.1", port: 0), .init(address: "127.0.0.1", port: 0, tls: .direct)]
    configuration.logLevel = .warning
    configuration.eventLoops = eventLoops
    self.configuration = configuration
    server = try RunningServer.start(configuration: configuration)
    var made: Set<JID> = []
    for character in cast {
      // One account may have several clients in the cast. An address that is none is the script's to stumble over.
      guard let jid = JID(character.jid)?.bare, made.insert(jid).inserted else { continue }
      try server.addAccount(jid, password: character.password.string)
    }
  }

  /// Ends the server and starts another in the same folder. Returns the new ports.
  func restart() throws -> SocketDriver.Ports {
    server.stop()
    server = try RunningServer.start(configuration: configuration)
    return ports
  }

  /// Asks as whoever runs the server. Returns why it was refused, if it was.
  func operate(_ request: OperatorRequest) -> String? {
    guard let request = ControlRequest(request) else { return "\(request.account) is not an address" }
    if case .refused(let reason) = server.control(request) { return reason }
    return nil
  }

  func stop() {
    server.stop()
    try? FileManager.default.removeItem(at: folder)
  }
}
