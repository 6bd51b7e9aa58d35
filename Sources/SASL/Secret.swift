public import XML
internal import XMPP

/// Bytes that are compared in constant time or not at all.
public struct Secret: Sendable, Codable {
  private let bytes: [UInt8]
  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// A password as it goes into a hash: prepared with SASLprep (RFC 5802, 2.2), and unchanged where SASLprep prohibits a character, for
  /// then no account can have it.
  public init(preparing password: Text) { bytes = Array((Precis.saslPrep(password) ?? password).utf8) }

  /// For handing to a cryptographic function.
  public func withBytes<R>(_ body: ([UInt8]) -> R) -> R { body(bytes) }

  /// Takes the same time wherever the first difference stands. The length is no secret.
  public func matches(_ other: [UInt8]) -> Bool {
    guard bytes.count == other.count else { return false }
    var difference: UInt8 = 0
    for (a, b) in zip(bytes, other) { difference |= a ^ b }
    return difference == 0
  }

  /// A new password as SCRAM will see it (RFC 5802, 2.2). `nil` if nothing of it is left then, if it is longer than 1023 bytes, or if it
  /// holds what SASLprep prohibits.
  public var prepared: Secret? {
    guard bytes.count <= 1023, let text = Precis.saslPrep(Text(utf8: bytes)), !text.isEmpty else { return nil }
    return Secret(Array(text.utf8))
  }
}
