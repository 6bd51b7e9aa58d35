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
    var out = [UInt8](repeating: UInt8(ascii: "="), count: (bytes.count + 2) / 3 * 4)
    var letters = out.mutableSpan
    let table = alphabet
    let alphabet = table.span
    let bytes = bytes.span
    var place = 0
    var start = 0
    while start + 3 <= bytes.count {
      let bits = Int(bytes[start]) << 16 | Int(bytes[start + 1]) << 8 | Int(bytes[start + 2])
      letters[place] = alphabet[bits >> 18]
      letters[place + 1] = alphabet[bits >> 12 & 63]
      letters[place + 2] = alphabet[bits >> 6 & 63]
      letters[place + 3] = alphabet[bits & 63]
      start += 3
      place += 4
    }
    if start < bytes.count {
      let isLast = start + 1 == bytes.count
      let bits = Int(bytes[start]) << 16 | (isLast ? 0 : Int(bytes[start + 1]) << 8)
      letters[place] = alphabet[bits >> 18]
      letters[place + 1] = alphabet[bits >> 12 & 63]
      if !isLast { letters[place + 2] = alphabet[bits >> 6 & 63] }
    }
    return Text(utf8: out)
  }

  /// `nil` for anything but whole groups of the alphabet with right padding. Bits of the last letter before it that stand for nothing may have any
  /// value (RFC 4648, 3.5): all other text encodes to itself again.
  public static func decode(_ text: Text) -> [UInt8]? {
    let letters = text.utf8.span
    guard letters.count.isMultiple(of: 4) else { return nil }
    var end = letters.count
    while end > 0, letters[end - 1] == UInt8(ascii: "=") { end -= 1 }
    let padding = letters.count - end
    guard padding <= 2 else { return nil }
    var out = [UInt8](repeating: 0, count: letters.count / 4 * 3 - padding)
    var bytes = out.mutableSpan
    let table = values
    let values = table.span
    var place = 0
    var start = 0
    while start < end {
      var bits: UInt32 = 0
      for index in start..<start + 4 {
        let value = index < end ? values[Int(letters[index])] : 0
        guard value != 255 else { return nil }
        bits = bits << 6 | UInt32(value)
      }
      bytes[place] = UInt8(truncatingIfNeeded: bits >> 16)
      if place + 1 < bytes.count { bytes[place + 1] = UInt8(truncatingIfNeeded: bits >> 8) }
      if place + 2 < bytes.count { bytes[place + 2] = UInt8(truncatingIfNeeded: bits) }
      start += 4
      place += 3
    }
    return out
  }
}
