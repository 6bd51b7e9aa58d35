// How elements and texts are kept where not only what they say must come back, but also what they weigh.

extension Text: Codable {
  public init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(String.self)) }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(string)
  }
}

extension Element {
  /// The element with other texts, everything else as it is.
  ///
  /// - Parameter change: gets the element directly around a run of text, the one around that (`nil` at the root), and the run's bytes.
  public func mappingText(_ change: (_ inside: Element, _ parent: Element?, _ bytes: [UInt8]) -> [UInt8]) -> Element {
    var copy = ownStorage
    var open: [UInt32] = []
    for index in copy.entries.indices {
      while let last = open.last, copy.entries[Int(last)].end <= index { open.removeLast() }
      switch copy.entries[index].kind {
      case .element: open.append(UInt32(index))
      case .attribute: break
      case .text:
        let inside = copy.view(at: open.last ?? 0)
        let parent = open.count > 1 ? copy.view(at: open[open.count - 2]) : nil
        let changed = change(inside, parent, Array(copy.bytes[copy.entries[index].value.range]))
        let start = UInt32(copy.bytes.count)
        copy.bytes.append(contentsOf: changed)
        copy.entries[index].value = Slice(start: start, count: UInt32(changed.count))
      }
    }
    // What was replaced is not to stay in the storage.
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
