internal import XML
internal import XMPP

/// A place in stanzas where users choose a value: the text of an element, or one of its attributes.
struct ValuePlace: Sendable {
  enum Part: Sendable, Hashable {
    case text
    case attribute(Text)
    case language
  }

  let name: Text
  let namespace: Text
  let part: Part
  let table: ValueTable

  init(_ name: Text, _ namespace: Text, _ part: Part, _ table: ValueTable) {
    (self.name, self.namespace, self.part, self.table) = (name, namespace, part, table)
  }

  /// Those of messages and presence, then those of the features.
  static let all: [ValuePlace] = common + SimulatedFeature.all.flatMap(\.values)

  private static let common: [ValuePlace] = [
    ValuePlace("body", NS.client, .text, .texts), ValuePlace("subject", NS.client, .text, .texts),
    ValuePlace("thread", NS.client, .text, .texts),
    // The words of presence tell an oracle which it is.
    ValuePlace("status", NS.client, .text, .additions), ValuePlace("priority", NS.client, .text, .numbers),
    ValuePlace("message", NS.client, .language, .languages), ValuePlace("presence", NS.client, .language, .languages),
    ValuePlace("iq", NS.client, .language, .languages), ValuePlace("body", NS.client, .language, .languages),
    ValuePlace("message", NS.client, .attribute("to"), .recipients), ValuePlace("presence", NS.client, .attribute("to"), .recipients),
    ValuePlace("iq", NS.client, .attribute("to"), .recipients),
  ]
}

/// A value in one stanza that users choose.
struct ValueSlot: Sendable {
  /// From the stanza down: which child, and which child of that.
  var path: [Int]
  var target: Target

  enum Target: Sendable {
    case part(ValuePlace.Part, ValueTable)
    /// All values of a form's field.
    case field
  }

  /// All of a stanza's, in the order of the document.
  static func slots(in stanza: Element) -> [ValueSlot] {
    var slots: [ValueSlot] = []
    collect(stanza, [], &slots)
    return slots
  }

  private static func collect(_ element: Element, _ path: [Int], _ slots: inout [ValueSlot]) {
    for place in ValuePlace.all where element.is(place.name, place.namespace) {
      // An attribute that users leave out stays out: most say something else by it.
      if case .attribute(let name) = place.part, element[name] == nil { continue }
      slots.append(ValueSlot(path: path, target: .part(place.part, place.table)))
    }
    // The type of a form is no choice of a user's.
    if element.is("field", NS.dataForms), element["var"] != "FORM_TYPE" { slots.append(ValueSlot(path: path, target: .field)) }
    for (index, child) in element.children.enumerated() { collect(child, path + [index], &slots) }
  }
}
