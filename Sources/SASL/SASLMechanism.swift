/// The mechanisms that both halves know, the best first.
public enum SASLMechanism: String, Sendable, CaseIterable, Codable {
  /// RFC 7677.
  case scramSHA256 = "SCRAM-SHA-256"
  /// RFC 5802.
  case scramSHA1 = "SCRAM-SHA-1"
  /// RFC 4616.
  case plain = "PLAIN"

  /// The hash of the credentials that a server compares with. PLAIN names none; a server keeps the better ones.
  var hash: ScramHash {
    switch self {
    case .scramSHA1: .sha1
    case .scramSHA256, .plain: .sha256
    }
  }
}
