// MARK: - Changing

extension Element {
  /// Makes this element the whole of its storage, so that it can be changed.
  private mutating func own() {
    guard root != 0 else { return }
    self = copy(upTo: node.end)
  }

  /// The same element, which keeps nothing but itself.
  var ownStorage: Element { copy(upTo: node.end) }

  /// The element with its entries before `end` and none of the bytes of others.
  private func copy(upTo end: UInt32) -> Element {
    var entries = ContiguousArray<Entry>()
    entries.reserveCapacity(Int(end - root))
    var kept = ContiguousArray<UInt8>()
    Element.copyEntries(root..<end, of: self, into: &entries, bytes: &kept)
    entries[0].end = UInt32(entries.count)
    return Element(entries: entries, bytes: kept)
  }

  private static func copyEntries(
    _ range: Range<UInt32>, of source: Element, into target: inout ContiguousArray<Entry>, bytes kept: inout ContiguousArray<UInt8>
  ) {
    let start = UInt32(target.count)
    func move(_ slice: Slice) -> Slice {
      let start = UInt32(kept.count)
      kept.append(contentsOf: source.bytes[slice.range])
      return Slice(start: start, count: slice.count)
    }
    // Each namespace is copied once, however often it is used: a short name may stand for a long one. Mostly it is the one before.
    var places: [UInt32: Slice] = [:]
    var last: (from: Slice, to: Slice)?
    for index in range {
      var entry = source.entries[Int(index)]
      entry.end = entry.end - range.lowerBound + start
      entry.name = move(entry.name)
      if entry.namespace.count == 0 {
        entry.namespace = .empty
      } else if let last, last.from == entry.namespace {
        entry.namespace = last.to
      } else {
        let namespace = entry.namespace
        if let last { places[last.from.start] = last.to }
        if let place = places[namespace.start], place.count == namespace.count {
          entry.namespace = place
        } else {
          entry.namespace = move(namespace)
        }
        last = (namespace, entry.namespace)
      }
      entry.value = move(entry.value)
      target.append(entry)
    }
  }

  /// Sets, replaces or, with `nil`, removes an attribute.
  public mutating func set(_ name: Text, _ namespace: Text, _ value: Text?) {
    own()
    if let index = attributeIndex(name, namespace) {
      if let value {
        entries[index].value = add(value)
      } else {
        entries.remove(at: index)
        shiftEnds(after: index, by: -1)
      }
    } else if let value {
      let entry = Entry(kind: .attribute, end: 2, name: add(name), namespace: add(namespace), value: add(value))
      entries.insert(entry, at: 1)
      shiftEnds(after: 1, by: 1)
      entries[1].end = 2
    }
  }

  private mutating func shiftEnds(after index: Int, by amount: Int) {
    for i in entries.indices where i == 0 || i >= index { entries[i].end = UInt32(Int(entries[i].end) + amount) }
  }

  /// Adds a child at the end.
  public mutating func append(_ child: Element) {
    own()
    if child.root == 0 {
      appendWhole(child)
    } else {
      Element.copyEntries(child.root..<child.node.end, of: child, into: &entries, bytes: &bytes)
    }
    entries[0].end = UInt32(entries.count)
  }

  /// One that is the whole of its storage: its bytes are copied together, as they stand there.
  private mutating func appendWhole(_ child: Element) {
    let firstEntry = UInt32(entries.count)
    let firstByte = UInt32(bytes.count)
    bytes.append(contentsOf: child.bytes)
    for var entry in child.entries {
      entry.end += firstEntry
      entry.name.start += firstByte
      entry.namespace = entry.namespace.count == 0 ? .empty : Slice(start: entry.namespace.start + firstByte, count: entry.namespace.count)
      entry.value.start += firstByte
      entries.append(entry)
    }
  }

  /// Adds text at the end.
  public mutating func append(text: Text) {
    own()
    guard !text.isEmpty else { return }
    let value = add(text)
    entries.append(Entry(kind: .text, end: UInt32(entries.count + 1), name: .empty, namespace: .empty, value: value))
    entries[0].end = UInt32(entries.count)
  }

  /// Adds an element with text at the end.
  public mutating func append(_ name: Text, _ namespace: Text, _ attributes: KeyValuePairs<Text, Text?> = [:], text: Text? = nil) {
    append(Element(name, namespace, attributes, text: text))
  }

  /// Takes out every `xml:lang` whose value is wrong, of the element and of all inside of it.
  ///
  /// - Returns: whether there was one.
  @discardableResult
  public mutating func removeLanguages(where isWrong: (Text) -> Bool) -> Bool {
    var first = Int(root) + 1
    let end = Int(entries[Int(root)].end)
    // Most elements have no attribute of this length in a namespace.
    while first < end, entries[first].namespace.count == 0 || entries[first].name.count != 4 || entries[first].kind != .attribute {
      first += 1
    }
    guard first < end else { return false }
    func isOut(_ index: Int) -> Bool {
      let entry = entries[index]
      return entry.kind == .attribute && entry.name.count == 4 && matches(entry.name, "lang")
        && matches(entry.namespace, Element.xmlNamespace) && isWrong(text(entry.value))
    }
    guard (first..<end).contains(where: isOut) else { return false }
    own()
    // How many went before each place, so that one pass mends the ends.
    var gone: [UInt32] = [0]
    gone.reserveCapacity(entries.count + 1)
    for index in entries.indices { gone.append(gone[index] + (isOut(index) ? 1 : 0)) }
    var kept = ContiguousArray<Entry>()
    for index in entries.indices where gone[index + 1] == gone[index] {
      var entry = entries[index]
      entry.end -= gone[Int(entry.end)]
      kept.append(entry)
    }
    entries = kept
    return true
  }

  /// The element without those children for which `predicate` holds; text stays.
  public func removingChildren(where predicate: (Element) -> Bool) -> Element {
    guard children.contains(where: predicate) else { return self }
    var kept = withoutContent
    for node in content {
      switch node {
      case .text(let text): kept.append(text: text)
      case .element(let child): if !predicate(child) { kept.append(child) }
      }
    }
    return kept
  }

  /// Name, namespace and attributes alone. It keeps nothing else of the old storage.
  public var withoutContent: Element {
    var end = root + 1
    while end < node.end, entries[Int(end)].kind == .attribute { end += 1 }
    return copy(upTo: end)
  }
}

// MARK: - Comparing

extension Element: Hashable {
  /// Equal names, namespaces, attributes and content, in the same order. Adjacent runs of text count as one.
  public static func == (a: Element, b: Element) -> Bool { a.canonical == b.canonical }
  public func hash(into hasher: inout Hasher) { hasher.combine(canonical) }

  private var canonical: [UInt8] { serialized(defaultNamespace: "") }
}

extension Element: CustomStringConvertible {
  /// The element as XML, as if inside a client's stream.
  public var description: String { String(decoding: serialized(defaultNamespace: "jabber:client"), as: UTF8.self) }
}
