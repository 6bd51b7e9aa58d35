internal import XML

/// Reads what a `PackedEncoder` wrote, from whoever it comes.
///
/// No number is so large that the server could not add to it: times and counters stay below 2^62, sizes below 2^40.
final class PackedDecoder: Decoder {
  fileprivate var reader: PackedReader
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  private init(_ reader: PackedReader) { self.reader = reader }

  /// All that is left must be the value.
  static func decode<Value: Decodable>(_ type: Value.Type, from bytes: ArraySlice<UInt8>) throws(RecordingProblem) -> Value {
    let decoder = PackedDecoder(PackedReader(bytes))
    let value: Value
    do { value = try decoder.get(type) } catch let problem as RecordingProblem {
      throw RecordingProblem("a \(Value.self): \(problem)")
    } catch {
      throw RecordingProblem("a \(Value.self) is malformed")
    }
    guard decoder.reader.isAtEnd else { throw RecordingProblem("something follows a \(Value.self)") }
    return value
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(UnpackedFields(decoder: self))
  }
  func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try UnpackedList(self) }
  func singleValueContainer() -> any SingleValueDecodingContainer { UnpackedValue(decoder: self) }

  fileprivate func get<Value: Decodable>(_ type: Value.Type) throws -> Value {
    if type == [UInt8].self, let bytes = try reader.blob() as? Value { return bytes }
    return try Value(from: self)
  }
  fileprivate func signed<Value: FixedWidthInteger & SignedInteger>() throws -> Value {
    let number = try reader.signed()
    let most: Int64 = Value.self == Int.self ? PackedDecoder.mostOfSize : PackedDecoder.mostOfTime
    guard (-most...most).contains(number) else { throw RecordingProblem("a number is too large") }
    return try fit(number)
  }
  fileprivate func unsigned<Value: FixedWidthInteger & UnsignedInteger>() throws -> Value {
    let number = try reader.number()
    guard number <= UInt64(PackedDecoder.mostOfTime) else { throw RecordingProblem("a number is too large") }
    return try fit(number)
  }
  private static let mostOfTime: Int64 = 1 << 62
  private static let mostOfSize: Int64 = 1 << 40
  private func fit<Value: FixedWidthInteger>(_ number: some BinaryInteger) throws(RecordingProblem) -> Value {
    guard let value = Value(exactly: number) else { throw RecordingProblem("a number is too large") }
    return value
  }
  fileprivate func bool() throws -> Bool {
    switch try reader.byte() {
    case 0: return false
    case 1: return true
    default: throw RecordingProblem("something is neither there nor not there")
    }
  }
  fileprivate func string() throws -> String { String(decoding: try reader.slice(), as: UTF8.self) }
  fileprivate func double() throws -> Double { Double(bitPattern: try reader.number()) }
}

private final class UnpackedFields<Key: CodingKey>: KeyedDecodingContainerProtocol {
  private let decoder: PackedDecoder
  private var name: [Key]?
  var codingPath: [any CodingKey] { [] }

  init(decoder: PackedDecoder) { self.decoder = decoder }

  /// The name of an enum's case, which the enum asks for.
  var allKeys: [Key] {
    if let name { return name }
    let read = (try? decoder.string()).flatMap { Key(stringValue: $0) }.map { [$0] } ?? []
    name = read
    return read
  }
  func contains(_ key: Key) -> Bool { true }
  func decodeNil(forKey key: Key) throws -> Bool { try !decoder.bool() }
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try decoder.bool() }
  func decode(_ type: String.Type, forKey key: Key) throws -> String { try decoder.string() }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try decoder.double() }
  func decode(_ type: Float.Type, forKey key: Key) throws -> Float { Float(try decoder.double()) }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try decoder.signed() }
  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try decoder.signed() }
  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try decoder.signed() }
  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try decoder.signed() }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try decoder.signed() }
  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try decoder.unsigned() }
  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try decoder.unsigned() }
  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try decoder.unsigned() }
  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try decoder.unsigned() }
  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try decoder.unsigned() }
  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value { try decoder.get(type) }

  func nestedContainer<Inner: CodingKey>(keyedBy type: Inner.Type, forKey key: Key) -> KeyedDecodingContainer<Inner> {
    KeyedDecodingContainer(UnpackedFields<Inner>(decoder: decoder))
  }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { try UnpackedList(decoder) }
  func superDecoder() -> any Decoder { decoder }
  func superDecoder(forKey key: Key) -> any Decoder { decoder }
}

