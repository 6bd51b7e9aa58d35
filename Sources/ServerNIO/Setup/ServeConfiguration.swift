public import ServerCore
public import XML
internal import XMPP

/// All that `spondee serve` needs to know. Every value has a default.
public struct ServeConfiguration: Sendable {
  /// The configuration of the core. `secret` is read from the data folder.
  public var core: Configuration
  /// Empty: the default port, on loopback only while the one domain is `localhost`, or else on all addresses.
  public var listeners: [Listener] = []
  /// An absolute path. The database, certificates, the control socket and a secret live here.
  public var dataFolder: String
  /// `nil`: `certs` in the data folder.
  public var certificatesFolder: String?
  public var logLevel = LogLevel.info
  /// Threads that serve connections. One: the same that decides; more: that one, and others that read, write and encrypt.
  public var eventLoops = 1
  /// `nil`: nothing is recorded.
  public var recording: RecordingOptions?

  /// An address and a port to listen on.
  public struct Listener: Sendable, Hashable, CustomStringConvertible {
    /// A numeric IPv4 or IPv6 address.
    public var address: String
    /// 0: any that is free.
    public var port: Int
    public init(address: String, port: Int) {
      self.address = address
      self.port = port
    }
    public var description: String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }
  }

  /// The port of client streams (RFC 6120, 3.2).
  public static let defaultPort = 5222

  public init(domains: [Text] = ["localhost"], dataFolder: String = ServeConfiguration.defaultDataFolder) {
    core = Configuration(domains: domains)
    self.dataFolder = dataFolder
  }

  var certificates: String { certificatesFolder ?? dataFolder + "/certs" }
  var database: String { dataFolder + "/spondee.sqlite" }
  var controlSocket: String { dataFolder + "/control.sock" }

  /// Whether only this machine can connect.
  public var isLocalOnly: Bool { core.domains == ["localhost"] && listeners.isEmpty }

  /// Listeners, or the default ones on this port.
  func listeners(defaultPort port: Int = ServeConfiguration.defaultPort) -> [Listener] {
    guard listeners.isEmpty else { return listeners }
    return (isLocalOnly ? ["127.0.0.1", "::1"] : ["0.0.0.0", "::"]).map { Listener(address: $0, port: port) }
  }

  /// Serves these domains. Each is prepared and checked.
  public mutating func setDomains(_ names: [String]) throws(SetupError) {
    core.domains = []
    for name in names {
      guard let jid = JID(Text(name)), jid.isDomain else {
        throw SetupError("`\(name)` is not a domain name, such as example.org", kind: .usage)
      }
      if !core.domains.contains(jid.domain) { core.domains.append(jid.domain) }
    }
  }

  /// Listens on this port wherever it listens.
  public mutating func setPort(_ port: Int) {
    listeners = listeners().map { Listener(address: $0.address, port: port) }
  }
}
