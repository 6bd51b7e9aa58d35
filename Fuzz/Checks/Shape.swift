internal import XML

/// An element as its readers give it, piece by piece. `==` of elements compares what the writer makes of them, and so hides what it leaves out.
indirect enum Shape: Equatable {
  case element(name: Text, namespace: Text, attributes: [Element.Attribute], content: [Shape])
  case text(Text)

  init(_ element: Element) {
    self = .element(
      name: element.name, namespace: element.namespace, attributes: element.attributes,
      content: element.content.map { node in
        switch node {
        case .text(let text): .text(text)
        case .element(let child): Shape(child)
        }
      })
  }
}
