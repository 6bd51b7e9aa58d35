internal import XML

/// Writes `Codable` values in the order of their properties and without their names, with stand-ins for what is secret in them.
///
/// Where a value has an optional, a byte says whether it is there; of an enum the name of the case is written. Only those who agree on the
/// types can read it: the version of a recording says on which.
final class PackedEncoder: Encoder {
  fileprivate var writer = PackedWriter()
  private let standIns: StandIns?
  fileprivate let omitted: [String]
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  /// - Parameter standIns: `nil` where nothing is secret any more.
  private init(_ standIns: StandIns?, without: [String]) {
    self.standIns = standIns
    omitted = without
  }

  /// - Parameter without: names of properties to leave out; nobody can then read it back.
  static func encode(_ value: some Encodable, _ standIns: StandIns?, without: [String] = []) throws -> [UInt8] {
    let encoder = PackedEncoder(standIns, without: without)
    try encoder.write(value)
    return encoder.writer.bytes
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(PackedFields(encoder: self))
  }
  func unkeyedContainer() -> any UnkeyedEncodingContainer { PackedList(self) }
  func singleValueContainer() -> any SingleValueEncodingContainer { PackedValue(encoder: self) }

  fileprivate func write(_ value: some Encodable, as name: String = "") throws {
    // By the type, too: an empty array of anything can be cast to an empty array of bytes.
    if type(of: value) == [UInt8].self, let bytes = value as? [UInt8] {
      return writer.blob(name == "secret" ? standIns?.key(bytes) ?? bytes : bytes)
    }
    guard let standIns else { return try value.encode(to: self) }
    switch value {
    case let text as Text: try standIns.text(text, treatment(of: name)).encode(to: self)
    case let texts as [Text] where type(of: value) == [Text].self: try texts.map { standIns.text($0, treatment(of: name)) }.encode(to: self)
    case let credentials as ScramCredentials: try standIns.credentials(credentials).encode(to: self)
    case let origin as Origin: try standIns.origin(origin).encode(to: self)
    case let secret as Secret: try standIns.secret(secret).encode(to: self)
    case let element as Element: try standIns.element(element).encode(to: self)
    default: try value.encode(to: self)
    }
  }

  /// What people wrote and the server took out of its XML is known by the name of the property that holds it.
  private func treatment(of name: String) -> Place.Treatment {
    switch name {
    case "secret", "password": .password
    case "groups": Place.group.treatment(keepsText: standIns?.keepsText ?? false)
    case "reason": Place.other.treatment(keepsText: standIns?.keepsText ?? false)
    default: .keep
    }
  }

  fileprivate func put(_ value: some BinaryInteger & SignedInteger) { writer.signed(Int64(truncatingIfNeeded: value)) }
  fileprivate func put(_ value: some BinaryInteger & UnsignedInteger) { writer.number(UInt64(truncatingIfNeeded: value)) }
  fileprivate func put(_ value: Bool) { writer.byte(value ? 1 : 0) }
  fileprivate func put(_ value: String) { writer.blob(value.utf8) }
  fileprivate func put(_ value: Double) { writer.number(value.bitPattern) }
}

private struct PackedFields<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let encoder: PackedEncoder
  var codingPath: [any CodingKey] { [] }

  mutating func encodeNil(forKey key: Key) { encoder.put(false) }
  mutating func encode(_ value: Bool, forKey key: Key) { encoder.put(value) }
  mutating func encode(_ value: String, forKey key: Key) { encoder.put(value) }
  mutating func encode(_ value: Double, forKey key: Key) { encoder.put(value) }
  mutating func encode(_ value: Float, forKey key: Key) { encoder.put(Double(value)) }
  mutating func encode(_ value: Int, forKey key: Key) { encoder.put(value) }
  mutating func encode(_ value: Int8, forKey key: Key) { encoder.put(value) }
  mutating func encode(_ value: Int16, forKey key: Key) { encoder.put(value) }
  mutating func encode(_ value: Int32, forKey key: Key) { encoder.put(value) }
  mutating func encode(_ value: Int64, forKey key: Key) { encoder.put(value) }
  mutating func encode(_ value: UInt, forKey key: Key) { encoder.put(value) }
  mutating func encode(_ value: UInt8, forKey key: Key) { encoder.put(value) }
  mutating func encode(_ value: UInt16, forKey key: Key) { encoder.put(value) }
  mutating func encode(_ value: UInt32, forKey key: Key) { encoder.put(value) }
  mutating func encode(_ value: UInt64, forKey key: Key) { encoder.put(value) }
  mutating func encode(_ value: some Encodable, forKey key: Key) throws {
    if encoder.omitted.isEmpty || !encoder.omitted.contains(key.stringValue) { try encoder.write(value, as: key.stringValue) }
  }

  // The defaults would leave out what is not there, and nobody could tell.
  mutating func encodeIfPresent(_ value: Bool?, forKey key: Key) { if has(value) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: String?, forKey key: Key) { if has(value) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: Double?, forKey key: Key) { if has(value) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: Float?, forKey key: Key) { if has(value) { value.map { encoder.put(Double($0)) } } }
  mutating func encodeIfPresent(_ value: Int?, forKey key: Key) { if has(value) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: Int8?, forKey key: Key) { if has(value) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: Int16?, forKey key: Key) { if has(value) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: Int32?, forKey key: Key) { if has(value) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: Int64?, forKey key: Key) { if has(value) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: UInt?, forKey key: Key) { if has(value) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: UInt8?, forKey key: Key) { if has(value) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: UInt16?, forKey key: Key) { if has(value) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: UInt32?, forKey key: Key) { if has(value) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: UInt64?, forKey key: Key) { if has(value) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: (some Encodable)?, forKey key: Key) throws {
    if has(value), let value { try encoder.write(value, as: key.stringValue) }
  }

  private func has(_ value: (some Any)?) -> Bool {
    encoder.put(value != nil)
    return value != nil
  }

  /// What an enum calls for its case.
  mutating func nestedContainer<Inner: CodingKey>(keyedBy type: Inner.Type, forKey key: Key) -> KeyedEncodingContainer<Inner> {
    encoder.put(key.stringValue)
    return KeyedEncodingContainer(PackedFields<Inner>(encoder: encoder))
  }
  mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { PackedList(encoder) }
  mutating func superEncoder() -> any Encoder { encoder }
  mutating func superEncoder(forKey key: Key) -> any Encoder { encoder }
}

