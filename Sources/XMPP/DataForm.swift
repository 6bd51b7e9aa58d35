public import XML

/// A data form (XEP-0004), whose hidden field `FORM_TYPE` may name what it is about (XEP-0068).
///
/// Tables of results (`<reported/>` and `<item/>`, XEP-0004, 3.4) are not kept.
public struct DataForm: Hashable, Sendable {
  /// The type of a form: what the sender does with it (XEP-0004, 3.1).
  public enum Kind: String, Sendable {
    case form, submit, cancel, result
  }

  /// How a field is filled in (XEP-0004, 3.3).
  public enum FieldKind: String, Sendable {
    case boolean, fixed, hidden
    case jidMulti = "jid-multi"
    case jidSingle = "jid-single"
    case listMulti = "list-multi"
    case listSingle = "list-single"
    case textMulti = "text-multi"
    case textPrivate = "text-private"
    case textSingle = "text-single"
  }

  /// One of the values that a list offers.
  public struct Option: Hashable, Sendable {
    public var label: Text?
    public var value: Text

    public init(label: Text? = nil, value: Text) {
      self.label = label
      self.value = value
    }
  }

  /// A field (XEP-0004, 3.2).
  public struct Field: Hashable, Sendable {
    public var name: Text?
    public var kind: FieldKind?
    public var label: Text?
    public var values: [Text]
    public var isRequired: Bool
    public var options: [Option]
    public var description: Text?

    public init(
      name: Text? = nil, kind: FieldKind? = nil, label: Text? = nil, values: [Text] = [], isRequired: Bool = false,
      options: [Option] = [], description: Text? = nil
    ) {
      self.name = name
      self.kind = kind
      self.label = label
      self.values = values
      self.isRequired = isRequired
      self.options = options
      self.description = description
    }
  }

  public var kind: Kind
  public var title: Text?
  public var instructions: [Text]
  public var fields: [Field]

  public init(_ kind: Kind, title: Text? = nil, instructions: [Text] = [], fields: [Field] = []) {
    self.kind = kind
    self.title = title
    self.instructions = instructions
    self.fields = fields
  }
}

// MARK: - Looking up

extension DataForm {
  /// The value of `FORM_TYPE` (XEP-0068).
  public var formType: Text? { value("FORM_TYPE") }

  /// The first field of this name.
  public subscript(name: Text) -> Field? {
    fields.first { $0.name == name }
  }

  /// The first value of the field; `nil` if there is no such field or it is empty.
  public func value(_ name: Text) -> Text? {
    self[name]?.values.first
  }

  /// The value of a boolean field (XEP-0004, 3.3: an xs:boolean); `nil` if it is absent or not a boolean.
  public func flag(_ name: Text) -> Bool? {
    switch value(name)?.trimmed {
    case "1", "true": true
    case "0", "false": false
    default: nil
    }
  }
}

// MARK: - XML

extension DataForm {
  /// Reads an `<x/>`; `nil` if the element isn't a form or its type isn't one of the four.
  public init?(_ element: Element) {
    guard element.is("x", NS.dataForms), let type = element["type"], let kind = Kind(rawValue: type.string) else { return nil }
    self.init(kind)
    for child in element.children where child.has(namespace: NS.dataForms) {
      switch child.name {
      case "title": title = child.text
      case "instructions": instructions.append(child.text)
      case "field": fields.append(Field(child))
      default: break
      }
    }
  }

  /// The form as an `<x/>`.
  public var element: Element {
    var form = Element("x", NS.dataForms, ["type": Text(kind.rawValue)])
    if let title { form.append("title", NS.dataForms, text: title) }
    for line in instructions { form.append("instructions", NS.dataForms, text: line) }
    for field in fields { form.append(field.element) }
    return form
  }
}

extension DataForm.Field {
  fileprivate init(_ element: Element) {
    self.init(name: element["var"], label: element["label"])
    // A type that isn't known is to be taken for text-single (XEP-0004, 3.3).
    kind = element["type"].map { DataForm.FieldKind(rawValue: $0.string) ?? .textSingle }
    for child in element.children where child.has(namespace: NS.dataForms) {
      switch child.name {
      case "value": values.append(child.text)
      case "required": isRequired = true
      case "desc": description = child.text
      case "option":
        guard let value = child.child("value", NS.dataForms) else { break }
        options.append(DataForm.Option(label: child["label"], value: value.text))
      default: break
      }
    }
  }

  fileprivate var element: Element {
    var field = Element("field", NS.dataForms, ["var": name, "type": kind.map { Text($0.rawValue) }, "label": label])
    if let description { field.append("desc", NS.dataForms, text: description) }
    if isRequired { field.append("required", NS.dataForms) }
    for value in values { field.append("value", NS.dataForms, text: value) }
    for option in options {
      let value = Element("value", NS.dataForms, text: option.value)
      field.append(Element("option", NS.dataForms, ["label": option.label], children: [value]))
    }
    return field
  }
}
