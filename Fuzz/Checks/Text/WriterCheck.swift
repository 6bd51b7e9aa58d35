internal import XML

/// The writer, for elements with any texts: what it writes is well-formed and free of what streams forbid, and reads as the same element.
enum WriterCheck {
  /// The bytes are a plan: what to add, then a text.
  static func check(_ bytes: [UInt8]) -> Finding {
    var plan = Plan(bytes[...])
    let (given, wanted) = plan.element(depth: 0)
    for around in ["jabber:client", "", "p:p"] as [Text] {
      var written: [UInt8] = []
      let splice = Writer(defaultNamespace: around, declaresStreamPrefix: false).write(given, into: &written)
      if let fault = fault(of: written, given, wanted, around, splice) {
        return .fault("\(fault): \(String(decoding: written, as: UTF8.self).debugDescription)")
      }
    }
    var written: [UInt8] = []
    Writer(defaultNamespace: "jabber:client", declaresStreamPrefix: true).write(given, into: &written)
    if let fault = WrittenXML.fault(in: written) { return .fault("\(fault): \(String(decoding: written, as: UTF8.self).debugDescription)") }
    return .good(plan.pieces)
  }

  private static func fault(of written: [UInt8], _ given: Element, _ wanted: Element, _ around: Text, _ splice: Int) -> String? {
    if let fault = WrittenXML.fault(in: written) { return fault }
    do throws(StreamParser.Failure) {
      let read = try Element(parsing: written, defaultNamespace: around)
      if Shape(read) != Shape(wanted) { return "it reads as \(Shape(read)) and not as \(Shape(wanted))" }
      if read.serialized(defaultNamespace: around) != written { return "it is written otherwise the second time" }
      // One more attribute fits where the writer says.
      let more = Array(written[..<splice]) + Array(" to='x'".utf8) + Array(written[splice...])
      guard given["to"] == nil else { return nil }
      let spliced = try Element(parsing: more, defaultNamespace: around)
      return spliced["to"] == "x" ? nil : "an attribute does not fit at byte \(splice)"
    } catch {
      return "it is refused, \(error)"
    }
  }

  /// Takes an element from bytes. It is made twice, as given and as it is to be read: with U+FFFD for characters that no document may hold.
  private struct Plan {
    private var bytes: ArraySlice<UInt8>
    private(set) var pieces = 0

    private static let names: [Text] = ["message", "body", "a", "é", "A-b.c_1", "stream"]
    private static let namespaces: [Text] = [
      "jabber:client", "", Element.xmlNamespace, Writer.streamsNamespace, "p:p", "urn:'<&>\"", "urn:\t\n\r x",
    ]

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    private mutating func take() -> Int { bytes.popFirst().map { Int($0) } ?? 0 }

    private mutating func text() -> (given: Text, wanted: Text) {
      let raw = bytes.prefix(take())
      bytes = bytes.dropFirst(raw.count)
      let given = String(decoding: raw, as: UTF8.self)
      var wanted = String.UnicodeScalarView()
      for scalar in given.unicodeScalars { wanted.append(WrittenXML.isCharacter(scalar) ? scalar : "\u{FFFD}") }
      return (Text(given), Text(String(wanted)))
    }

    mutating func element(depth: Int) -> (given: Element, wanted: Element) {
      let name = Plan.names[take() % Plan.names.count]
      let namespace = Plan.namespaces[take() % Plan.namespaces.count]
      var given = Element(name, namespace)
      var wanted = given
      while !bytes.isEmpty {
        pieces += 1
        switch take() % 4 {
        case 0:
          let attribute = Plan.names[take() % Plan.names.count]
          let space = Plan.namespaces[take() % Plan.namespaces.count]
          let value = text()
          given.set(attribute, space, value.given)
          wanted.set(attribute, space, value.wanted)
        case 1:
          let text = text()
          given.append(text: text.given)
          wanted.append(text: text.wanted)
        case 2 where depth < 20:
          let child = element(depth: depth + 1)
          given.append(child.given)
          wanted.append(child.wanted)
        default: return (given, wanted)
        }
      }
      return (given, wanted)
    }
  }
}
