public import Storage
internal import XML
internal import XMPP

/// What a feature adds to the server, as data: from it come service discovery and the list of what is supported.
struct Feature: Sendable {
  /// The XEP's number; `nil` for what an RFC defines.
  var xep: Int?
  var version: String = ""
  var name: String
  /// What `disco#info` says at the server's domain.
  var hostFeatures: [Text] = []
  /// What `disco#info` says at an account's bare JID.
  var accountFeatures: [Text] = []
  /// Kinds of rows that it stores.
  var tables: [StoredTable] = []
  /// Places in it that tests should reach.
  var marks: [any CoverageMark.Type] = []
  var limits: [Limit] = []
  var settings: [Setting] = []
  /// IQ requests to an account's bare JID.
  var accountRoutes: [Route<Account>] = []
  /// IQ requests to the server's domain that need nothing of the server's state.
  var hostRoutes: [Route<Host>] = []

  /// One kind of IQ request: the payload's name and namespace.
  struct Route<Target>: Sendable {
    var name: Text
    var namespace: Text
    /// Only from the account itself; others hear what RFC 6121, 8.5.1 says of requests that can't be answered.
    var isPrivate = true
    var handle: @Sendable (_ target: inout Target, _ request: Stanza, _ payload: Element, _ step: inout Step) -> Void
  }

  /// Every feature, in the order in which service discovery lists them.
  static let all: [Feature] = [
    ServiceDiscovery.feature, RosterManagement.feature, Blocking.feature, Ping.feature, SoftwareVersion.feature, EntityTime.feature,
    Registration.feature, OfflineMessages.feature, RoomService.feature, SessionEstablishment.feature,
  ]
  static let accountRoutes = all.flatMap(\.accountRoutes)
  static let hostRoutes = all.flatMap(\.hostRoutes)
}

/// A domain that has accounts, as a place that answers requests.
struct Host: Sendable {
  let jid: JID
  let configuration: Configuration
}

extension Account {
  /// An IQ for the bare JID: the server answers for the account (RFC 6121, 8.5.2.1.3).
  mutating func receiveRequest(_ stanza: Stanza, _ step: inout Step) {
    guard let payload = stanza.element.firstChild else { return }
    guard let route = Feature.accountRoutes.first(where: { payload.is($0.name, $0.namespace) }) else {
      return step.bounce(stanza, step.reach(RoutingMark.iqToAccountUnknown, StanzaError(.serviceUnavailable)))
    }
    guard !route.isPrivate || stanza.from.bare == jid else {
      return step.bounce(stanza, step.reach(RoutingMark.iqToAccountOfStranger, StanzaError(.serviceUnavailable)))
    }
    route.handle(&self, stanza, payload, &step)
  }
}

extension Host {
  mutating func receiveRequest(_ stanza: Stanza, _ step: inout Step) {
    guard let payload = stanza.element.firstChild else { return }
    guard let route = Feature.hostRoutes.first(where: { payload.is($0.name, $0.namespace) }) else {
      return step.bounce(stanza, step.reach(RoutingMark.hostRequestUnknown, StanzaError(.serviceUnavailable)))
    }
    route.handle(&self, stanza, payload, &step)
  }
}

extension TableCatalog {
  /// The tables of all features.
  public static let server = TableCatalog([AccountRow.table, ScramCredentials.table] + Feature.all.flatMap(\.tables))
}