/// Its count stands before it, and is known when it ends: it is written over with each item.
private struct PackedList: UnkeyedEncodingContainer {
  private let encoder: PackedEncoder
  private let place: Int
  private(set) var count = 0
  var codingPath: [any CodingKey] { [] }

  init(_ encoder: PackedEncoder) {
    self.encoder = encoder
    place = encoder.writer.bytes.count
    encoder.writer.fixed(0)
  }

  private mutating func counted() -> PackedEncoder {
    count += 1
    encoder.writer.fixed(UInt32(truncatingIfNeeded: count), at: place)
    return encoder
  }

  mutating func encodeNil() { counted().put(false) }
  mutating func encode(_ value: Bool) { counted().put(value) }
  mutating func encode(_ value: String) { counted().put(value) }
  mutating func encode(_ value: Double) { counted().put(value) }
  mutating func encode(_ value: Float) { counted().put(Double(value)) }
  mutating func encode(_ value: Int) { counted().put(value) }
  mutating func encode(_ value: Int8) { counted().put(value) }
  mutating func encode(_ value: Int16) { counted().put(value) }
  mutating func encode(_ value: Int32) { counted().put(value) }
  mutating func encode(_ value: Int64) { counted().put(value) }
  mutating func encode(_ value: UInt) { counted().put(value) }
  mutating func encode(_ value: UInt8) { counted().put(value) }
  mutating func encode(_ value: UInt16) { counted().put(value) }
  mutating func encode(_ value: UInt32) { counted().put(value) }
  mutating func encode(_ value: UInt64) { counted().put(value) }
  mutating func encode(_ value: some Encodable) throws { try counted().write(value) }

  mutating func nestedContainer<Inner: CodingKey>(keyedBy type: Inner.Type) -> KeyedEncodingContainer<Inner> {
    KeyedEncodingContainer(PackedFields<Inner>(encoder: counted()))
  }
  mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { PackedList(counted()) }
  mutating func superEncoder() -> any Encoder { counted() }
}

private struct PackedValue: SingleValueEncodingContainer {
  let encoder: PackedEncoder
  var codingPath: [any CodingKey] { [] }

  mutating func encodeNil() { encoder.put(false) }
  mutating func encode(_ value: Bool) { encoder.put(value) }
  mutating func encode(_ value: String) { encoder.put(value) }
  mutating func encode(_ value: Double) { encoder.put(value) }
  mutating func encode(_ value: Float) { encoder.put(Double(value)) }
  mutating func encode(_ value: Int) { encoder.put(value) }
  mutating func encode(_ value: Int8) { encoder.put(value) }
  mutating func encode(_ value: Int16) { encoder.put(value) }
  mutating func encode(_ value: Int32) { encoder.put(value) }
  mutating func encode(_ value: Int64) { encoder.put(value) }
  mutating func encode(_ value: UInt) { encoder.put(value) }
  mutating func encode(_ value: UInt8) { encoder.put(value) }
  mutating func encode(_ value: UInt16) { encoder.put(value) }
  mutating func encode(_ value: UInt32) { encoder.put(value) }
  mutating func encode(_ value: UInt64) { encoder.put(value) }
  mutating func encode(_ value: some Encodable) throws { try encoder.write(value) }
}
