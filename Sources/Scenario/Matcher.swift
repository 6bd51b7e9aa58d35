internal import XML

/// Compares what came with what a script expects.
///
/// Order never matters, neither of attributes nor of children; but each expected child needs a received one of its own.
enum Matcher {
  /// The values with what was captured, or nil if the element is not what the pattern says.
  static func match(_ pattern: Pattern, _ element: Element, _ values: Values) -> Values? {
    match(pattern, element, values) { $0 }
  }

  /// `then` may refuse what was captured; another way to match is looked for then.
  private static func match(_ pattern: Pattern, _ element: Element, _ values: Values, then: (Values) -> Values?) -> Values? {
    var values = values
    guard differences(pattern, element, &values).isEmpty else { return nil }
    let received = Array(element.children)
    guard pattern.isStrict ? received.count == pattern.children.count : received.count >= pattern.children.count else { return nil }
    // A pattern that captures a value decides what must stand elsewhere, so every choice for these few is tried. The others stand alone.
    let capturing = pattern.children.filter { $0.captures.contains { !values.hasCaptured($0) } }
    let plain = pattern.children.filter { $0.captures.allSatisfy { values.hasCaptured($0) } }
    return assign(capturing[...], plain, received, values, then: then)
  }

  private static func assign(
    _ capturing: ArraySlice<Pattern>, _ plain: [Pattern], _ free: [Element], _ values: Values, then: (Values) -> Values?
  ) -> Values? {
    guard let first = capturing.first else { return canAssign(plain, free, values) ? then(values) : nil }
    for index in free.indices {
      var rest = free
      rest.remove(at: index)
      let found = match(first, free[index], values) { assign(capturing.dropFirst(), plain, rest, $0, then: then) }
      if let found { return found }
    }
    return nil
  }

  /// Whether each pattern can have an element of its own: a matching in a bipartite graph, by augmenting paths.
  private static func canAssign(_ patterns: [Pattern], _ elements: [Element], _ values: Values) -> Bool {
    let fits = patterns.map { pattern in elements.indices.filter { match(pattern, elements[$0], values) != nil } }
    var owner = [Int?](repeating: nil, count: elements.count)
    func place(_ pattern: Int, _ tried: inout [Bool]) -> Bool {
      for element in fits[pattern] where !tried[element] {
        tried[element] = true
        if let other = owner[element], !place(other, &tried) { continue }
        owner[element] = pattern
        return true
      }
      return false
    }
    return patterns.indices.allSatisfy { pattern in
      var tried = [Bool](repeating: false, count: elements.count)
      return place(pattern, &tried)
    }
  }

  /// How the element itself differs, its children aside.
  static func differences(_ pattern: Pattern, _ element: Element, _ values: inout Values) -> [Difference] {
    guard element.is(pattern.name, pattern.namespace) else { return [.name(expected: pattern.element, got: element)] }
    var found: [Difference] = []
    let attributes = element.attributes
    for expected in pattern.attributes {
      guard let got = attributes.first(where: { $0.name == expected.name && $0.namespace == expected.namespace }) else {
        found.append(.missingAttribute(expected.name, expected: expected.value.shown(with: values)))
        continue
      }
      if !expected.value.matches(got.value, &values) {
        found.append(.attribute(expected.name, expected: expected.value.shown(with: values), got: got.value))
      }
    }
    if pattern.isStrict {
      for got in attributes where !pattern.attributes.contains(where: { $0.name == got.name && $0.namespace == got.namespace }) {
        found.append(.extraAttribute(got.name, got: got.value))
      }
    }
    if let expected = pattern.text {
      let got = element.text.trimmed
      // Text that may be anything must still be there.
      if got.isEmpty && expected.isWildcard(with: values) || !expected.matches(got, &values) {
        found.append(.text(expected: expected.shown(with: values), got: got))
      }
    }
    return found
  }
}
