internal import XML
internal import XMPP

/// Data forms (XEP-0004): a form that was read is written as a form that reads the same, and holds what its element holds.
enum DataFormCheck {
  private static let types = ["form", "submit", "cancel", "result"]

  /// The first byte chooses the form's type; the rest is the content of the `<x/>`.
  static func check(_ bytes: [UInt8]) -> Finding {
    guard let first = bytes.first else { return .refused }
    let start = "<x xmlns='jabber:x:data' type='\(types[Int(first) % types.count])'>"
    guard let element = try? Element(parsing: Array(start.utf8) + bytes.dropFirst() + Array("</x>".utf8), defaultNamespace: "") else {
      return .refused
    }
    guard let form = DataForm(element) else { return .fault("no form: \(element)") }
    if let fault = contentFault(of: form, element) { return .fault("\(fault): \(element)") }
    let written = form.element.serialized(defaultNamespace: "jabber:client")
    guard let again = try? Element(parsing: written, defaultNamespace: "jabber:client") else {
      return .fault("the form can't be read again: \(String(decoding: written, as: UTF8.self))")
    }
    guard DataForm(form.element) == form, DataForm(again) == form else {
      return .fault("the form is another when it was written: \(element)")
    }
    return .good(1 + form.fields.count + form.instructions.count)
  }

  private static func contentFault(of form: DataForm, _ element: Element) -> String? {
    let children = children(of: element)
    if form.title != children.last(where: { $0.name == "title" }).map(\.text) { return "another title" }
    if form.instructions != children.filter({ $0.name == "instructions" }).map(\.text) { return "other instructions" }
    let fields = children.filter { $0.name == "field" }
    guard form.fields.count == fields.count else { return "\(form.fields.count) fields" }
    for (field, element) in zip(form.fields, fields) {
      let values = DataFormCheck.children(of: element).filter { $0.name == "value" }.map(\.text)
      if field.values != values { return "other values than \(values)" }
      if field.options != options(of: element) { return "other options" }
      if field.isRequired != DataFormCheck.children(of: element).contains(where: { $0.name == "required" }) { return "required or not" }
      if field.name != attribute("var", of: element) || field.label != attribute("label", of: element) { return "another name" }
      let first = fields.first { attribute("var", of: $0) == field.name }
      if let name = field.name, let first,
        form[name]?.values != DataFormCheck.children(of: first).filter({ $0.name == "value" }).map(\.text)
      {
        return "the field \(name) is not the first of its name"
      }
      if let name = field.name, let flag = form.flag(name), flag != ["1", "true"].contains(form.value(name)?.trimmed) {
        return "the flag \(name) is \(flag)"
      }
      if (attribute("type", of: element) == nil) != (field.kind == nil) { return "a field has another type" }
      if let kind = field.kind, let type = attribute("type", of: element), type.string != kind.rawValue, kind != .textSingle {
        return "the type \(type) is \(kind)"
      }
    }
    return nil
  }

  /// Options that have a value (XEP-0004, 3.2).
  private static func options(of field: Element) -> [DataForm.Option] {
    children(of: field).filter { $0.name == "option" }.compactMap { option in
      let value = children(of: option).first { $0.name == "value" }
      return value.map { DataForm.Option(label: attribute("label", of: option), value: $0.text) }
    }
  }

  private static func attribute(_ name: Text, of element: Element) -> Text? {
    element.attributes.first { $0.name == name && $0.namespace.isEmpty }?.value
  }

  /// The children in the namespace of forms, found without the reader of children.
  private static func children(of element: Element) -> [Element] {
    element.content.compactMap { node in
      guard case .element(let child) = node, child.namespace == "jabber:x:data" else { return nil }
      return child
    }
  }
}
