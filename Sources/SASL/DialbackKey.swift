public import XML

/// The key by which a server shows that it speaks for a domain in server dialback (XEP-0220, 2.1.1 and 2.2.2), made as XEP-0185, 2
/// recommends.
///
/// Nothing needs to be kept of a key: the authoritative server makes it once more of what it is asked, and compares.
public struct DialbackKey: Sendable {
  private let hex: Secret

  /// - Parameters:
  ///   - receiving: the domain that is to believe it, in the very form in which the key will be made once more: prepared.
  ///   - originating: the domain that is spoken for, prepared as well.
  ///   - stream: the stream's id, which the receiving server chose: any text.
  ///   - secret: what the servers of the originating domain know, and nobody else.
  /// - Returns: `nil` if a domain holds a space. Spaces stand between the fields, so that two triples would have one key; no prepared
  ///   domain holds any, and behind the second one everything is the id.
  public init?(receiving: Text, originating: Text, stream: Text, secret: Secret) {
    let space = UInt8(ascii: " ")
    guard !receiving.utf8.contains(space), !originating.utf8.contains(space) else { return nil }
    let key = secret.withBytes { DialbackKey.hexadecimal(Scram.digest(.sha256, $0)) }
    let message = Array(receiving.utf8) + [space] + originating.utf8 + [space] + stream.utf8
    hex = Secret(DialbackKey.hexadecimal(Scram.hmac(.sha256, key: key, message)))
  }

  /// The key as the text of `db:result` and `db:verify`: 64 digits in lower case.
  public var text: Text { hex.withBytes { Text(utf8: $0) } }

  /// Whether the text is this key, to the letter. Takes the same time wherever the first difference stands.
  public func matches(_ text: Text) -> Bool { hex.matches(Array(text.utf8)) }

  /// Two digits a byte, in lower case: those of the vector in XEP-0185, 3.
  private static func hexadecimal(_ bytes: [UInt8]) -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
  }
}
