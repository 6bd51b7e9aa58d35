internal import SASL
public import XML

// The types that tell which values in a recording are private.

/// A value that makes its own pseudonym for a recording.
protocol PrivateValue: Codable {
  func redacted(by pseudonyms: Pseudonyms) -> Self
}

/// The content of a private property: no text, one, or several.
public protocol Texts: Sendable, Hashable {
  var texts: [Text] { get }
  init?(texts: [Text])
}

extension Text: Texts {
  public var texts: [Text] { [self] }
  public init?(texts: [Text]) {
    guard texts.count == 1 else { return nil }
    self = texts[0]
  }
}
extension Optional: Texts where Wrapped == Text {
  public var texts: [Text] { map { [$0] } ?? [] }
  public init?(texts: [Text]) {
    guard texts.count < 2 else { return nil }
    self = texts.first
  }
}
extension Array: Texts where Element == Text {
  public var texts: [Text] { self }
  public init?(texts: [Text]) { self = texts }
}

/// How a private text is treated in a recording.
public enum PrivateUse {
  /// Never kept, and equal for equal ones, as what is given is compared with it.
  public enum Password: PrivateUseKind {}
  /// Names that people give to things: equal for equal ones.
  public enum Name: PrivateUseKind {}
  /// Texts that people write to each other.
  public enum Prose: PrivateUseKind {}
}

public protocol PrivateUseKind {}

extension PrivateUseKind {
  fileprivate static func treatment(keepsText: Bool) -> RedactionContext.Treatment {
    let place: RedactionContext = self == PrivateUse.Password.self ? .password : self == PrivateUse.Name.self ? .group : .prose
    return place.treatment(keepsText: keepsText)
  }
}

/// A property whose text somebody trusts the server with: a recording holds a stand-in of the same length.
///
/// A text that is in no such property is masked, too, unless `Recorded` lists it. A property is declared private where that is not enough,
/// because the server compares it with others, or where it may be kept beside the texts of messages.
@propertyWrapper
public struct Private<Value: Texts, Use: PrivateUseKind>: Sendable, Hashable {
  public var wrappedValue: Value
  public init(wrappedValue: Value) { self.wrappedValue = wrappedValue }
}

public typealias PrivatePassword<Value: Texts> = Private<Value, PrivateUse.Password>
public typealias PrivateName<Value: Texts> = Private<Value, PrivateUse.Name>
public typealias PrivateProse<Value: Texts> = Private<Value, PrivateUse.Prose>

extension Private: PrivateValue {
  private struct Malformed: Error {}

  public init(from decoder: any Decoder) throws {
    guard let value = Value(texts: try decoder.singleValueContainer().decode([Text].self)) else { throw Malformed() }
    wrappedValue = value
  }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(wrappedValue.texts)
  }

  func redacted(by pseudonyms: Pseudonyms) -> Self {
    let treatment = Use.treatment(keepsText: pseudonyms.keepsText)
    return Value(texts: wrappedValue.texts.map { pseudonyms.text($0, treatment) }).map { Private(wrappedValue: $0) } ?? self
  }
}

/// A property that holds a key: a recording holds other bytes, as many.
@propertyWrapper
public struct PrivateKey: Sendable, Hashable, PrivateValue {
  public var wrappedValue: [UInt8]
  public init(wrappedValue: [UInt8]) { self.wrappedValue = wrappedValue }

  public init(from decoder: any Decoder) throws { wrappedValue = try decoder.singleValueContainer().decode([UInt8].self) }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(wrappedValue)
  }

  func redacted(by pseudonyms: Pseudonyms) -> PrivateKey { PrivateKey(wrappedValue: pseudonyms.key(wrappedValue)) }
}

extension Secret: PrivateValue {
  func redacted(by pseudonyms: Pseudonyms) -> Secret { pseudonyms.secret(self) }
}
extension ScramCredentials: PrivateValue {
  func redacted(by pseudonyms: Pseudonyms) -> ScramCredentials { pseudonyms.credentials(self) }
}
extension ScramClientFirst: PrivateValue {
  func redacted(by pseudonyms: Pseudonyms) -> ScramClientFirst { redacted }
}
extension SourceNetwork: PrivateValue {
  func redacted(by pseudonyms: Pseudonyms) -> SourceNetwork { pseudonyms.origin(self) }
}
extension Element: PrivateValue {
  func redacted(by pseudonyms: Pseudonyms) -> Element { pseudonyms.element(self) }
}
