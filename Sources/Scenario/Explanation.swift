internal import XML

/// One way in which an element is not what was expected.
enum Difference {
  case name(expected: Element, got: Element)
  case missingAttribute(Text, expected: Text)
  case attribute(Text, expected: Text, got: Text)
  case extraAttribute(Text, got: Text)
  case text(expected: Text, got: Text)
}

extension Difference: CustomStringConvertible {
  var description: String {
    switch self {
    case .name(let expected, let got): "it is \(got.tag), expected \(expected.tag)"
    case .missingAttribute(let name, let expected): "attribute '\(name)' is missing, expected '\(expected)'"
    case .attribute(let name, let expected, let got): "attribute '\(name)' is '\(got)', expected '\(expected)'"
    case .extraAttribute(let name, let got): "attribute '\(name)' is '\(got)', expected none"
    case .text(let expected, let got): "the text is '\(got)', expected '\(expected)'"
    }
  }
}

extension Element {
  /// Name and namespace, for a person.
  var tag: String { has(namespace: "jabber:client") ? "<\(name)/>" : "<\(name) xmlns='\(namespace)'/>" }
}

/// Why an element does not match, in words, and how far it is from matching.
struct Explanation {
  private(set) var reasons: [String]
  /// The more, the less alike.
  private(set) var distance: Int

  private init(reasons: [String], distance: Int) {
    self.reasons = reasons
    self.distance = distance
  }

  /// Nil if the element does match.
  init?(of element: Element, against pattern: Pattern, _ values: Values) {
    guard Matcher.match(pattern, element, values) == nil else { return nil }
    var values = values
    let own = Matcher.differences(pattern, element, &values)
    if case .name = own.first {
      self.init(reasons: own.map(\.description), distance: 1000)
      return
    }
    self.init(reasons: own.map(\.description), distance: own.count)
    let received = Array(element.children)
    for expected in pattern.children { compare(expected, with: received, values) }
    if reasons.isEmpty { explainCounts(pattern, received, values) }
  }

  private mutating func compare(_ expected: Pattern, with received: [Element], _ values: Values) {
    let alike = received.filter { $0.is(expected.name, expected.namespace) }
    guard !alike.isEmpty else {
      reasons.append("there is no \(expected.element.tag)")
      distance += 10
      return
    }
    let explanations = alike.compactMap { Explanation(of: $0, against: expected, values) }
    // If one of them matches, there is nothing to explain here.
    guard explanations.count == alike.count, let nearest = explanations.min(by: { $0.distance < $1.distance }) else { return }
    reasons += nearest.reasons.map { "in \(expected.element.tag): \($0)" }
    distance += nearest.distance
  }

  /// Every expected child is there, looked at by itself.
  private mutating func explainCounts(_ pattern: Pattern, _ received: [Element], _ values: Values) {
    distance += 1
    let extra = received.first { child in !pattern.children.contains { Matcher.match($0, child, values) != nil } }
    if pattern.isStrict, let extra {
      reasons.append("\(extra.tag) was not expected: \(extra)")
    } else if received.count < pattern.children.count || pattern.isStrict && received.count > pattern.children.count {
      reasons.append("there are \(received.count) children, expected \(pattern.children.count)")
    } else {
      reasons.append("the children match one by one, but not all at once")
    }
  }
}
