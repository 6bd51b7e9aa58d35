/// Writes elements as XML that reads back to the same element, byte for byte.
///
/// Namespaces are declared where they change. One prefix is known beforehand, `stream`, where the surrounding
/// stream declares it (RFC 6120, 4.8.5).
public struct Writer {
  public static let streamsNamespace: Text = "http://etherx.jabber.org/streams"

  /// The default namespace where the element will stand.
  public var defaultNamespace: Text
  /// Whether `stream:` is bound to the streams namespace where the element will stand.
  public var declaresStreamPrefix: Bool

  public init(defaultNamespace: Text, declaresStreamPrefix: Bool) {
    self.defaultNamespace = defaultNamespace
    self.declaresStreamPrefix = declaresStreamPrefix
  }

  /// Appends the element. Returns the place just behind the root's attributes, where one more could be put in.
  @discardableResult
  public func write(_ element: Element, into out: inout [UInt8]) -> Int {
    var splice = 0
    write(element, at: Int(element.root), inherited: nil, into: &out, splice: &splice)
    return splice
  }

  /// `inherited` is the default namespace where the element stands, or nil for that of the writer.
  private func write(_ element: Element, at index: Int, inherited: Element.Slice?, into out: inout [UInt8], splice: inout Int) {
    let entry = element.entries[index]
    let isRoot = index == Int(element.root)
    let prefix = prefix(of: element, entry, isRoot: isRoot)
    let declares = prefix.isEmpty && !isDefault(entry.namespace, inherited, of: element)

    out.append(UInt8(ascii: "<"))
    if !prefix.isEmpty { out.append(contentsOf: prefix.utf8) }
    Writer.copy(element, entry.name, into: &out)
    if declares {
      out.append(contentsOf: " xmlns='".utf8)
      Writer.escape(element, entry.namespace, attribute: true, into: &out)
      out.append(UInt8(ascii: "'"))
    }
    var next = index + 1
    while next < entry.end, element.entries[next].kind == .attribute {
      writeAttribute(element, element.entries[next], number: next - index, into: &out)
      next += 1
    }
    if isRoot { splice = out.count }
    guard next < entry.end else {
      out.append(UInt8(ascii: "/"))
      out.append(UInt8(ascii: ">"))
      return
    }
    out.append(UInt8(ascii: ">"))
    let scope = declares ? entry.namespace : inherited
    var unused = 0
    while next < entry.end {
      let inner = element.entries[next]
      if inner.kind == .text {
        Writer.escape(element, inner.value, attribute: false, into: &out)
      } else {
        write(element, at: next, inherited: scope, into: &out, splice: &unused)
      }
      next = Int(inner.end)
    }
    out.append(UInt8(ascii: "<"))
    out.append(UInt8(ascii: "/"))
    if !prefix.isEmpty { out.append(contentsOf: prefix.utf8) }
    Writer.copy(element, entry.name, into: &out)
    out.append(UInt8(ascii: ">"))
  }

  /// The prefix that an element must have or may have. Only the root is written with the stream's: inside, an element is written the
  /// same wherever it stands. The namespace of `xml:` can't be declared as the default one (Namespaces in XML, 3).
  private func prefix(of element: Element, _ entry: Element.Entry, isRoot: Bool) -> String {
    if isRoot, declaresStreamPrefix, element.matches(entry.namespace, Writer.streamsNamespace) { return "stream:" }
    return element.matches(entry.namespace, Element.xmlNamespace) ? "xml:" : ""
  }

  private func isDefault(_ namespace: Element.Slice, _ inherited: Element.Slice?, of element: Element) -> Bool {
    guard let inherited else { return element.matches(namespace, defaultNamespace) }
    return inherited == namespace || element.bytes[inherited.range].elementsEqual(element.bytes[namespace.range])
  }

