internal import XML
internal import XMPP

/// Values of one kind that users choose as they like: examples and tables of the RFCs, hostile ones among them.
struct ValueTable: Sendable {
  /// Values in their own right; `nil`: there is none.
  let values: [Text?]
  /// Other spellings of the value that stands there: mostly the same to a server that prepares it, and sometimes no value at all.
  let spellings: [@Sendable (Text) -> Text]
  /// A value follows the one that stands there, by which an oracle knows a stanza again.
  let extends: Bool

  init(_ values: [Text?], spellings: [@Sendable (Text) -> Text] = [], extends: Bool = false) {
    self.values = values
    self.spellings = spellings
    self.extends = extends
  }

  /// - Parameter place: users of one run mostly choose among neighbours in the table, so that two of them meet at one value.
  func value(insteadOf old: Text, near place: Int, _ roll: (Int) -> Int) -> Text? {
    if values.isEmpty || (!spellings.isEmpty && roll(3) == 2) {
      return spellings.isEmpty ? old : ActionContext.pick(spellings, roll)(old)
    }
    let index = roll(4) == 3 ? roll(values.count) : (place + roll(3)) % values.count
    guard let value = values[index] else { return nil }
    return extends ? old + value : value
  }
}

// MARK: - Spellings

extension ValueTable {
  /// ASCII letters alone, as a server must take them for the same in localparts and domainparts.
  static func uppercased(_ text: Text) -> Text {
    Text(utf8: text.utf8.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) ? $0 - 0x20 : $0 })
  }

  /// Letters and digits as East Asian typography has them (RFC 8265, 3.3.1, step 1).
  static func fullwidth(_ text: Text) -> Text {
    var wide = String.UnicodeScalarView()
    for scalar in text.string.unicodeScalars {
      let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType == .decimal)
      wide.append(isPlain ? Unicode.Scalar(scalar.value + 0xFEE0) ?? scalar : scalar)
    }
    return Text(String(wide))
  }

  static func spaced(_ text: Text) -> Text { text + " " }
  /// A space of another kind (RFC 8265, 4.2.1, step 2).
  static func spacedOtherwise(_ text: Text) -> Text { "\u{A0}" + text }
  /// A mark that joins the last letter.
  static func accented(_ text: Text) -> Text { text + "\u{301}" }

  /// Changes the bare address alone.
  static func bare(_ change: @escaping @Sendable (Text) -> Text) -> @Sendable (Text) -> Text {
    return { address in
      guard let slash = address.utf8.firstIndex(of: UInt8(ascii: "/")) else { return change(address) }
      return change(Text(utf8: address.utf8[..<slash])) + Text(utf8: address.utf8[slash...])
    }
  }
  /// Changes the localpart alone.
  static func local(_ change: @escaping @Sendable (Text) -> Text) -> @Sendable (Text) -> Text {
    return { address in
      guard let at = address.utf8.firstIndex(of: UInt8(ascii: "@")) else { return address }
      return change(Text(utf8: address.utf8[..<at])) + Text(utf8: address.utf8[at...])
    }
  }
  /// Changes the resourcepart alone.
  static func resource(_ change: @escaping @Sendable (Text) -> Text) -> @Sendable (Text) -> Text {
    return { address in
      guard let slash = address.utf8.firstIndex(of: UInt8(ascii: "/")) else { return address }
      return Text(utf8: address.utf8[...slash]) + change(Text(utf8: address.utf8[address.utf8.index(after: slash)...]))
    }
  }
}

extension Text {
  /// Of one character, also one that no literal may have.
  static func scalar(_ value: UInt32) -> Text { Text(String(Unicode.Scalar(value) ?? "?")) }
  /// A text of so many bytes; the last character may take several of them.
  static func sized(_ bytes: Int, ending end: Text = "x") -> Text {
    Text(String(repeating: "x", count: max(0, bytes - end.count))) + end
  }
}
