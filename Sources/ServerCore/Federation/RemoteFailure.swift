internal import XML
internal import XMPP

/// Why there is no stream to a remote domain.
enum RemoteFailure: Sendable, Hashable, Codable {
  /// The domain has no name, no address or no such service in DNS.
  case notFound
  /// DNS gave no answer that would have told of an address.
  case unresolved
  /// Nobody took a connection, or the connection or the handshake broke.
  case connection
  /// The other side gave no answer in time.
  case timeout
  /// The other side does not prove to be of the domain.
  case certificate(CertificateProblem)
  /// It does not do what the policy demands, such as TLS.
  case policy
  /// It refused to believe us.
  case refused
  /// It ended the stream with an error, or broke the rules.
  case stream
  /// The stream ended in order, after both sides were done or because the server is shutting down.
  case ended

  /// Whether another attempt within seconds would most likely fail alike, so that stanzas do not wait for it.
  var isPermanent: Bool {
    switch self {
    case .notFound, .policy, .refused: true
    case .certificate(let problem): problem != .noAnswer
    case .unresolved, .connection, .timeout, .stream, .ended: false
    }
  }

  /// The error that a stanza comes back with (RFC 6120, 8.3.3.16 and 8.3.3.17).
  var error: StanzaError {
    switch self {
    case .notFound, .unresolved: StanzaError(.remoteServerNotFound, text: text)
    default: StanzaError(.remoteServerTimeout, text: text)
    }
  }

  /// In words for people: what is wrong with the other server, or with the way to it.
  var text: Text {
    switch self {
    case .notFound: "no server of the domain can be found"
    case .unresolved: "DNS does not answer for the domain"
    case .connection: "no connection to the domain's server comes about, or it broke"
    case .timeout: "the domain's server does not answer in time"
    case .certificate(let problem): "the certificate of the domain's server is not accepted: " + Text(problem.words)
    case .policy: "the domain's server offers no encryption"
    case .refused: "the domain's server does not accept the certificate of this one"
    case .stream: "the domain's server ended the stream with an error"
    case .ended: "the domain's server ended the stream"
    }
  }
}

extension CertificateProblem {
  fileprivate var words: String {
    switch self {
    case .missing: "there is none"
    case .expired: "it has expired"
    case .notYetValid: "it is not valid yet"
    case .untrusted: "its authority is not trusted"
    case .selfSigned: "it is signed by itself"
    case .wrongUsage: "it is meant for something else"
    case .malformed: "it can't be read"
    case .tooLong: "it is too long"
    case .nameMismatch: "it is not the domain's"
    case .noAnswer: "it could not be verified"
    }
  }
}
