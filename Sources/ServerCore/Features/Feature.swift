internal import SASL
public import Storage
internal import XML
internal import XMPP

/// A feature's contribution to the server, as data: from it come service discovery and the list of what is supported.
struct Feature: Sendable {
  /// The XEP's number; `nil` for what an RFC defines.
  var xep: Int?
  var version: String = ""
  var name: String
  /// The features that `disco#info` lists at the server's domain.
  var hostFeatures: [Text] = []
  /// The features that `disco#info` lists at an account's bare JID.
  var accountFeatures: [Text] = []
  /// Whether a configuration has the feature; service discovery does not tell of one that is off.
  var isOn: @Sendable (Configuration) -> Bool = { _ in true }
  /// The service that `disco#items` lists at a domain.
  var hostItem: (@Sendable (_ host: Host) -> (jid: Text, name: Text))?
  /// Kinds of rows that it stores.
  var tables: [StoredTable] = []
  /// Places in it that tests should reach.
  var marks: [any CoverageMark.Type] = []
  var limits: [Limit] = []
  var settings: [Setting] = []
  /// IQ requests that it answers.
  var requests: [Request] = []
  /// Its additions to the negotiation of streams (`StreamFeature.all`).
  var streamFeatures: [StreamFeature] = []
  /// The state that it keeps in memory of each account.
  var accountState: (any AccountState.Type)?
  /// The state that it keeps of each session.
  var sessionState: (any FeatureState.Type)?
  var hooks = Hooks()

  /// Every feature, in the order in which service discovery lists them.
  static let all: [Feature] = [
    ServiceDiscovery.feature, RosterManagement.feature, Blocking.feature, XMPPPing.feature, SoftwareVersion.feature, EntityTime.feature,
    InBandRegistration.feature, OfflineMessages.feature, RoomService.feature, SessionEstablishment.feature, PrivateXML.feature,
    Tombstones.feature,
  ]
}

extension TableCatalog {
  /// The tables of all features.
  public static let server = TableCatalog([AccountRow.table, ScramCredentials.table] + Feature.all.flatMap(\.tables))
}
