internal import XML
internal import XMPP

/// Writes `Codable` values in the order of their properties and without their names, with stand-ins for what is secret in them.
///
/// A text or bytes of which nobody has said otherwise are secret: `Recorded` says what stays, `Private` which stand-in it must be.
///
/// An optional is preceded by a byte that says whether it is there; of an enum the name of the case is written. Only a reader with the same
/// types can read it: the version of a recording says which types.
final class PackedEncoder: Encoder {
  fileprivate var writer = PackedWriter()
  private let pseudonyms: Pseudonyms?
  private let omitted: [String]
  /// A bit for each length in bytes that an omitted name has: mostly that tells that a name is not one of them.
  fileprivate let omittedLengths: UInt64
  /// The shown parts of the value whose container is about to be made.
  private var next = Shows()
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  /// The parts of one value that are shown.
  fileprivate struct Shows {
    /// The shown properties, if it has properties.
    var properties: [String] = []
    /// Its direct content, if it is a list, a dictionary, or nothing but a text.
    var items = false
    /// All that is in it.
    var everything = false
  }

  /// - Parameter pseudonyms: `nil` where nothing is secret any more.
  private init(_ pseudonyms: Pseudonyms?, without: [String]) {
    self.pseudonyms = pseudonyms
    omitted = without
    omittedLengths = without.reduce(0) { $0 | 1 << UInt64(min($1.utf8.count, 63)) }
  }

  fileprivate func keeps(_ name: String) -> Bool { omittedLengths >> UInt64(min(name.utf8.count, 63)) & 1 == 0 || !omitted.contains(name) }

  /// - Parameter without: names of properties to leave out; nobody can then read it back.
  static func encode(_ value: some Encodable, _ pseudonyms: Pseudonyms?, without: [String] = []) throws -> [UInt8] {
    let encoder = PackedEncoder(pseudonyms, without: without)
    try encoder.write(value, Shows())
    return encoder.writer.bytes
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(PackedFields(encoder: self, shows: next))
  }
  func unkeyedContainer() -> any UnkeyedEncodingContainer { PackedList(self, shows: next) }
  func singleValueContainer() -> any SingleValueEncodingContainer { PackedValue(encoder: self, shows: next) }

  /// - Parameter shows: what holds for it if it is no type of its own.
  fileprivate func write(_ value: some Encodable, _ shows: Shows) throws {
    // By the type, too: an empty array of anything can be cast to an empty array of bytes.
    if type(of: value) == [UInt8].self, let bytes = value as? [UInt8] {
      return writer.blob(shows.items ? bytes : pseudonyms?.key(bytes) ?? bytes)
    }
    guard let pseudonyms else { return try value.encode(to: self) }
    if let text = value as? Text { return put(text.string, isShown: shows.items) }
    if let address = value as? JID { return put(address.text.string) }
    var inside = Shows(items: shows.items, everything: shows.everything)
    switch (value as? any Recorded).map({ type(of: $0).shown }) {
    case .everything: inside = Shows(items: true, everything: true)
    case .properties(let names) where !shows.everything: inside = Shows(properties: names)
    default:
      // The names of cases are ours.
      if value is any CaseIterable & RawRepresentable { inside.items = true }
    }
    let secret = (value as? any PrivateValue)?.redacted(by: pseudonyms)
    next = inside
    if let secret { try secret.encode(to: self) } else { try value.encode(to: self) }
  }

  fileprivate func put(_ value: String, isShown: Bool) {
    guard !isShown, let pseudonyms else { return put(value) }
    writer.blob(pseudonyms.text(Array(value.utf8), .mask))
  }

  fileprivate func put(_ value: some BinaryInteger & SignedInteger) { writer.signed(Int64(truncatingIfNeeded: value)) }
  fileprivate func put(_ value: some BinaryInteger & UnsignedInteger) { writer.number(UInt64(truncatingIfNeeded: value)) }
  fileprivate func put(_ value: Bool) { writer.byte(value ? 1 : 0) }
  fileprivate func put(_ value: String) { writer.blob(value.utf8) }
  fileprivate func put(_ value: Double) { writer.number(value.bitPattern) }
}

