/// A piece of UTF-8 text that compares and hashes by its bytes.
///
/// Swift's `String` takes canonically equivalent texts for equal (U+212B and U+00C5, say). In XML, in addresses,
/// in ids and in secrets they are not; so nothing of ours that came from a peer is ever compared as a `String`.
public struct Text: Sendable {
  /// The same text, for printing and for building other texts.
  public let string: String

  public init(_ string: String) { self.string = string }
  public init(_ string: Substring) { self.string = String(string) }
  /// Bytes that are not UTF-8 become U+FFFD.
  public init(utf8 bytes: some Collection<UInt8>) { self.string = String(decoding: bytes, as: UTF8.self) }

  public var utf8: String.UTF8View { string.utf8 }
  /// Length in bytes.
  public var count: Int { string.utf8.count }
  public var isEmpty: Bool { string.utf8.isEmpty }

  /// Whether one of the two is a copy of the other, as far as that shows by their storage: then they are equal. Takes a few instructions, whatever
  /// the length.
  public func isCopy(of other: Text) -> Bool {
    unsafe unsafeBitCast(string, to: (UInt64, UInt64).self) == unsafeBitCast(other.string, to: (UInt64, UInt64).self)
  }

  /// Calls `body` with the bytes of the text.
  @inline(__always)
  func withBytes<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
    if let result = unsafe string.utf8.withContiguousStorageIfAvailable(body) { return result }
    var copy = string
    return copy.withUTF8(body)
  }
}

extension Text: Hashable, Comparable {
  public static func == (a: Text, b: Text) -> Bool {
    // Copies have the same storage, and so have short texts that are equal. Of most others the lengths differ.
    if a.isCopy(of: b) { return true }
    guard a.count == b.count else { return false }
    return unsafe a.withBytes { x in unsafe b.withBytes { y in unsafe x.count == y.count && equalBytes(x, y) } }
  }
  public func hash(into hasher: inout Hasher) {
    unsafe withBytes { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
  /// The order of the bytes.
  public static func < (a: Text, b: Text) -> Bool {
    a.utf8.lexicographicallyPrecedes(b.utf8)
  }
}

extension Text: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, CustomStringConvertible, CustomDebugStringConvertible {
  public init(stringLiteral value: String) { self.string = value }
  public init(stringInterpolation: DefaultStringInterpolation) { self.string = String(stringInterpolation: stringInterpolation) }
  public var description: String { string }
  public var debugDescription: String { string.debugDescription }
}

extension Text {
  public static func + (a: Text, b: Text) -> Text { Text(a.string + b.string) }
  public func hasPrefix(_ prefix: Text) -> Bool { utf8.starts(with: prefix.utf8) }
  /// The text without the XML white space (space, tab, line feed, carriage return) at its ends. Byte by byte: a combining
  /// mark makes one character of itself and the space before it, and that space is one all the same.
  public var trimmed: Text {
    guard let first = utf8.firstIndex(where: { !StreamFraming.isSpace($0) }),
      let last = utf8.lastIndex(where: { !StreamFraming.isSpace($0) })
    else { return "" }
    if first == utf8.startIndex, utf8.index(after: last) == utf8.endIndex { return self }
    return Text(Substring(string.utf8[first...last]))
  }
}

@inline(__always)
func equalBytes(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
  guard let x = unsafe UnsafeRawPointer(a.baseAddress), let y = unsafe UnsafeRawPointer(b.baseAddress) else { return true }
  return unsafe equalBytes(x, y, a.count)
}

/// Eight bytes are compared together; the last eight may have been looked at in part.
@inline(__always)
private func equalBytes(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ count: Int) -> Bool {
  guard count >= 8 else {
    for i in 0..<count where unsafe a.load(fromByteOffset: i, as: UInt8.self) != b.load(fromByteOffset: i, as: UInt8.self) { return false }
    return true
  }
  var place = 0
  while place < count {
    let at = min(place, count - 8)
    guard unsafe a.loadUnaligned(fromByteOffset: at, as: UInt64.self) == b.loadUnaligned(fromByteOffset: at, as: UInt64.self) else {
      return false
    }
    place += 8
  }
  return true
}
