/// A reading of XML that we wrote, which has just enough of the grammar to say that a stream may hold it.
enum WrittenXML {
  /// The fault of bytes that should be one element: what is not well-formed, or what RFC 6120, 11.1 forbids (comments, processing
  /// instructions, document types, references but to the five entities that XML has). The writer needs no CDATA sections.
  static func fault(in bytes: [UInt8]) -> String? {
    guard let string = String(validating: bytes, as: UTF8.self) else { return "it is not UTF-8" }
    if let scalar = string.unicodeScalars.first(where: { !isCharacter($0) }) {
      return "no document may have U+\(String(scalar.value, radix: 16))"
    }
    var reader = Reader(bytes: bytes)
    while reader.place < bytes.count { if let fault = reader.next() { return "\(fault) at byte \(reader.place)" } }
    return reader.open.isEmpty && reader.elements == 1 ? nil : "it is not one element"
  }

  /// XML 1.0, 2.2.
  static func isCharacter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x9, 0xA, 0xD, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
    default: false
    }
  }

  private struct Reader {
    let bytes: [UInt8]
    var place = 0
    /// The names of the open elements.
    var open: [ArraySlice<UInt8>] = []
    /// Elements that stand in no other.
    var elements = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    private var byte: UInt8? { place < bytes.count ? bytes[place] : nil }
    private func stands(_ text: String) -> Bool { bytes[min(place, bytes.count)...].starts(with: text.utf8) }

    /// Reads a tag, a reference or a byte of text.
    mutating func next() -> String? {
      if stands("</") { return endTag() }
      if stands("<") { return startTag() }
      if open.isEmpty { return "text stands outside of the element" }
      if stands("&") { return reference() }
      if stands(">") || stands("\r") { return "text has what must be a reference" }
      place += 1
      return nil
    }

    private mutating func name() -> ArraySlice<UInt8>? {
      let end = bytes[place...].firstIndex { $0 <= 0x20 || "/>='\"<&!?".utf8.contains($0) } ?? bytes.count
      defer { place = end }
      return end == place || "-.0123456789".utf8.contains(bytes[place]) ? nil : bytes[place..<end]
    }

    private mutating func endTag() -> String? {
      place += 2
      guard let name = name(), let last = open.popLast(), last == name, byte == UInt8(ascii: ">") else {
        return "an end tag does not match"
      }
      place += 1
      return nil
    }

    private mutating func startTag() -> String? {
      place += 1
      if open.isEmpty { elements += 1 }
      guard let name = name() else { return "a tag has no name" }
      var names: [ArraySlice<UInt8>] = []
      while byte == 0x20 {
        place += 1
        guard let name = self.name(), byte == UInt8(ascii: "="), !names.contains(name) else { return "no attribute" }
        names.append(name)
        place += 1
        if let fault = value() { return fault }
      }
      if stands("/>") {
        place += 2
      } else if stands(">") {
        place += 1
        open.append(name)
      } else {
        return "a tag does not end"
      }
      return nil
    }

    private mutating func value() -> String? {
      guard byte == UInt8(ascii: "'") else { return "a value does not begin" }
      place += 1
      while let byte, byte != UInt8(ascii: "'") {
        if byte == UInt8(ascii: "&") {
          if let fault = reference() { return fault }
          continue
        }
        // White space but the space would be read as a space (XML 1.0, 3.3.3).
        if "<>\"\n\r\t".utf8.contains(byte) { return "a value has what must be a reference" }
        place += 1
      }
      place += 1
      return nil
    }

    private mutating func reference() -> String? {
      guard let end = bytes[place...].prefix(9).firstIndex(of: UInt8(ascii: ";")) else { return "a reference does not end" }
      let known = ["lt", "gt", "amp", "apos", "quot", "#9", "#10", "#13"]
      guard known.contains(where: { bytes[(place + 1)..<end].elementsEqual($0.utf8) }) else { return "a reference to something else" }
      place = end + 1
      return nil
    }
  }
}
