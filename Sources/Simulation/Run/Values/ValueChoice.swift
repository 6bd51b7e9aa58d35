internal import XML
internal import XMPP

/// How often the users of a run choose other values than they are used to, and which.
struct ValueChoice: Sendable {
  /// Of a hundred stanzas so many have one such value.
  let percent: Int
  private let place: Int

  init(_ roll: (Int) -> Int) {
    percent = [0, 0, 10, 40][roll(4)]
    place = roll(1000)
  }

  /// The stanza as its user sends it.
  func applied(to stanza: Element, _ roll: (Int) -> Int) -> Element {
    guard percent > 0, roll(100) >= 100 - percent else { return stanza }
    let slots = ValueSlot.slots(in: stanza)
    guard !slots.isEmpty else { return stanza }
    let slot = ActionContext.pick(slots, roll)
    return stanza.replacing(at: slot.path[...]) { element in
      switch slot.target {
      case .field:
        let all = ValueTable.fields
        var field = element.withoutContent
        let values = all[roll(4) == 3 ? roll(all.count) : (place + roll(3)) % all.count]
        for value in values { field.append("value", NS.dataForms, text: value) }
        return field
      case .part(let part, let table): return changed(element, part, table, roll)
      }
    }
  }

  private func changed(_ element: Element, _ part: ValuePlace.Part, _ table: ValueTable, _ roll: (Int) -> Int) -> Element {
    var copy = element
    switch part {
    case .text: return element.saying(table.value(insteadOf: element.text, near: place, roll) ?? "")
    case .language: copy.lang = table.value(insteadOf: element.lang ?? "en", near: place, roll)
    case .attribute(let name): copy[name] = address(element[name] ?? "", table, roll)
    }
    return copy
  }

  /// In an address of an occupant the nick is a value of its own.
  private func address(_ old: Text, _ table: ValueTable, _ roll: (Int) -> Int) -> Text? {
    guard table.values.isEmpty, let slash = old.utf8.firstIndex(of: UInt8(ascii: "/")), roll(3) > 0,
      JID(old)?.domain.hasPrefix("conference.") ?? false
    else { return table.value(insteadOf: old, near: place, roll) }
    let nick = Text(utf8: old.utf8[old.utf8.index(after: slash)...])
    return Text(utf8: old.utf8[...slash]) + (ValueTable.nicks.value(insteadOf: nick, near: place, roll) ?? "")
  }
}

// MARK: - Putting a value in

extension Element {
  /// The element with another one in place of what is at the path.
  func replacing(at path: ArraySlice<Int>, _ change: (Element) -> Element) -> Element {
    guard let first = path.first else { return change(self) }
    var copy = withoutContent
    var index = 0
    for node in content {
      switch node {
      case .text(let text): copy.append(text: text)
      case .element(let child):
        copy.append(index == first ? child.replacing(at: path.dropFirst(), change) : child)
        index += 1
      }
    }
    return copy
  }

  /// The element with this text and no other content.
  fileprivate func saying(_ text: Text) -> Element {
    var copy = withoutContent
    copy.append(text: text)
    return copy
  }
}
