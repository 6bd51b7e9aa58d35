public import XML

/// A stanza as a script gives it, with placeholders, to send or to expect.
public struct Template: Sendable {
  /// As written: placeholders are text, and the attributes that tell how to match are there.
  public let element: Element
  let pattern: Pattern

  init(_ element: Element, cast: [Character], isSent: Bool) throws(TemplateError) {
    self.element = element
    pattern = try Pattern(element, parent: nil, cast: cast, isSent: isSent)
  }
}

/// The fault of a template, and the text in which it shows.
struct TemplateError: Error {
  var source: String
  var message: String
}

/// An element with its placeholders found, once for all times that it is matched.
struct Pattern: Sendable {
  /// As written.
  var element: Element
  var name: Text
  var namespace: Text
  var attributes: [Attribute] = []
  /// Without the white space at its ends; nil where the script gives none, so that any may be there.
  var text: Value?
  var children: [Pattern] = []
  /// Whether nothing may be there that the script does not name.
  var isStrict: Bool
  /// The names under which something is captured in here.
  var captures: [Text] = []
  /// Whether what is sent differs from what is written.
  private var isDynamic = false
  /// The text and the children, for sending.
  private var content: [Content] = []

  struct Attribute: Sendable {
    var name: Text
    var namespace: Text
    var value: Value
  }

  private enum Content: Sendable {
    case text(Value)
    /// Index in `children`.
    case child(Int)
  }

  private static let streamNamespace: Text = "jabber:client"

  init(_ element: Element, parent: (namespace: Text, isStrict: Bool)?, cast: [Character], isSent: Bool) throws(TemplateError) {
    self.element = element
    name = element.name
    namespace = element.namespace
    // A namespace makes strict where it is declared. Prefixes and declarations are gone by now, so that is where it differs from the
    // parent's; elements further in go with their parent, whether or not they repeat it.
    if namespace == Pattern.streamNamespace {
      isStrict = false
    } else if let parent, parent.namespace == namespace {
      isStrict = parent.isStrict
    } else {
      isStrict = true
    }
    for attribute in element.attributes {
      if attribute.namespace == StanzaBlock.namespace {
        isDynamic = true
        isStrict = try Pattern.strictness(attribute)
      } else {
        let value = try Value(attribute.value, cast: cast, isSent: isSent)
        attributes.append(Attribute(name: attribute.name, namespace: attribute.namespace, value: value))
        note(value)
      }
    }
    if element.hasText { text = try Value(element.text.trimmed, cast: cast, isSent: isSent) }
    for node in element.content {
      switch node {
      case .text(let text):
        // White space that only separates children says nothing.
        guard element.hasText else { continue }
        let value = try Value(text, cast: cast, isSent: isSent)
        content.append(.text(value))
        note(value)
      case .element(let child):
        let pattern = try Pattern(child, parent: (namespace, isStrict), cast: cast, isSent: isSent)
        content.append(.child(children.count))
        children.append(pattern)
        captures += pattern.captures
        isDynamic = isDynamic || pattern.isDynamic
      }
    }
  }

  private mutating func note(_ value: Value) {
    captures += value.captures
    isDynamic = isDynamic || !value.isLiteral
  }

  private static func strictness(_ attribute: Element.Attribute) throws(TemplateError) -> Bool {
    let source = "scansion:\(attribute.name)"
    guard attribute.name == "strict" else { throw TemplateError(source: source, message: "unknown attribute '\(source)'") }
    switch attribute.value {
    case "true": return true
    case "false": return false
    default: throw TemplateError(source: source, message: "\(source) must be 'true' or 'false'")
    }
  }
}

// MARK: - Sending

extension Pattern {
  /// The element to send: placeholders replaced, all else as written, scansion's own attributes left out.
  func rendered(with values: Values) throws(UnknownValue) -> Element {
    try rendered { (value) throws(UnknownValue) in try value.rendered(with: values) }
  }

  /// The element to show to a person: as much replaced as is known.
  func shown(with values: Values) -> Element {
    rendered { $0.shown(with: values) }
  }

  private func rendered<E: Error>(_ render: (Value) throws(E) -> Text) throws(E) -> Element {
    guard isDynamic else { return element }
    var result = Element(name, namespace)
    // Each is put in front of the others.
    for attribute in attributes.reversed() { result.set(attribute.name, attribute.namespace, try render(attribute.value)) }
    for piece in content {
      switch piece {
      case .text(let value): result.append(text: try render(value))
      case .child(let index): result.append(try children[index].rendered(render))
      }
    }
    return result
  }
}