private struct PackedFields<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let encoder: PackedEncoder
  let shows: PackedEncoder.Shows
  /// The case of an enum, before the labels of what it holds.
  var prefix = ""
  var codingPath: [any CodingKey] { [] }

  private func shows(_ key: Key) -> PackedEncoder.Shows {
    let isShown = shows.everything || (!shows.properties.isEmpty && shows.properties.contains(prefix + key.stringValue))
    return PackedEncoder.Shows(items: isShown, everything: shows.everything)
  }

  private func keeps(_ key: Key) -> Bool { encoder.omittedLengths == 0 || encoder.keeps(key.stringValue) }

  mutating func encodeNil(forKey key: Key) { if keeps(key) { encoder.put(false) } }
  mutating func encode(_ value: Bool, forKey key: Key) { if keeps(key) { encoder.put(value) } }
  mutating func encode(_ value: String, forKey key: Key) { if keeps(key) { encoder.put(value, isShown: shows(key).items) } }
  mutating func encode(_ value: Double, forKey key: Key) { if keeps(key) { encoder.put(value) } }
  mutating func encode(_ value: Float, forKey key: Key) { if keeps(key) { encoder.put(Double(value)) } }
  mutating func encode(_ value: Int, forKey key: Key) { if keeps(key) { encoder.put(value) } }
  mutating func encode(_ value: Int8, forKey key: Key) { if keeps(key) { encoder.put(value) } }
  mutating func encode(_ value: Int16, forKey key: Key) { if keeps(key) { encoder.put(value) } }
  mutating func encode(_ value: Int32, forKey key: Key) { if keeps(key) { encoder.put(value) } }
  mutating func encode(_ value: Int64, forKey key: Key) { if keeps(key) { encoder.put(value) } }
  mutating func encode(_ value: UInt, forKey key: Key) { if keeps(key) { encoder.put(value) } }
  mutating func encode(_ value: UInt8, forKey key: Key) { if keeps(key) { encoder.put(value) } }
  mutating func encode(_ value: UInt16, forKey key: Key) { if keeps(key) { encoder.put(value) } }
  mutating func encode(_ value: UInt32, forKey key: Key) { if keeps(key) { encoder.put(value) } }
  mutating func encode(_ value: UInt64, forKey key: Key) { if keeps(key) { encoder.put(value) } }
  mutating func encode(_ value: some Encodable, forKey key: Key) throws {
    if keeps(key) { try encoder.write(value, shows(key)) }
  }

  // The defaults would leave out what is not there, and nobody could tell.
  mutating func encodeIfPresent(_ value: Bool?, forKey key: Key) { if has(value, key) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: String?, forKey key: Key) {
    if has(value, key) { value.map { encoder.put($0, isShown: shows(key).items) } }
  }
  mutating func encodeIfPresent(_ value: Double?, forKey key: Key) { if has(value, key) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: Float?, forKey key: Key) { if has(value, key) { value.map { encoder.put(Double($0)) } } }
  mutating func encodeIfPresent(_ value: Int?, forKey key: Key) { if has(value, key) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: Int8?, forKey key: Key) { if has(value, key) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: Int16?, forKey key: Key) { if has(value, key) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: Int32?, forKey key: Key) { if has(value, key) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: Int64?, forKey key: Key) { if has(value, key) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: UInt?, forKey key: Key) { if has(value, key) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: UInt8?, forKey key: Key) { if has(value, key) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: UInt16?, forKey key: Key) { if has(value, key) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: UInt32?, forKey key: Key) { if has(value, key) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: UInt64?, forKey key: Key) { if has(value, key) { value.map { encoder.put($0) } } }
  mutating func encodeIfPresent(_ value: (some Encodable)?, forKey key: Key) throws {
    if has(value, key), let value { try encoder.write(value, shows(key)) }
  }

  private func has(_ value: (some Any)?, _ key: Key) -> Bool {
    guard keeps(key) else { return false }
    encoder.put(value != nil)
    return value != nil
  }

  /// Called by an enum for its case.
  mutating func nestedContainer<Inner: CodingKey>(keyedBy type: Inner.Type, forKey key: Key) -> KeyedEncodingContainer<Inner> {
    encoder.put(key.stringValue)
    return KeyedEncodingContainer(PackedFields<Inner>(encoder: encoder, shows: shows, prefix: key.stringValue + "."))
  }
  mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { PackedList(encoder, shows: shows(key)) }
  mutating func superEncoder() -> any Encoder { encoder }
  mutating func superEncoder(forKey key: Key) -> any Encoder { encoder }
}

/// Its count stands before it, and is known when it ends: it is written over with each item.
private struct PackedList: UnkeyedEncodingContainer {
  private let encoder: PackedEncoder
  private let shows: PackedEncoder.Shows
  private let place: Int
  private(set) var count = 0
  var codingPath: [any CodingKey] { [] }

  init(_ encoder: PackedEncoder, shows: PackedEncoder.Shows) {
    self.encoder = encoder
    self.shows = shows
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
  mutating func encode(_ value: String) { counted().put(value, isShown: shows.items) }
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
  mutating func encode(_ value: some Encodable) throws { try counted().write(value, shows) }

  mutating func nestedContainer<Inner: CodingKey>(keyedBy type: Inner.Type) -> KeyedEncodingContainer<Inner> {
    KeyedEncodingContainer(PackedFields<Inner>(encoder: counted(), shows: shows))
  }
  mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { PackedList(counted(), shows: shows) }
  mutating func superEncoder() -> any Encoder { counted() }
}

private struct PackedValue: SingleValueEncodingContainer {
  let encoder: PackedEncoder
  let shows: PackedEncoder.Shows
  var codingPath: [any CodingKey] { [] }

  mutating func encodeNil() { encoder.put(false) }
  mutating func encode(_ value: Bool) { encoder.put(value) }
  mutating func encode(_ value: String) { encoder.put(value, isShown: shows.items) }
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
  mutating func encode(_ value: some Encodable) throws { try encoder.write(value, shows) }
}
