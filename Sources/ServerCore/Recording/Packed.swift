internal import XML

/// Why bytes are not a recording, or not one of this version.
public struct RecordingProblem: Error, Sendable, Hashable, CustomStringConvertible {
  public var description: String
  init(_ description: String) { self.description = description }
}

/// Numbers and byte strings one behind the other, without names: small numbers take one byte (LEB128).
struct PackedWriter: Sendable {
  var bytes: [UInt8] = []

  mutating func byte(_ value: UInt8) { bytes.append(value) }

  mutating func number(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// Small in either direction is short.
  mutating func signed(_ value: Int64) { number(UInt64(bitPattern: value << 1 ^ value >> 63)) }

  mutating func blob(_ value: some Collection<UInt8>) {
    number(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  /// Always four bytes, so that it can be written over.
  mutating func fixed(_ value: UInt32, at place: Int? = nil) {
    for index in 0..<4 {
      let byte = UInt8(truncatingIfNeeded: value >> UInt32(8 * index))
      if let place { bytes[place + index] = byte } else { bytes.append(byte) }
    }
  }
}

/// Reads what a `PackedWriter` wrote, or what a stranger says that it did: every length is compared with what is there.
struct PackedReader: Sendable {
  private let bytes: ArraySlice<UInt8>
  private(set) var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  var left: Int { bytes.endIndex - position }
  var isAtEnd: Bool { left == 0 }

  private static let tooShort = RecordingProblem("it ends in the middle of a value")

  mutating func byte() throws(RecordingProblem) -> UInt8 {
    guard left > 0 else { throw PackedReader.tooShort }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func number() throws(RecordingProblem) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      let next = try byte()
      // The tenth byte has room for one bit.
      guard shift < 63 || next <= 1 else { throw RecordingProblem("a number is too large") }
      value |= UInt64(next & 0x7F) << shift
      if next < 0x80 { return value }
    }
    throw RecordingProblem("a number is too long")
  }

  mutating func signed() throws(RecordingProblem) -> Int64 {
    let value = try number()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  /// A number of bytes, or of things that take at least one each.
  mutating func count() throws(RecordingProblem) -> Int {
    guard let count = Int(exactly: try number()), count <= left else { throw PackedReader.tooShort }
    return count
  }

  mutating func slice() throws(RecordingProblem) -> ArraySlice<UInt8> { try take(count()) }

  mutating func take(_ count: Int) throws(RecordingProblem) -> ArraySlice<UInt8> {
    guard count <= left else { throw PackedReader.tooShort }
    defer { position += count }
    return bytes[position..<position + count]
  }

  mutating func blob() throws(RecordingProblem) -> [UInt8] { Array(try slice()) }

  mutating func fixed() throws(RecordingProblem) -> UInt32 {
    var value: UInt32 = 0
    for index in 0..<4 { value |= UInt32(try byte()) << UInt32(8 * index) }
    return value
  }
}
