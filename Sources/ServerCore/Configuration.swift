public import XML
internal import XMPP

/// The configuration of a server, given at its start. Values are checked by the code that reads them from a file.
public struct Configuration: Sendable, Codable {
  /// The domains that have accounts. At least one.
  public var domains: [Text]
  /// Whether a certificate is there, so that STARTTLS can be offered.
  public var offersTLS = true
  /// Refuse authentication on connections without TLS.
  public var requiresTLS = true
  /// The settings that features and areas declare (`Setting`).
  var settings = Settings()
  /// Bounds on everything that a peer could make grow, as features and areas declare them (`Limit`).
  public var limits = Limits()
  /// The source of the salts shown for unknown names; it stays the same, or such names could be told apart after a restart.
  @PrivateKey public var secret: [UInt8] = []
  /// Which rounds names without an account are shown; `nil`: those of new credentials.
  public var roundsHistory: RoundsHistory?
  /// The servers of remote domains for which DNS is not asked for services.
  public var staticHosts: [StaticHost] = []
  public var softwareVersion: Text = "0.1"

  public init(domains: [Text]) { self.domains = domains }
}

extension Configuration {
  /// Why no server can be made of it; `nil` if one can. For what comes from a file that nobody has checked.
  package var problem: String? {
    if domains.isEmpty || domains.contains(where: { JID($0)?.text != $0 }) { return "a configuration names no domain" }
    if !(roundsHistory?.isPossible ?? true) { return "a configuration has rounds that can't be" }
    if let setting = Setting.all.first(where: { !$0.isPossible(settings[$0]) }) {
      return "a configuration has a setting that can't be: \(setting.name)"
    }
    guard let limit = Limit.all.first(where: { !$0.possible.contains(limits.value(of: $0)) }) else { return nil }
    return "a configuration has a limit that can't be: \(limit.name)"
  }
}

/// The configuration in force, with what is worked out from it. It is handed to every transaction, so it is one reference; nothing in it changes.
final class SharedConfiguration: Sendable, Codable {
  let configuration: Configuration
  /// The domains that rooms live at.
  let roomDomains: [Text]
  /// The features that streams offer.
  let offers: StreamOffers
  /// There are other servers.
  let federates: Bool
  let remotePolicy: RemotePolicy

  init(_ configuration: Configuration) {
    self.configuration = configuration
    roomDomains = configuration[flag: .rooms] ? configuration.domains.map { configuration.conferenceLabel + "." + $0 } : []
    offers = StreamOffers(configuration)
    federates = configuration[flag: .federation]
    remotePolicy = RemotePolicy(configuration)
  }

  convenience init(from decoder: any Decoder) throws { self.init(try Configuration(from: decoder)) }
  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(configuration)
  }
}
