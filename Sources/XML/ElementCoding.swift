// How elements and texts are kept where not only what they say must come back, but also what they weigh.

extension Text: Codable {
  public init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(String.self)) }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(string)
  }
}

extension Element {
  /// The element with other texts and values of attributes, everything else as it is.
  ///
  /// - Parameters:
  ///   - outer: what is known of where the element stands.
  ///   - enter: what is known inside of an element, from what is known outside of it.
  ///   - text: gets what is known where a run of text stands, and its bytes.
  ///   - attribute: gets what is known inside of its element, its name and namespace, and its value's bytes.
  public func mapping<Context>(
    in outer: Context, _ enter: (_ outer: Context, _ inside: Element) -> Context, text: (_ inside: Context, _ bytes: [UInt8]) -> [UInt8],
    attribute: (_ inside: Context, _ attribute: (name: Text, namespace: Text), _ bytes: [UInt8]) -> [UInt8]
  ) -> Element {
    var copy = ownStorage
    var open: [(end: UInt32, context: Context)] = []
    for index in copy.entries.indices {
      while let last = open.last, last.end <= index { open.removeLast() }
      let entry = copy.entries[index]
      let context = open.last?.context ?? outer
      let changed: [UInt8]
      switch entry.kind {
      case .element:
        open.append((entry.end, enter(context, copy.view(at: UInt32(index)))))
        continue
      case .attribute:
        changed = attribute(context, (copy.text(entry.name), copy.text(entry.namespace)), Array(copy.bytes[entry.value.range]))
      case .text: changed = text(context, Array(copy.bytes[entry.value.range]))
      }
      let start = UInt32(copy.bytes.count)
      copy.bytes.append(contentsOf: changed)
      copy.entries[index].value = Slice(start: start, count: UInt32(changed.count))
    }
    // The replaced bytes must not stay in the storage.
    return copy.ownStorage
  }
}

extension Element: Codable {
  private enum Problem: Error { case malformed }

  /// For each entry its kind, and what it has; of the namespaces each once.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    let own = ownStorage
    var spaces: [Slice] = []
    try container.encode(own.entries.count)
    for entry in own.entries {
      try container.encode(entry.kind.rawValue)
      if entry.kind == .element { try container.encode(entry.end) }
      if entry.kind != .text {
        try container.encode(Array(own.bytes[entry.name.range]))
        if let index = spaces.firstIndex(of: entry.namespace) {
          try container.encode(index)
        } else {
          try container.encode(spaces.count)
          try container.encode(Array(own.bytes[entry.namespace.range]))
          spaces.append(entry.namespace)
        }
      }
      if entry.kind != .element { try container.encode(Array(own.bytes[entry.value.range])) }
    }
  }

  public init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    let count = try container.decode(Int.self)
    var result = Element(entries: [], bytes: [])
    var spaces: [Slice] = []
    /// The ends of those that are open, and whether attributes may still come.
    var ends: [UInt32] = []
    var mayHaveAttributes = false
    for index in 0..<max(0, count) {
      let next = UInt32(index)
      while let last = ends.last, last == next { ends.removeLast() }
      guard let kind = Kind(rawValue: try container.decode(UInt8.self)), !ends.isEmpty || (index == 0 && kind == .element) else {
        throw Problem.malformed
      }
      var entry = Entry(kind: kind, end: next + 1, name: .empty, namespace: .empty, value: .empty)
      if kind == .element {
        entry.end = try container.decode(UInt32.self)
        guard entry.end > next, entry.end <= ends.last ?? UInt32(clamping: count), ends.count < 256 else { throw Problem.malformed }
        ends.append(entry.end)
      }
      guard kind != .attribute || mayHaveAttributes else { throw Problem.malformed }
      mayHaveAttributes = kind != .text
      if kind != .text {
        entry.name = result.add(try container.decode([UInt8].self))
        let space = try container.decode(Int.self)
        if space == spaces.count { spaces.append(result.add(try container.decode([UInt8].self))) }
        guard spaces.indices.contains(space) else { throw Problem.malformed }
        entry.namespace = spaces[space]
      }
      if kind != .element { entry.value = result.add(try container.decode([UInt8].self)) }
      result.entries.append(entry)
    }
    guard result.entries.first?.end == UInt32(exactly: result.entries.count) else { throw Problem.malformed }
    self = result
  }

  private mutating func add(_ more: [UInt8]) -> Slice {
    let start = UInt32(bytes.count)
    bytes.append(contentsOf: more)
    return more.isEmpty ? .empty : Slice(start: start, count: UInt32(more.count))
  }
}
