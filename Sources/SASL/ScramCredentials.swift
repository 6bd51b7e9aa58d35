/// The hash of a mechanism of the SCRAM family. The raw value is its name in the name of the mechanism.
public enum ScramHash: String, Sendable, Hashable, CaseIterable, Codable {
  case sha1 = "SHA-1"
  case sha256 = "SHA-256"
}

/// The keys that a server keeps of a password (RFC 5802, section 3): enough to check a proof, not enough to make one.
public struct ScramCredentials: Sendable, Hashable, Codable {
  public var hash: ScramHash
  public var salt: [UInt8]
  /// The iteration count.
  public var rounds: Int
  public var storedKey: [UInt8]
  public var serverKey: [UInt8]
  public init(hash: ScramHash, salt: [UInt8], rounds: Int, storedKey: [UInt8], serverKey: [UInt8]) {
    self.hash = hash
    self.salt = salt
    self.rounds = rounds
    self.storedKey = storedKey
    self.serverKey = serverKey
  }
}

/// Deriving keys from a password costs milliseconds on purpose, so it is done outside of the halves.
public struct DerivationRequest: Sendable, Codable {
  public var password: Secret
  public var hashes: [ScramHash]
  /// One salt for each hash.
  public var salts: [[UInt8]]
  /// One iteration count for each hash.
  public var rounds: [Int]
  public init(password: Secret, hashes: [ScramHash], salts: [[UInt8]], rounds: [Int]) {
    self.password = password
    self.hashes = hashes
    self.salts = salts
    self.rounds = rounds
  }
}
