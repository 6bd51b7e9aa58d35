internal import Glibc
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import SASL
public import ServerCore
internal import Storage
internal import StorageSQLite
internal import Synchronization
public import XMPP

/// A server behind sockets, from its start to its end.
public final class RunningServer: Sendable {
  /// The addresses at which it listens; the ports are real ones.
  public let listeners: [ServeConfiguration.Listener]
  /// Those of the connections, and that of the host; may be the same.
  private let groups: [MultiThreadedEventLoopGroup]
  private let channels: [any Channel]
  private let host: ServerHost
  private let folder: DataDirectory
  private let isStopped = Mutex(false)

  /// The port of the first listener.
  public var port: Int { listeners[0].port }
  /// The port of the first listener whose connections begin with TLS, if there is one.
  public var directTLSPort: Int? { listeners.first { $0.tls == .direct }?.port }

  /// Returns when the server listens. Blocks; not to be called on an event loop.
  public static func start(configuration: ServeConfiguration) throws(SetupError) -> RunningServer {
    Listening.raiseDescriptorLimit()
    let folder = try DataDirectory(configuration.dataFolder)
    let tls = try Certificates(configuration)
    var core = configuration.core
    core.secret = try DataDirectory.secret(configuration.dataFolder + "/secret")
    let storage = try openStorage(configuration)
    core.roundsHistory = try roundsHistory(storage, core, configuration)
    let seed = randomSeed()
    let engine = Engine(configuration: core, seed: seed)
    var logger = Logger(label: "spondee") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = configuration.logLevel.loggerLevel

    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let connections = configuration.eventLoops > 1 ? MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoops - 1) : group
    let groups = connections === group ? [group] : [connections, group]
    let host = ServerHost(
      loop: group.next(), connectionLoops: Array(connections.makeIterator()), engine: engine, storage: storage, logger: logger,
      giveUp: {
        // Nothing may wait for storage, not even what a process does at its end.
        fflush(nil)
        _exit(EX_IOERR)
      })
    if let options = configuration.recording {
      host.record(into: try RecordingFolder(options, configuration: core, seed: seed, at: .now()))
    }
    var bound: [BoundListener] = []
    let control: any Channel
    do throws(SetupError) {
      bound = try bind(configuration, group, connections, host, tls)
      control = try ControlSocket.bind(configuration.controlSocket, group, host)
    } catch {
      for listener in bound { try? listener.channel.close().wait() }
      for group in groups { try? group.syncShutdownGracefully() }
      throw error
    }
    return RunningServer(groups: groups, bound: bound, control: control, host: host, folder: folder)
  }

  /// A socket at which clients connect.
  private struct BoundListener {
    var channel: any Channel
    var tls: ServeConfiguration.Listener.TLSUse
  }

  private init(
    groups: [MultiThreadedEventLoopGroup], bound: [BoundListener], control: any Channel, host: ServerHost, folder: DataDirectory
  ) {
    self.groups = groups
    channels = bound.map(\.channel) + [control]
    self.host = host
    self.folder = folder
    listeners = bound.compactMap { listener in
      guard let address = listener.channel.localAddress, let ip = address.ipAddress, let port = address.port else { return nil }
      return ServeConfiguration.Listener(address: ip, port: port, tls: listener.tls)
    }
  }

  private static func bind(
    _ configuration: ServeConfiguration, _ group: MultiThreadedEventLoopGroup, _ connections: MultiThreadedEventLoopGroup,
    _ host: ServerHost, _ certificates: Certificates
  ) throws(SetupError) -> [BoundListener] {
    var bound: [BoundListener] = []
    for listener in configuration.listenersOrDefault() {
      var bootstrap = Listening.bootstrap(
        group, connections: connections, host: host, certificates: certificates, isDirectTLS: listener.tls == .direct)
      // IPv4 has a listener of its own.
      if listener.address.contains(":") { bootstrap = bootstrap.serverChannelOption(ipv6Only, value: 1) }
      do {
        let channel = try bootstrap.bind(host: listener.address, port: listener.port).wait()
        bound.append(BoundListener(channel: channel, tls: listener.tls))
      } catch let error as IOError where configuration.listeners.isEmpty && isMissingAddress(error.errnoCode) && !bound.isEmpty {
        // A machine without IPv6, which nobody asked for by name.
        continue
      } catch {
        for listener in bound { try? listener.channel.close().wait() }
        throw SetupError(
          "can't listen on \(listener)\(remark(error)); choose another port with --port, or `listeners` in the configuration")
      }
    }
    return bound
  }

  private static let ipv6Only = ChannelOptions.socket(SocketOptionLevel(IPPROTO_IPV6), SocketOptionName(IPV6_V6ONLY))
  private static func isMissingAddress(_ code: Int32) -> Bool { code == EADDRNOTAVAIL || code == EAFNOSUPPORT }

  private static func remark(_ error: any Error) -> String {
    guard let error = error as? IOError else { return " (\(error))" }
    if error.errnoCode == EACCES { return " (ports below 1024 are for privileged users)" }
    return Files.Problem(code: error.errnoCode).remark
  }

  static func openStorage(_ configuration: ServeConfiguration) throws(SetupError) -> sending SQLiteStorage {
    do throws(StorageError) {
      return try SQLiteStorage(path: configuration.database, .server)
    } catch {
      throw SetupError(error.description)
    }
  }

  private static func roundsHistory(
    _ storage: SQLiteStorage, _ core: Configuration, _ configuration: ServeConfiguration
  ) throws(SetupError) -> RoundsHistory {
    let shares: [RoundsHistory.Share]
    do throws(StorageError) {
      shares = try storage.owners(byValueOf: ScramCredentials.roundsColumn, in: ScramCredentials.self).map {
        RoundsHistory.Share(rounds: Int(clamping: $0.value), accounts: $0.owners)
      }
    } catch { throw SetupError(error.description) }
    return try DataDirectory.roundsHistory(configuration.dataFolder + "/scram_rounds", shares: shares, core, at: .now())
  }

  /// 32 bytes from the system's cryptographic source.
  static func randomSeed() -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }

  /// Asks the server on behalf of whoever runs it. Blocks; not to be called on an event loop.
  public func control(_ request: ControlRequest) -> ControlReply {
    let host = host
    let promise = host.loop.makePromise(of: ControlReply.self)
    host.loop.execute { host.control(request) { promise.succeed($0) } }
    return (try? promise.futureResult.wait()) ?? .refused("the server is ending")
  }

  public func addAccount(_ jid: JID, password: String) throws(SetupError) {
    if case .refused(let reason) = control(.addAccount(jid, password: Secret(Array(password.utf8)))) { throw SetupError(reason) }
  }

  /// Closes every stream, waits until all connections are gone (at most 5 s) and all is stored, and ends. Blocks.
  public func stop() {
    let isFirst = isStopped.withLock { isStopped in
      defer { isStopped = true }
      return !isStopped
    }
    guard isFirst else { return }
    for channel in channels { try? channel.close().wait() }
    let host = host
    try? host.loop.flatSubmit { host.shutDown(patience: .seconds(5)) }.wait()
    try? host.drainStorage()
    for group in groups { try? group.syncShutdownGracefully() }
    folder.release()
  }
}
