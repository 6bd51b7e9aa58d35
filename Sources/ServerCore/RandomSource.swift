internal import SASL
public import XML

/// The core's one source of randomness: SHA-256 over a secret key and a counter.
///
/// With a key from the system's cryptographic source its output can't be foretold, so nonces, salts and tokens may be drawn from it;
/// with a known key a run can be replayed.
public struct RandomSource: Sendable, Codable {
  private var key: [UInt8]
  private var counter: UInt64 = 0
  private var block: [UInt8] = []

  /// - Parameter key: 32 bytes of entropy in production; anything in a simulation.
  public init(key: [UInt8]) { self.key = key }

  public mutating func next() -> UInt8 {
    if block.isEmpty {
      var input = key
      for shift in stride(from: 0, to: 64, by: 8) { input.append(UInt8(truncatingIfNeeded: counter >> UInt64(shift))) }
      counter += 1
      block = Scram.digest(.sha256, input)
    }
    return block.removeLast()
  }

  /// A number from 0 to `limit`, both included. Of small limits all numbers are as likely as can be seen.
  mutating func number(through limit: UInt64) -> UInt64 {
    let drawn = (0..<8).reduce(UInt64(0)) { number, _ in number << 8 | UInt64(next()) }
    return limit == .max ? drawn : drawn % (limit + 1)
  }

  public mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in next() } }

  /// A token of 16 characters, 5 random bits each.
  public mutating func token() -> Text {
    var letters: [UInt8] = []
    letters.reserveCapacity(16)
    for _ in 0..<16 { letters.append(RandomSource.alphabet[Int(next() & 31)]) }
    return Text(utf8: letters)
  }
  private static let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789".utf8)
}
