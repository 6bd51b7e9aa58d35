internal import XML

/// The value of an attribute, or a run of text, in which placeholders may stand.
struct Value: Sendable {
  enum Segment: Sendable, Equatable {
    case literal(Text)
    /// `${Name's JID}`
    case bareJID(of: Text)
    /// `${Name's full JID}`
    case fullJID(of: Text)
    /// `{scansion:any}`
    case any
    /// `{scansion:capture:NAME}`
    case capture(Text)
  }

  private(set) var segments: [Segment] = []
  /// As written.
  let source: Text

  init(_ source: Text, cast: [Character], isSent: Bool) throws(TemplateError) {
    self.source = source
    let bytes = Array(source.utf8)
    var start = 0
    while let open = Value.opening(in: bytes, from: start) {
      guard let close = bytes[open...].firstIndex(of: UInt8(ascii: "}")) else {
        throw TemplateError(source: source.string, message: "a placeholder does not end: \(source)")
      }
      if open > start { segments.append(.literal(Text(utf8: bytes[start..<open]))) }
      segments.append(try Value.placeholder(Text(utf8: bytes[open...close]), cast: cast, isSent: isSent))
      start = close + 1
    }
    if start < bytes.count || segments.isEmpty { segments.append(.literal(Text(utf8: bytes[start...]))) }
  }

  private static func opening(in bytes: [UInt8], from start: Int) -> Int? {
    (start..<bytes.count).first { bytes[$0...].starts(with: "${".utf8) || bytes[$0...].starts(with: "{scansion:".utf8) }
  }

  private static func placeholder(_ text: Text, cast: [Character], isSent: Bool) throws(TemplateError) -> Segment {
    func inside(_ prefix: String, _ suffix: String) -> Text? {
      guard text.utf8.starts(with: prefix.utf8), text.utf8.reversed().starts(with: suffix.utf8.reversed()) else { return nil }
      return text.count > prefix.utf8.count + suffix.utf8.count
        ? Text(utf8: Array(text.utf8.dropFirst(prefix.utf8.count).dropLast(suffix.utf8.count))) : nil
    }
    func known(_ name: Text) throws(TemplateError) -> Text {
      guard cast.contains(where: { Text($0.name) == name }) else {
        throw TemplateError(source: text.string, message: "\(text): no character is called \(name)")
      }
      return name
    }
    if let name = inside("${", "'s full JID}") { return .fullJID(of: try known(name)) }
    if let name = inside("${", "'s JID}") { return .bareJID(of: try known(name)) }
    if let name = inside("{scansion:capture:", "}") { return .capture(name) }
    guard text == "{scansion:any}" else { throw TemplateError(source: text.string, message: "unknown placeholder \(text)") }
    guard !isSent else { throw TemplateError(source: text.string, message: "\(text) says nothing that could be sent") }
    return .any
  }

  var isLiteral: Bool {
    if segments.count == 1, case .literal = segments[0] { return true }
    return false
  }
  /// Whether the value is one placeholder that takes whatever is there.
  func isWildcard(with values: Values) -> Bool { segments.count == 1 && values[segments[0]] == nil }

  var captures: [Text] {
    segments.compactMap { if case .capture(let name) = $0 { name } else { nil } }
  }
}

extension Value.Segment {
  /// As a script writes it.
  var source: Text {
    switch self {
    case .literal(let text): text
    case .bareJID(let name): "${\(name)'s JID}"
    case .fullJID(let name): "${\(name)'s full JID}"
    case .any: "{scansion:any}"
    case .capture(let name): "{scansion:capture:\(name)}"
    }
  }
}

/// The values of placeholders at some moment of a script.
struct Values: Sendable {
  private var bareJIDs: [Text: Text] = [:]
  private var fullJIDs: [Text: Text] = [:]
  private var captured: [Text: Text] = [:]

  init(cast: [Character]) {
    for character in cast { bareJIDs[Text(character.name)] = character.bareJID }
  }

  mutating func bound(_ name: String, to fullJID: Text) { fullJIDs[Text(name)] = fullJID }
  mutating func capture(_ name: Text, _ value: Text) { captured[name] = value }
  func hasCaptured(_ name: Text) -> Bool { captured[name] != nil }

  /// The text that the segment stands for, if that is known yet.
  subscript(segment: Value.Segment) -> Text? {
    switch segment {
    case .literal(let text): text
    case .bareJID(let name): bareJIDs[name]
    case .fullJID(let name): fullJIDs[name]
    case .any: nil
    case .capture(let name): captured[name]
    }
  }
}

/// A placeholder that stands for nothing yet.
struct UnknownValue: Error {
  var placeholder: Text
}

extension Value {
  func rendered(with values: Values) throws(UnknownValue) -> Text {
    var result = ""
    for segment in segments {
      guard let text = values[segment] else { throw UnknownValue(placeholder: segment.source) }
      result += text.string
    }
    return Text(result)
  }

  func shown(with values: Values) -> Text {
    Text(segments.map { (values[$0] ?? $0.source).string }.joined())
  }

  /// Whether the text matches the value. Texts that it captures for the first time are put into `values`.
  func matches(_ text: Text, _ values: inout Values) -> Bool {
    if segments.count == 1, let known = values[segments[0]] { return known == text }
    guard let found = Value.match(segments[...], Array(text.utf8)[...], values) else { return false }
    values = found
    return true
  }

  /// Each wildcard takes as little as it can.
  private static func match(_ segments: ArraySlice<Segment>, _ bytes: ArraySlice<UInt8>, _ values: Values) -> Values? {
    guard let first = segments.first else { return bytes.isEmpty ? values : nil }
    let rest = segments.dropFirst()
    if let known = values[first] {
      return bytes.starts(with: known.utf8) ? match(rest, bytes.dropFirst(known.count), values) : nil
    }
    // Nobody has this address yet, so no text is the same.
    if case .fullJID = first { return nil }
    for length in (rest.isEmpty ? bytes.count : 0)...bytes.count {
      var values = values
      if case .capture(let name) = first { values.capture(name, Text(utf8: bytes.prefix(length))) }
      if let found = match(rest, bytes.dropFirst(length), values) { return found }
    }
    return nil
  }
}
