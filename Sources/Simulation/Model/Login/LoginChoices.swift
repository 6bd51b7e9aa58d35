internal import XML

/// The answers of this server where RFC 6120 leaves a choice or has a SHOULD, to which the judge of logins holds it: a client that was written
/// against one of them must not meet another.
enum LoginChoices {
  /// 6.4.5: a stream with too many failures SHOULD end with this; some servers say `not-authorized`.
  static let tooManyFailures: Text = "policy-violation"
  /// 6.5.8 and 6.5.10 both fit an element that the exchange has no place for: `response` and `abort` without an exchange, `auth` within one, and
  /// elements of servers.
  static let unexpectedSASL: Text = "malformed-request"
  /// 6.5.8 of messages that break the syntax of their mechanism (RFC 4616, 2; RFC 5802, 7).
  static let malformedMessage: Text = "malformed-request"
  /// 6.5.10: a final message of SCRAM that is malformed, or whose nonce or binding is not the exchange's, is like a wrong proof.
  static let wrongFinal: Text = "not-authorized"
  /// 6.5.4: a mechanism that is offered over TLS alone. (6.5.7 would hide that it is known.)
  static let withoutTLS: Text = "encryption-required"
  /// 13.12: one connection too many of an address.
  static let tooManyConnections: Text = "policy-violation"
  /// 4.9.3.1 of a second header within a stream.
  static let headerWithin: Text = "bad-format"
  /// 7.1 of stanzas before a resource is bound that are not to be answered, and 4.9.3.12 of stanzas before a login.
  static let stanzaTooEarly: Text = "not-authorized"
  /// 4.9.3.24 of other elements.
  static let elementTooEarly: Text = "unsupported-stanza-type"
  /// 7.1 lets a server answer requests to itself before a resource is bound. This one refuses all but the one that binds.
  static let requestTooEarly: Text = "not-allowed"
  /// 7.7.2.1.
  static let resourceImpossible: Text = "bad-request"

  /// The faults of a header (4.7 to 4.9) in the order in which they are looked for: of several, the first is told.
  enum HeaderFault: Int, Comparable {
    case namespace, name, contentNamespace, unknownHost, otherHost, version

    /// 4.9.3. That the domain changes within a connection has no condition of its own.
    var condition: Text {
      switch self {
      case .namespace, .contentNamespace: "invalid-namespace"
      case .name: "bad-format"
      case .unknownHost, .otherHost: "host-unknown"
      case .version: "unsupported-version"
      }
    }
    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }
}