  private func writeAttribute(_ element: Element, _ node: Element.Entry, number: Int, into out: inout [UInt8]) {
    out.append(UInt8(ascii: " "))
    if node.namespace.count != 0 {
      if element.matches(node.namespace, Element.xmlNamespace) {
        out.append(contentsOf: "xml:".utf8)
      } else {
        // Each has a prefix of its own: two attributes may share a local name.
        out.append(contentsOf: "xmlns:a\(number)='".utf8)
        Writer.escape(element, node.namespace, attribute: true, into: &out)
        out.append(contentsOf: "' a\(number):".utf8)
      }
    }
    Writer.copy(element, node.name, into: &out)
    out.append(UInt8(ascii: "="))
    out.append(UInt8(ascii: "'"))
    Writer.escape(element, node.value, attribute: true, into: &out)
    out.append(UInt8(ascii: "'"))
  }

  /// Appends ` name='value'`.
  public static func writeAttribute(_ name: Text, _ value: Text, into out: inout [UInt8]) {
    out.append(UInt8(ascii: " "))
    append(name.utf8.span, to: &out)
    out.append(UInt8(ascii: "="))
    out.append(UInt8(ascii: "'"))
    escape(value.utf8.span, attribute: true, into: &out)
    out.append(UInt8(ascii: "'"))
  }

  /// Appends ` name='value/more'`, or ` name='value'` if there is no more.
  public static func writeAttribute(_ name: Text, _ value: Text, slash more: Text, into out: inout [UInt8]) {
    // Piece by piece it would grow three times.
    if out.isEmpty { out.reserveCapacity(name.count + value.count + more.count + 5) }
    writeAttribute(name, value, into: &out)
    guard !more.isEmpty else { return }
    out[out.count - 1] = UInt8(ascii: "/")
    escape(more.utf8.span, attribute: true, into: &out)
    out.append(UInt8(ascii: "'"))
  }

  private static func copy(_ element: Element, _ slice: Element.Slice, into out: inout [UInt8]) {
    append(element.bytes.span.extracting(slice.range), to: &out)
  }

  private static func escape(_ element: Element, _ slice: Element.Slice, attribute: Bool, into out: inout [UInt8]) {
    escape(element.bytes.span.extracting(slice.range), attribute: attribute, into: &out)
  }

  private static func append(_ bytes: Span<UInt8>, to out: inout [UInt8]) {
    unsafe bytes.withUnsafeBufferPointer { unsafe out.append(contentsOf: $0) }
  }

  /// Appends text with what XML reserves replaced. In attributes white space other than the space is written as a
  /// reference, or it would be read as spaces (XML 1.0, 3.3.3); so is a carriage return anywhere (2.11).
  /// Characters that no XML document may hold (2.2) become U+FFFD.
  private static func escape(_ bytes: Span<UInt8>, attribute: Bool, into out: inout [UInt8]) {
    var clean = 0
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      // Everything that may need a second look is below '?' or the lead byte of U+FFFE and U+FFFF.
      if byte > 0x3E && byte != 0xEF {
        index += 1
        continue
      }
      var width = 1
      let replacement: StaticString?
      switch byte {
      case UInt8(ascii: "<"): replacement = "&lt;"
      case UInt8(ascii: ">"): replacement = "&gt;"
      case UInt8(ascii: "&"): replacement = "&amp;"
      case UInt8(ascii: "'"): replacement = attribute ? "&apos;" : nil
      case UInt8(ascii: "\""): replacement = attribute ? "&quot;" : nil
      case 0x09: replacement = attribute ? "&#9;" : nil
      case 0x0A: replacement = attribute ? "&#10;" : nil
      case 0x0D: replacement = "&#13;"
      case 0x00..<0x20: replacement = "\u{FFFD}"
      case 0xEF where index + 2 < bytes.count && bytes[index + 1] == 0xBF && bytes[index + 2] >= 0xBE:
        replacement = "\u{FFFD}"
        width = 3
      default: replacement = nil
      }
      if let replacement {
        append(bytes.extracting(clean..<index), to: &out)
        replacement.withUTF8Buffer { unsafe out.append(contentsOf: $0) }
        clean = index + width
      }
      index += width
    }
    append(bytes.extracting(clean..<bytes.count), to: &out)
  }
}

extension Element {
  /// The element as XML bytes, as they would stand where `defaultNamespace` is the default.
  public func serialized(defaultNamespace: Text) -> [UInt8] {
    var out: [UInt8] = []
    Writer(defaultNamespace: defaultNamespace, declaresStreamPrefix: false).write(self, into: &out)
    return out
  }
}