private struct UnpackedList: UnkeyedDecodingContainer {
  private let decoder: PackedDecoder
  let count: Int?
  private(set) var currentIndex = 0
  var codingPath: [any CodingKey] { [] }
  var isAtEnd: Bool { currentIndex >= count ?? 0 }

  init(_ decoder: PackedDecoder) throws {
    self.decoder = decoder
    let count = Int(try decoder.reader.fixed())
    guard count <= decoder.reader.left else { throw RecordingProblem("it ends in the middle of a list") }
    self.count = count
  }

  private mutating func next() throws -> PackedDecoder {
    guard !isAtEnd else { throw RecordingProblem("a list is too short") }
    currentIndex += 1
    return decoder
  }

  mutating func decodeNil() throws -> Bool { false }
  mutating func decode(_ type: Bool.Type) throws -> Bool { try next().bool() }
  mutating func decode(_ type: String.Type) throws -> String { try next().string() }
  mutating func decode(_ type: Double.Type) throws -> Double { try next().double() }
  mutating func decode(_ type: Float.Type) throws -> Float { Float(try next().double()) }
  mutating func decode(_ type: Int.Type) throws -> Int { try next().signed() }
  mutating func decode(_ type: Int8.Type) throws -> Int8 { try next().signed() }
  mutating func decode(_ type: Int16.Type) throws -> Int16 { try next().signed() }
  mutating func decode(_ type: Int32.Type) throws -> Int32 { try next().signed() }
  mutating func decode(_ type: Int64.Type) throws -> Int64 { try next().signed() }
  mutating func decode(_ type: UInt.Type) throws -> UInt { try next().unsigned() }
  mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try next().unsigned() }
  mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try next().unsigned() }
  mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try next().unsigned() }
  mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try next().unsigned() }
  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try next().get(type) }

  mutating func nestedContainer<Inner: CodingKey>(keyedBy type: Inner.Type) throws -> KeyedDecodingContainer<Inner> {
    KeyedDecodingContainer(UnpackedFields<Inner>(decoder: try next()))
  }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try UnpackedList(try next()) }
  mutating func superDecoder() throws -> any Decoder { try next() }
}

private struct UnpackedValue: SingleValueDecodingContainer {
  let decoder: PackedDecoder
  var codingPath: [any CodingKey] { [] }

  func decodeNil() -> Bool { false }
  func decode(_ type: Bool.Type) throws -> Bool { try decoder.bool() }
  func decode(_ type: String.Type) throws -> String { try decoder.string() }
  func decode(_ type: Double.Type) throws -> Double { try decoder.double() }
  func decode(_ type: Float.Type) throws -> Float { Float(try decoder.double()) }
  func decode(_ type: Int.Type) throws -> Int { try decoder.signed() }
  func decode(_ type: Int8.Type) throws -> Int8 { try decoder.signed() }
  func decode(_ type: Int16.Type) throws -> Int16 { try decoder.signed() }
  func decode(_ type: Int32.Type) throws -> Int32 { try decoder.signed() }
  func decode(_ type: Int64.Type) throws -> Int64 { try decoder.signed() }
  func decode(_ type: UInt.Type) throws -> UInt { try decoder.unsigned() }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try decoder.unsigned() }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try decoder.unsigned() }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try decoder.unsigned() }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try decoder.unsigned() }
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.get(type) }
}
