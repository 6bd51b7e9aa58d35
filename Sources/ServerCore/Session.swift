internal import OrderedCollections
internal import XML
internal import XMPP

/// A bound resource of an account: what the server knows of it from its binding to its end. Stanzas reach it by `Transaction.deliver(_:to:)`; how
/// its stream is negotiated is the business of `ClientStream`.
struct Session: Sendable, Codable {
  let connection: ConnectionID
  /// Full.
  let jid: JID
  /// The language of its stream, for stanzas that name none (RFC 6120, 8.1.5).
  let language: Text?
  /// The last presence that it broadcast; `nil` while it is unavailable.
  var presence: Element?
  /// When that was, on the wall clock.
  var presenceTime: Int64 = 0
  var priority = 0
  /// It asked for the roster, so it gets pushes (RFC 6121, 2.1.6).
  var wantsRoster = false
  /// The states that features keep of the session.
  var states = FeatureStates()
  /// The addresses that got directed presence and must be told when it ends (RFC 6121, 4.6).
  var directed: OrderedSet<JID> = []

  init(connection: ConnectionID, jid: JID, language: Text?) {
    self.connection = connection
    self.jid = jid
    self.language = language
  }
}
