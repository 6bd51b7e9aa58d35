internal import XML
internal import XMPP

/// Base 64 against a slow reading of RFC 4648, bit by bit.
enum Base64Check {
  static func check(_ bytes: [UInt8]) -> Finding {
    let encoded = Base64.encode(bytes)
    if Array(encoded.utf8) != slowlyEncoded(bytes) { return .fault("\(bytes) is encoded as \(encoded)") }
    if Base64.decode(encoded) != bytes { return .fault("decode(encode(x)) is not x for \(bytes)") }
    if let fault = faultOfPadding(Array(encoded.utf8)) { return .fault(fault) }
    let text = Text(utf8: bytes)
    let decoded = Base64.decode(text)
    let expected = slowlyDecoded(Array(text.utf8))
    guard decoded == expected else {
      return .fault("\(text.debugDescription) is decoded as \(decoded.map { "\($0)" } ?? "nothing") and not as \(expected ?? [])")
    }
    guard let decoded else { return .refused }
    // Bits that stand for nothing may have any value, which RFC 4648, 3.5 allows: all other text encodes to itself again.
    if let fault = paddingFault(Array(text.utf8), Array(Base64.encode(decoded).utf8)) { return .fault(fault) }
    return .good(1 + decoded.count)
  }

  /// Texts that are nearly right are rare among random ones: the same letters with any padding, and with padding in their middle.
  private static func faultOfPadding(_ letters: [UInt8]) -> String? {
    for count in 0...min(5, letters.count) {
      var changed = letters
      for index in letters.count - count..<letters.count { changed[index] = UInt8(ascii: "=") }
      var split = changed
      split.swapAt(split.count / 2, max(0, split.count - 1))
      for text in [changed, Array(changed.dropLast()), split] where Base64.decode(Text(utf8: text)) != slowlyDecoded(text) {
        return "\(String(decoding: text, as: UTF8.self)) is decoded otherwise"
      }
      if letters.isEmpty { return nil }
    }
    return nil
  }

  /// Two texts of the same bytes may differ in the last letter before the padding, and only if there is padding.
  private static func paddingFault(_ given: [UInt8], _ again: [UInt8]) -> String? {
    guard given != again else { return nil }
    let letters = given.prefix { $0 != UInt8(ascii: "=") }.count
    let differences = given.indices.filter { given.count != again.count || given[$0] != again[$0] }
    return letters < given.count && differences == [letters - 1]
      ? nil : "accepted text encodes otherwise: \(String(decoding: given, as: UTF8.self))"
  }

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  private static func slowlyEncoded(_ bytes: [UInt8]) -> [UInt8] {
    var bits = bytes.flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 } }
    while !bits.count.isMultiple(of: 6) { bits.append(0) }
    var letters: [UInt8] = []
    for start in stride(from: 0, to: bits.count, by: 6) {
      letters.append(alphabet[Int(bits[start..<start + 6].reduce(0) { $0 * 2 + $1 })])
    }
    while !letters.count.isMultiple(of: 4) { letters.append(UInt8(ascii: "=")) }
    return letters
  }

  private static func slowlyDecoded(_ text: [UInt8]) -> [UInt8]? {
    guard text.count.isMultiple(of: 4) else { return nil }
    let letters = text.prefix { $0 != UInt8(ascii: "=") }
    let padding = text.dropFirst(letters.count)
    guard padding.count <= 2, padding.allSatisfy({ $0 == UInt8(ascii: "=") }) else { return nil }
    var bits: [UInt8] = []
    for letter in letters {
      guard let value = alphabet.firstIndex(of: letter) else { return nil }
      bits += (0..<6).map { UInt8(value) >> (5 - $0) & 1 }
    }
    var bytes: [UInt8] = []
    guard bits.count >= 8 else { return letters.isEmpty ? [] : nil }
    for start in stride(from: 0, through: bits.count - 8, by: 8) {
      bytes.append(bits[start..<start + 8].reduce(0) { $0 << 1 | $1 })
    }
    return bytes
  }
}
