/// An XML element: its name, namespace, attributes and content, in flat storage.
///
/// A value is a place in two arrays: one of entries in document order, one of all their bytes. So parsing a stanza
/// makes two allocations, not one for each element, and a child is a view into the storage of its parent.
/// Prefixes are not kept (the writer chooses its own); the order of attributes and children is.
public struct Element: Sendable {
  var entries: ContiguousArray<Entry>
  var bytes: ContiguousArray<UInt8>
  /// The index of this element's own entry. 0 unless it is a view of a child.
  var root: UInt32

  /// A run of `bytes`.
  struct Slice: Sendable, Equatable {
    var start: UInt32
    var count: UInt32
    static let empty = Slice(start: 0, count: 0)
  }

  enum Kind: UInt8 { case element, attribute, text }

  /// Of an element, `end` is the index after its last descendant; its attributes come first, then its content.
  struct Entry: Sendable {
    var kind: Kind
    var end: UInt32
    var name: Slice
    var namespace: Slice
    var value: Slice
  }

  init(entries: ContiguousArray<Entry>, bytes: ContiguousArray<UInt8>) {
    self.entries = entries
    self.bytes = bytes
    self.root = 0
  }

  /// An element with attributes in no namespace (those with the value `nil` are left out) and, perhaps, text.
  public init(_ name: Text, _ namespace: Text, _ attributes: KeyValuePairs<Text, Text?> = [:], text: Text? = nil) {
    entries = []
    bytes = []
    root = 0
    entries.reserveCapacity(2 + attributes.count)
    let nameSlice = add(name)
    let namespaceSlice = add(namespace)
    entries.append(Entry(kind: .element, end: 1, name: nameSlice, namespace: namespaceSlice, value: .empty))
    for (key, value) in attributes {
      if let value {
        let keySlice = add(key)
        let valueSlice = add(value)
        entries.append(Entry(kind: .attribute, end: UInt32(entries.count + 1), name: keySlice, namespace: .empty, value: valueSlice))
      }
    }
    entries[0].end = UInt32(entries.count)
    if let text { append(text: text) }
  }

  /// The same, with children.
  public init(_ name: Text, _ namespace: Text, _ attributes: KeyValuePairs<Text, Text?> = [:], children: [Element]) {
    self.init(name, namespace, attributes)
    for child in children { append(child) }
  }

  mutating func add(_ text: Text) -> Slice {
    let start = UInt32(bytes.count)
    bytes.append(contentsOf: text.utf8)
    return Slice(start: start, count: UInt32(bytes.count) - start)
  }
}

// MARK: - Reading

extension Element {
  var node: Entry { entries[Int(root)] }

  public var name: Text { text(node.name) }
  public var namespace: Text { text(node.namespace) }

  /// Whether the element has this name in this namespace.
  public func `is`(_ name: Text, _ namespace: Text) -> Bool {
    matches(node.name, name) && matches(node.namespace, namespace)
  }
  public func has(namespace: Text) -> Bool { matches(node.namespace, namespace) }
  public func has(name: Text) -> Bool { matches(node.name, name) }

  /// Whether one of the two is an unchanged copy of the other, as far as that shows by their storage: then they are equal. Takes a few instructions,
  /// whatever the size.
  public func isCopy(of other: Element) -> Bool {
    unsafe root == other.root
      && entries.withUnsafeBufferPointer { $0.baseAddress } == other.entries.withUnsafeBufferPointer { $0.baseAddress }
      && bytes.withUnsafeBufferPointer { $0.baseAddress } == other.bytes.withUnsafeBufferPointer { $0.baseAddress }
  }

  /// An attribute in no namespace. Setting `nil` removes it.
  public subscript(name: Text) -> Text? {
    get { attributeIndex(name, "").map { text(entries[$0].value) } }
    set { set(name, "", newValue) }
  }
  /// The `xml:lang` of this very element.
  public var lang: Text? {
    get { attributeIndex("lang", Element.xmlNamespace).map { text(entries[$0].value) } }
    set { set("lang", Element.xmlNamespace, newValue) }
  }
  public static let xmlNamespace: Text = "http://www.w3.org/XML/1998/namespace"

  public struct Attribute: Sendable, Hashable {
    public var name: Text
    /// Empty for an attribute without a prefix.
    public var namespace: Text
    public var value: Text
  }
  public var attributes: [Attribute] {
    var found: [Attribute] = []
    var index = Int(root) + 1
    while index < node.end, entries[index].kind == .attribute {
      found.append(Attribute(name: text(entries[index].name), namespace: text(entries[index].namespace), value: text(entries[index].value)))
      index += 1
    }
    return found
  }

  /// How many bytes and entries the element holds: what it costs to keep.
  public var weight: Int {
    entries[Int(root)..<Int(node.end)].reduce(0) { $0 + MemoryLayout<Entry>.stride + Int($1.name.count) + Int($1.value.count) }
  }

  func text(_ slice: Slice) -> Text { Text(utf8: bytes[slice.range]) }

  func matches(_ slice: Slice, _ text: Text) -> Bool {
    guard Int(slice.count) == text.count else { return false }
    return unsafe bytes.withUnsafeBufferPointer { all in
      unsafe text.withBytes { unsafe equalBytes(UnsafeBufferPointer(rebasing: all[slice.range]), $0) }
    }
  }

  func attributeIndex(_ name: Text, _ namespace: Text) -> Int? {
    var index = Int(root) + 1
    let end = Int(node.end)
    // Lengths tell most attributes apart.
    let (nameCount, namespaceCount) = (name.count, namespace.count)
    while index < end, entries[index].kind == .attribute {
      if Int(entries[index].name.count) == nameCount, Int(entries[index].namespace.count) == namespaceCount,
        matches(entries[index].name, name), namespaceCount == 0 || matches(entries[index].namespace, namespace)
      {
        return index
      }
      index += 1
    }
    return nil
  }
}

extension Element.Slice {
  var range: Range<Int> { Int(start)..<Int(start + count) }
}
