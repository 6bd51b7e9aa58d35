extension Element {
  /// Reads back what `serialized(defaultNamespace:)` wrote: one element, and nothing beside it but white space.
  ///
  /// For bytes of our own, from a disk: there is no limit but libxml2's own (10 MB of text in one piece) and 255 levels. Keep a pool where
  /// many are read.
  public init(parsing bytes: [UInt8], defaultNamespace: Text, using pool: ParserPool = ParserPool()) throws(StreamParser.Failure) {
    let bindings = defaultNamespace.isEmpty ? [] : [Prologue.Binding(prefix: "", namespace: defaultNamespace)]
    var framing = StreamFraming.betweenStanzas
    switch framing.scan(bytes, limits: .unlimited) {
    case .stanza(let place):
      guard bytes[place.upperBound...].allSatisfy(StreamFraming.isSpace) else { throw .notWellFormed }
      self = try pool.parseStanza(bytes[place], in: Prologue(bindings: bindings), limits: .unlimited)
    case .error(let failure): throw failure
    case .header, .streamEnd, nil: throw .notWellFormed
    }
  }
}

extension StreamLimits {
  /// For what we wrote ourselves.
  static let unlimited = StreamLimits(stanzaBytes: .max, depth: 256, attributes: .max, elements: .max, nameBytes: .max)
}
