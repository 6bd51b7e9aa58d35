/// A question whether a chain of certificates may be trusted. It does not ask for whom: the core compares names itself (`NameMatching`).
public struct CertificateQuestion: Sendable, Hashable, Codable {
  /// The part that the other side took in the handshake.
  public enum Side: String, Sendable, Hashable, Codable { case server, client }

  /// As the other side presented them, its own first, each in DER.
  public var chain: [[UInt8]]
  public var side: Side
  /// When they must be valid, on the wall clock.
  public var time: Int64

  public init(chain: [[UInt8]], side: Side, time: Int64) { (self.chain, self.side, self.time) = (chain, side, time) }

  /// The bytes of a chain that is looked at, and its certificates: longer ones are rejected as `tooLong`.
  public static let maximumBytes = 64 << 10
  public static let maximumCount = 8
}

/// The answer to it.
public enum CertificateVerdict: Sendable, Hashable, Codable {
  /// An authority vouches for the names, until a time on the wall clock: the first at which a certificate of the chain expires.
  case trusted(PresentedNames, until: Int64)
  case rejected(CertificateProblem)
}

/// Why a certificate proves nothing (RFC 6120, 13.7.2).
public enum CertificateProblem: String, Error, Sendable, Hashable, Codable, CaseIterable {
  /// None was presented.
  case missing
  case expired, notYetValid
  /// The chain ends at no authority that is trusted.
  case untrusted
  case selfSigned
  /// Meant for something else, by its extensions (RFC 5280, 4.2.1.3 and 4.2.1.12).
  case wrongUsage
  case malformed, tooLong
  /// It is somebody's, but not the domain's (RFC 9525, 6).
  case nameMismatch
  /// Nobody could say.
  case noAnswer
}
