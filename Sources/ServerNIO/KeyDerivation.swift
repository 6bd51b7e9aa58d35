internal import Crypto
internal import CryptoExtras
internal import Dispatch
internal import SASL
internal import ServerCore

/// PBKDF2 by BoringSSL: the same keys as `Scram.derive`, many times faster.
enum KeyDerivation {
  /// Derivations keep one core busy, never the event loop's, however many strangers ask to log in.
  private static let queue = DispatchQueue(label: "spondee.derivation")

  /// Derives elsewhere, and calls back there.
  static func derive(_ request: DerivationRequest, _ done: @escaping @Sendable ([ScramCredentials]) -> Void) {
    queue.async { done(derive(request)) }
  }

  /// Returns when every derivation asked for so far has called back.
  static func drain() { queue.sync {} }

  /// Derives here and now.
  static func derive(_ request: DerivationRequest) -> [ScramCredentials] {
    request.hashes.indices.map { i in
      let salt = request.salts[i]
      let rounds = request.rounds[i]
      let salted = request.password.withBytes { saltedPassword(request.hashes[i], password: $0, salt: salt, rounds: rounds) }
      return Scram.credentials(request.hashes[i], saltedPassword: salted, salt: salt, rounds: rounds)
    }
  }

  private static func saltedPassword(_ hash: ScramHash, password: [UInt8], salt: [UInt8], rounds: Int) -> [UInt8] {
    let function: KDF.Insecure.PBKDF2.HashFunction = hash == .sha1 ? .insecureSHA1 : .sha256
    let length = hash == .sha1 ? Insecure.SHA1.byteCount : SHA256.byteCount
    // "Unchecked": the library wants 210,000 rounds, SCRAM accounts in the field have 4,096 and more (RFC 7677, 4).
    let key = try? KDF.Insecure.PBKDF2.deriveKey(
      from: password, salt: salt, using: function, outputByteCount: length, unsafeUncheckedRounds: rounds)
    guard let key else { return Scram.saltedPassword(hash, password: password, salt: salt, rounds: rounds) }
    return key.withUnsafeBytes { Array($0) }
  }
}
