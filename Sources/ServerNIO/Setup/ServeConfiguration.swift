public import ServerCore
public import XML
internal import XMPP

/// All that `spondee serve` needs to know. Every value has a default.
public struct ServeConfiguration: Sendable {
  /// The configuration of the core. `secret` is read from the data folder.
  public var core: Configuration
  /// Empty: the default ports, on loopback only while the one domain is `localhost`, or else on all addresses.
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
    public var tls: TLSUse

    /// How connections come to TLS: by STARTTLS (RFC 6120, 5), or they begin with it (XEP-0368).
    public enum TLSUse: String, Sendable, CaseIterable { case starttls, direct }

    public init(address: String, port: Int, tls: TLSUse = .starttls) {
      self.address = address
      self.port = port
      self.tls = tls
    }
    public var description: String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }
  }

  /// The port of client streams (RFC 6120, 3.2).
  public static let defaultPort = 5222
  /// The port of client streams that begin with TLS: no document assigns one (XEP-0368, 7), and this is the one that is used.
  public static let defaultDirectPort = 5223

  public init(domains: [Text] = ["localhost"], dataFolder: String = ServeConfiguration.defaultDataFolder) {
    core = Configuration(domains: domains)
    self.dataFolder = dataFolder
  }

  var certificates: String { certificatesFolder ?? dataFolder + "/certs" }
  var database: String { dataFolder + "/spondee.sqlite" }
  var controlSocket: String { dataFolder + "/control.sock" }

  /// Whether only this machine can connect.
  public var isLocalOnly: Bool { core.domains == ["localhost"] && listeners.isEmpty }

  /// Listeners, or the default ones.
  func listenersOrDefault() -> [Listener] {
    guard listeners.isEmpty else { return listeners }
    let addresses = isLocalOnly ? ["127.0.0.1", "::1"] : ["0.0.0.0", "::"]
    return addresses.map { Listener(address: $0, port: ServeConfiguration.defaultPort) }
      + addresses.map { Listener(address: $0, port: ServeConfiguration.defaultDirectPort, tls: .direct) }
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

  /// Listens on this port wherever it listens without TLS from the start. Of the listeners with TLS only those stay that were asked for:
  /// two servers of one machine that have ports of their own would meet at the default one.
  public mutating func setPort(_ port: Int) {
    let isDefault = listeners.isEmpty
    listeners = listenersOrDefault().compactMap { listener in
      guard listener.tls == .direct else { return Listener(address: listener.address, port: port) }
      return isDefault ? nil : listener
    }
  }
}
