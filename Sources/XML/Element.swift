/// An XML element: its name, namespace, attributes and content, in flat storage.
///
/// A value is a place in two arrays: one of nodes in document order, one of all their bytes. So parsing a stanza
/// makes two allocations, not one for each element, and a child is a view into the storage of its parent.
/// Prefixes are not kept (the writer chooses its own); the order of attributes and children is.
public struct Element: Sendable {
  var nodes: ContiguousArray<Node>
  var bytes: ContiguousArray<UInt8>
  /// Where this element's own node stands. 0 unless it is a view of a child.
  var root: UInt32

  /// A run of `bytes`.
  struct Slice: Sendable, Equatable {
    var start: UInt32
    var count: UInt32
    static let empty = Slice(start: 0, count: 0)
  }

  enum Kind: UInt8 { case element, attribute, text }

  /// Of an element, `end` is the index after its last descendant; its attributes come first, then its content.
  struct Node: Sendable {
    var kind: Kind
    var end: UInt32
    var name: Slice
    var namespace: Slice
    var value: Slice
  }

  init(nodes: ContiguousArray<Node>, bytes: ContiguousArray<UInt8>) {
    self.nodes = nodes
    self.bytes = bytes
    self.root = 0
  }

  /// An element with attributes in no namespace (those with the value `nil` are left out) and, perhaps, text.
  public init(_ name: Text, _ namespace: Text, _ attributes: KeyValuePairs<Text, Text?> = [:], text: Text? = nil) {
    nodes = []
    bytes = []
    root = 0
    nodes.reserveCapacity(2 + attributes.count)
    let nameSlice = add(name)
    let namespaceSlice = add(namespace)
    nodes.append(Node(kind: .element, end: 1, name: nameSlice, namespace: namespaceSlice, value: .empty))
    for (key, value) in attributes {
      if let value {
        let keySlice = add(key)
        let valueSlice = add(value)
        nodes.append(Node(kind: .attribute, end: UInt32(nodes.count + 1), name: keySlice, namespace: .empty, value: valueSlice))
      }
    }
    nodes[0].end = UInt32(nodes.count)
    if let text { append(text: text) }
  }

  /// The same, with children.
  public init(_ name: Text, _ namespace: Text, _ attributes: KeyValuePairs<Text, Text?> = [:], children: [Element]) {
    self.init(name, namespace, attributes)
    for child in children { append(child) }
  }

  private mutating func add(_ text: Text) -> Slice {
    let start = UInt32(bytes.count)
    bytes.append(contentsOf: text.utf8)
    return Slice(start: start, count: UInt32(bytes.count) - start)
  }
}

// MARK: - Reading

extension Element {
  private var node: Node { nodes[Int(root)] }

  public var name: Text { text(node.name) }
  public var namespace: Text { text(node.namespace) }

  /// Whether the element has this name in this namespace.
  public func `is`(_ name: Text, _ namespace: Text) -> Bool {
    matches(node.name, name) && matches(node.namespace, namespace)
  }
  public func has(namespace: Text) -> Bool { matches(node.namespace, namespace) }
  public func has(name: Text) -> Bool { matches(node.name, name) }

  /// An attribute in no namespace. Setting `nil` removes it.
  public subscript(name: Text) -> Text? {
    get { attributeIndex(name, "").map { text(nodes[$0].value) } }
    set { set(name, "", newValue) }
  }
  /// The `xml:lang` of this very element.
  public var lang: Text? {
    get { attributeIndex("lang", Element.xmlNamespace).map { text(nodes[$0].value) } }
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
    while index < node.end, nodes[index].kind == .attribute {
      found.append(Attribute(name: text(nodes[index].name), namespace: text(nodes[index].namespace), value: text(nodes[index].value)))
      index += 1
    }
    return found
  }

  /// The elements directly inside, in order.
  public var children: Children { Children(parent: self, index: root + 1) }

  public struct Children: Sequence, IteratorProtocol, Sendable {
    let parent: Element
    var index: UInt32
    public mutating func next() -> Element? {
      let end = parent.nodes[Int(parent.root)].end
      while index < end {
        let node = parent.nodes[Int(index)]
        let at = index
        index = node.end
        if node.kind == .element {
          var child = parent
          child.root = at
          return child
        }
      }
      return nil
    }
  }

  public var firstChild: Element? {
    var iterator = children
    return iterator.next()
  }
  /// The first child with this name in this namespace.
  public func child(_ name: Text, _ namespace: Text) -> Element? {
    children.first { $0.is(name, namespace) }
  }
  /// The text directly inside, joined.
  public var text: Text {
    var result: [UInt8] = []
    var only: Slice? = nil
    var pieces = 0
    forEachText { slice in
      pieces += 1
      only = slice
      if pieces > 1 { result.append(contentsOf: self.bytes[slice.range]) } else { result = Array(self.bytes[slice.range]) }
    }
    if pieces == 1, let only { return text(only) }
    return Text(utf8: result)
  }
  /// Whether any text stands directly inside, other than white space.
  public var hasText: Bool { !text.trimmed.isEmpty }

