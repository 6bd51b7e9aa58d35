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
}
