extension Element {
  /// Reads back what `serialized(defaultNamespace:)` wrote.
  ///
  /// For bytes of our own, from a disk: there is no limit but libxml2's own (10 MB of text in one piece). Keep a pool where many are read.
  public init(parsing bytes: [UInt8], defaultNamespace: Text, using pool: ParserPool = ParserPool()) throws(StreamParser.Failure) {
    let bindings = defaultNamespace.isEmpty ? [] : [Prologue.Binding(prefix: "", namespace: defaultNamespace)]
    let limits = StreamLimits(stanzaBytes: .max, depth: 256, attributes: .max, elements: .max, nameBytes: .max)
    self = try pool.parseStanza(bytes[...], in: Prologue(bindings: bindings), limits: limits)
  }
}
