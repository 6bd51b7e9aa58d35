/// The content of an element: its children and text.
extension Element {
  /// A child, or a run of text between two.
  public enum Node: Sendable, Hashable {
    case element(Element)
    case text(Text)
  }

  /// Children and text directly inside, in order. Text between two children is one run, and never empty.
  public var content: Content { Content(parent: self, index: root + 1) }

  public struct Content: Sequence, IteratorProtocol, Sendable {
    let parent: XML.Element
    var index: UInt32

    public mutating func next() -> Node? {
      while index < parent.node.end {
        let entry = parent.entries[Int(index)]
        switch entry.kind {
        case .attribute: index = entry.end
        case .element:
          let child = parent.view(at: index)
          index = entry.end
          return .element(child)
        case .text: return .text(takeText())
        }
      }
      return nil
    }

    private mutating func takeText() -> Text {
      let first = parent.entries[Int(index)]
      index = first.end
      guard index < parent.node.end, parent.entries[Int(index)].kind == .text else { return parent.text(first.value) }
      var joined = Array(parent.bytes[first.value.range])
      while index < parent.node.end, parent.entries[Int(index)].kind == .text {
        joined.append(contentsOf: parent.bytes[parent.entries[Int(index)].value.range])
        index += 1
      }
      return Text(utf8: joined)
    }
  }

  /// The elements directly inside, in order.
  public var children: Children { Children(parent: self, index: root + 1) }

  public struct Children: Sequence, IteratorProtocol, Sendable {
    let parent: Element
    var index: UInt32
    public mutating func next() -> Element? {
      while index < parent.node.end {
        let at = index
        let entry = parent.entries[Int(at)]
        index = entry.end
        if entry.kind == .element { return parent.view(at: at) }
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
    var first: Slice?
    var joined: [UInt8] = []
    var index = root + 1
    while index < node.end {
      let entry = entries[Int(index)]
      index = entry.end
      guard entry.kind == .text else { continue }
      if let first {
        if joined.isEmpty { joined.append(contentsOf: bytes[first.range]) }
        joined.append(contentsOf: bytes[entry.value.range])
      } else {
        first = entry.value
      }
    }
    return joined.isEmpty ? first.map(text) ?? "" : Text(utf8: joined)
  }
  /// Whether any text stands directly inside, other than white space.
  public var hasText: Bool { !text.trimmed.isEmpty }

  func view(at index: UInt32) -> Element {
    var child = self
    child.root = index
    return child
  }
}
