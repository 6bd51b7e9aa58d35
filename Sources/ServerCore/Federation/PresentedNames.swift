public import XML

/// The names in a certificate's `subjectAltName` that can identify an XMPP server (RFC 6120, 13.7.1.2).
///
/// A common name can't be expressed: no reference identifier is compared with one (RFC 9525, 6.1.1).
public struct PresentedNames: Sendable, Hashable, Codable {
  /// `dNSName`: domain names in A-labels; the left-most label may be `*`.
  public let dns: [Text]
  /// `SRVName` (RFC 4985, 2): a service and a domain name, `_xmpp-server.far.example`.
  public let srv: [Text]
  /// `xmppAddr` (RFC 6120, 13.7.1.4): an address, here of a domain.
  public let xmpp: [Text]

  /// The number of names of each kind that count. The public certificate authorities issue certificates with a hundred names or a few more.
  public static let maximumCount = 1_000

  /// Names behind the first `maximumCount` of a kind are dropped.
  public init(dns: [Text] = [], srv: [Text] = [], xmpp: [Text] = []) {
    self.dns = Array(dns.prefix(PresentedNames.maximumCount))
    self.srv = Array(srv.prefix(PresentedNames.maximumCount))
    self.xmpp = Array(xmpp.prefix(PresentedNames.maximumCount))
  }
}
