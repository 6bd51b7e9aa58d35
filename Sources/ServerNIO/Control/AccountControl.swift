internal import Glibc
public import ServerCore
internal import Storage
internal import StorageSQLite

/// Does what `spondee account` asks: through the server that runs on the data folder, or, if none does, by an engine without sockets.
///
/// Either way the rules are the core's.
public enum AccountControl {
  /// Blocks.
  public static func perform(_ request: ControlRequest, configuration: ServeConfiguration) throws(SetupError) -> ControlReply {
    try checkFolder(configuration, for: request)
    let folder: DataDirectory
    do throws(SetupError) {
      folder = try DataDirectory(configuration.dataFolder)
    } catch {
      guard let reply = try ask(request, configuration.controlSocket) else { throw error }
      return reply
    }
    // Held until the answer is there: no server may start meanwhile.
    defer { withExtendedLifetime(folder) {} }
    var core = configuration.core
    core.secret = try DataDirectory.secret(configuration.dataFolder + "/secret")
    let storage = try RunningServer.openStorage(configuration)
    return run(request, Engine(configuration: core, seed: RunningServer.randomSeed()), storage)
  }

  /// Only the first account may make a data folder: a path that was mistyped must not come into being by being looked at.
  private static func checkFolder(_ configuration: ServeConfiguration, for request: ControlRequest) throws(SetupError) {
    if case .addAccount = request { return }
    guard access(configuration.dataFolder, F_OK) != 0 else { return }
    throw SetupError("there is no data folder \(configuration.dataFolder); give the one of your server with --data", kind: .usage)
  }

  /// Feeds the engine what it asks for, in this thread, until it answers.
  private static func run(_ request: ControlRequest, _ engine: consuming Engine, _ storage: SQLiteStorage) -> ControlReply {
    engine.handle(.control(1, request), at: .now())
    while true {
      let actions = engine.flush()
      if actions.isEmpty {
        return .refused("nothing was changed, since the request was lost; that is a mistake in this program, please report it")
      }
      for action in actions {
        switch action {
        case .commit(let number, let changes):
          do throws(StorageError) {
            try storage.commit([(number, changes)])
            engine.handle(.committed(through: number), at: .now())
          } catch {
            return .refused("nothing was changed: the database can't be written (\(error)); see that there is room on the disk")
          }
        case .ask(let id, .query(let query)): engine.handle(.answered(id, answer(query, storage)), at: .now())
        case .ask(let id, .resolve), .ask(let id, .connect), .ask(let id, .verify):
          engine.handle(.answered(id, .failed("nobody listens")), at: .now())
        case .ask(let id, .deriveKeys(let request)): engine.handle(.answered(id, .keys(KeyDerivation.derive(request))), at: .now())
        case .reply(_, let reply): return reply
        case .write, .startTLS, .close, .abort, .read, .log, .giveUp: break
        }
      }
    }
  }

  private static func answer(_ query: Query, _ storage: SQLiteStorage) -> Answer {
    do throws(StorageError) { return .result(try storage.answer(query)) } catch { return .failed(error.description) }
  }

  /// `nil` if nobody listens on the socket.
  private static func ask(_ request: ControlRequest, _ path: String) throws(SetupError) -> ControlReply? {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { Glibc.close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let room = MemoryLayout.size(ofValue: address.sun_path)
    guard path.utf8.count < room else {
      throw SetupError("the path of the control socket \(path) is too long; give the data folder by a shorter one with --data")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
    guard descriptor >= 0, connected == 0 else { return nil }

    let line = ControlLine.encode(ControlMessage(request))
    guard send(descriptor, line, line.count, Int32(MSG_NOSIGNAL)) == line.count else {
      throw SetupError("the running server does not listen on \(path); look into its log, and try again")
    }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16384)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      answer += buffer[..<count]
    }
    guard let reply = ControlLine.decode(ControlAnswer.self, answer)?.reply else {
      throw SetupError("the running server gave no answer; look into its log, and try again")
    }
    return reply
  }
}