  private func forEachText(_ body: (Slice) -> Void) {
    var index = root + 1
    while index < node.end {
      let inner = nodes[Int(index)]
      if inner.kind == .text { body(inner.value) }
      index = inner.end
    }
  }

  /// How many bytes and nodes the element holds: what it costs to keep.
  public var weight: Int {
    root == 0 ? bytes.count + nodes.count * MemoryLayout<Node>.stride : Int(node.end - root) * MemoryLayout<Node>.stride * 2
  }

  func text(_ slice: Slice) -> Text { Text(utf8: bytes[slice.range]) }

  private func matches(_ slice: Slice, _ text: Text) -> Bool {
    guard Int(slice.count) == text.count else { return false }
    return unsafe bytes.withUnsafeBufferPointer { all in
      unsafe text.withBytes { unsafe equalBytes(UnsafeBufferPointer(rebasing: all[slice.range]), $0) }
    }
  }

  private func attributeIndex(_ name: Text, _ namespace: Text) -> Int? {
    var index = Int(root) + 1
    let end = Int(node.end)
    while index < end, nodes[index].kind == .attribute {
      if matches(nodes[index].name, name), matches(nodes[index].namespace, namespace) { return index }
      index += 1
    }
    return nil
  }
}

extension Element.Slice {
  var range: Range<Int> { Int(start)..<Int(start + count) }
}

// MARK: - Changing

extension Element {
  /// Makes this element the whole of its storage, so that it can be changed.
  private mutating func own() {
    guard root != 0 else { return }
    var copy = ContiguousArray<Node>()
    copy.reserveCapacity(Int(node.end - root))
    var kept = ContiguousArray<UInt8>()
    copyNodes(from: self, into: &copy, bytes: &kept)
    self = Element(nodes: copy, bytes: kept)
  }

  private func copyNodes(from source: Element, into target: inout ContiguousArray<Node>, bytes kept: inout ContiguousArray<UInt8>) {
    let shift = UInt32(target.count)
    func move(_ slice: Slice) -> Slice {
      let start = UInt32(kept.count)
      kept.append(contentsOf: source.bytes[slice.range])
      return Slice(start: start, count: slice.count)
    }
    var last: (from: Slice, to: Slice)?
    for index in source.root..<source.nodes[Int(source.root)].end {
      var node = source.nodes[Int(index)]
      node.end = node.end - source.root + shift
      node.name = move(node.name)
      // Neighbours mostly share one namespace.
      if let last, last.from == node.namespace {
        node.namespace = last.to
      } else {
        let moved = move(node.namespace)
        last = (node.namespace, moved)
        node.namespace = moved
      }
      node.value = move(node.value)
      target.append(node)
    }
  }

  /// Sets, replaces or, with `nil`, removes an attribute.
  public mutating func set(_ name: Text, _ namespace: Text, _ value: Text?) {
    own()
    if let index = attributeIndex(name, namespace) {
      if let value {
        nodes[index].value = add(value)
      } else {
        nodes.remove(at: index)
        shiftEnds(after: index, by: -1)
      }
    } else if let value {
      let node = Node(kind: .attribute, end: 2, name: add(name), namespace: add(namespace), value: add(value))
      nodes.insert(node, at: 1)
      shiftEnds(after: 1, by: 1)
      nodes[1].end = 2
    }
  }

  private mutating func shiftEnds(after index: Int, by amount: Int) {
    for i in nodes.indices where i == 0 || i >= index { nodes[i].end = UInt32(Int(nodes[i].end) + amount) }
  }

  /// Adds a child at the end.
  public mutating func append(_ child: Element) {
    own()
    copyNodes(from: child, into: &nodes, bytes: &bytes)
    nodes[0].end = UInt32(nodes.count)
  }

  /// Adds text at the end.
  public mutating func append(text: Text) {
    own()
    guard !text.isEmpty else { return }
    let value = add(text)
    nodes.append(Node(kind: .text, end: UInt32(nodes.count + 1), name: .empty, namespace: .empty, value: value))
    nodes[0].end = UInt32(nodes.count)
  }

  /// Adds an element with text at the end.
  public mutating func append(_ name: Text, _ namespace: Text, _ attributes: KeyValuePairs<Text, Text?> = [:], text: Text? = nil) {
    append(Element(name, namespace, attributes, text: text))
  }

  /// The element without those children for which `predicate` holds; text stays.
  public func removingChildren(where predicate: (Element) -> Bool) -> Element {
    guard children.contains(where: predicate) else { return self }
    var kept = withoutContent
    var index = root + 1
    while index < node.end {
      let inner = nodes[Int(index)]
      if inner.kind == .text { kept.append(text: text(inner.value)) }
      if inner.kind == .element {
        var child = self
        child.root = index
        if !predicate(child) { kept.append(child) }
      }
      index = inner.end
    }
    return kept
  }

  /// Name, namespace and attributes alone.
  public var withoutContent: Element {
    var copy = self
    copy.own()
    let attributeEnd = copy.nodes.dropFirst().firstIndex { $0.kind != .attribute } ?? copy.nodes.count
    copy.nodes.removeSubrange(attributeEnd...)
    copy.nodes[0].end = UInt32(attributeEnd)
    return copy
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
