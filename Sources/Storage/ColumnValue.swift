public import XML
public import XMPP

/// The content of one column of one row.
public enum ColumnValue: Sendable, Hashable, Codable {
  case null
  case integer(Int64)
  case text(Text)
  /// A list of texts, in order.
  case texts([Text])
  case jid(JID)
  case bytes([UInt8])
  /// A stanza or another element.
  case xml(Element)

  public static func boolean(_ value: Bool) -> ColumnValue { .integer(value ? 1 : 0) }
  public static func text(_ value: Text?) -> ColumnValue { value.map { .text($0) } ?? .null }
  public static func xml(_ value: Element?) -> ColumnValue { value.map { .xml($0) } ?? .null }

  /// `nil` for `null`.
  var type: ColumnType? {
    switch self {
    case .null: nil
    case .integer: .integer
    case .text: .text
    case .texts: .texts
    case .jid: .jid
    case .bytes: .bytes
    case .xml: .xml
    }
  }

  /// Bytes that the value takes in storage. Every backend counts the same number.
  public var weight: Int {
    switch self {
    case .null: 0
    case .integer: 8
    case .text(let text): text.count
    case .texts(let texts): texts.reduce(0) { $0 + $1.count + 4 }
    case .jid(let jid): jid.bareText.count + (jid.isFull ? jid.resource.count + 1 : 0)
    case .bytes(let bytes): bytes.count
    case .xml(let element): element.stored.count
    }
  }

  /// Whether the value comes before another of the same type in the order of keys: numbers by size, texts and addresses byte by byte.
  func precedes(_ other: ColumnValue) -> Bool {
    switch (self, other) {
    case (.integer(let a), .integer(let b)): a < b
    case (.text(let a), .text(let b)): a < b
    case (.jid(let a), .jid(let b)): a < b
    default: false
    }
  }
}

public enum ColumnType: Sendable, Hashable {
  case integer, text, texts, jid, bytes, xml

  /// Whether a key can have such a column.
  var isOrdered: Bool {
    switch self {
    case .integer, .text, .jid: true
    case .texts, .bytes, .xml: false
    }
  }
}

/// The order of keys and of their beginnings: column by column.
enum KeyOrder {
  /// Negative, zero or positive, as `a` comes before, with or behind `b`. Only as many columns are compared as both have.
  static func compare(_ a: ArraySlice<ColumnValue>, _ b: ArraySlice<ColumnValue>) -> Int {
    for (x, y) in zip(a, b) where x != y { return x.precedes(y) ? -1 : 1 }
    return 0
  }
}
