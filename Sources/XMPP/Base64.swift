public import XML

/// Base 64 with padding, strict (RFC 4648, section 4), as XMPP uses it (RFC 6120, 6.4.2 and 13.9.1).
public enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let values: [UInt8] = {
    var table = [UInt8](repeating: 255, count: 256)
    for (value, letter) in alphabet.enumerated() { table[Int(letter)] = UInt8(value) }
    return table
  }()

  public static func encode(_ bytes: [UInt8]) -> Text {
    var out: [UInt8] = []
    out.reserveCapacity((bytes.count + 2) / 3 * 4)
    let alphabet = alphabet
    var start = 0
    while start < bytes.count {
      let count = min(3, bytes.count - start)
      var bits: UInt32 = 0
      for i in 0..<3 { bits = bits << 8 | (i < count ? UInt32(bytes[start + i]) : 0) }
      for i in 0..<4 { out.append(i <= count ? alphabet[Int(bits >> UInt32(18 - 6 * i)) & 63] : UInt8(ascii: "=")) }
      start += 3
    }
    return Text(utf8: out)
  }

  /// `nil` for anything but whole groups of the alphabet with right padding.
  public static func decode(_ text: Text) -> [UInt8]? {
    let letters = text.utf8.span
    guard letters.count.isMultiple(of: 4) else { return nil }
    var end = letters.count
    while end > 0, letters[end - 1] == UInt8(ascii: "=") { end -= 1 }
    let padding = letters.count - end
    guard padding <= 2 else { return nil }
    var out: [UInt8] = []
    out.reserveCapacity(letters.count / 4 * 3)
    let values = values
    var bits: UInt32 = 0
    for index in letters.indices {
      let value = index >= end ? 0 : values[Int(letters[index])]
      guard value != 255 else { return nil }
      bits = bits << 6 | UInt32(value)
      if index % 4 == 3 {
        out.append(UInt8(truncatingIfNeeded: bits >> 16))
        out.append(UInt8(truncatingIfNeeded: bits >> 8))
        out.append(UInt8(truncatingIfNeeded: bits))
        bits = 0
      }
    }
    out.removeLast(padding)
    return out
  }
}
