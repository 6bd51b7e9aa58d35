internal import OrderedCollections
internal import XML
internal import XMPP

/// Actions of several users in a certain order, each at their own pace, which lead to states that nobody comes to by chance. Often the
/// users get in each other's way, and something else comes of it.
struct Interaction {
  /// By index of the user: what each does next, and next; `nil` is a pause.
  var parts: OrderedDictionary<Int, [Element?]> = [:]

  let first: User
  let second: User
  let third: User
  let number: Int
  /// Requests that were written, so that each has an id of its own.
  private var count = 0

  /// - Parameter third: may be one of the other two.
  static func make(_ leftOut: [UserAction.Subject], _ first: User, _ second: User, _ third: User, number: Int, _ roll: (Int) -> Int)
    -> Interaction?
  {
    let plot = ActionContext.pick(plots, roll)
    guard !plot.subjects.contains(where: leftOut.contains) else { return nil }
    guard first.account != second.account, first.resource == "d0", second.resource == "d0" else { return nil }
    var interaction = Interaction(first: first, second: second, third: third, number: number)
    plot.write(&interaction, roll)
    return interaction
  }
  private static let plots = SimulatedFeature.all.flatMap(\.plots)

  private init(first: User, second: User, third: User, number: Int) {
    (self.first, self.second, self.third, self.number) = (first, second, third, number)
  }

  // MARK: Stanzas

  mutating func iq(_ to: Text?, _ name: Text, _ namespace: Text, _ item: Element) -> Element {
    count += 1
    return Element(
      "iq", NS.client, ["type": "set", "id": "q\(number)-\(count)", "to": to], children: [Element(name, namespace, children: [item])])
  }
  func subscription(_ type: Text, _ to: User) -> Element { Element("presence", NS.client, ["to": to.account.text, "type": type]) }
}

/// The subject of an interaction.
struct Plot: Sendable {
  /// A run that leaves one of these out has no such plot.
  let subjects: [UserAction.Subject]
  /// Writes the parts of those who are in it.
  let write: @Sendable (_ interaction: inout Interaction, _ roll: (Int) -> Int) -> Void
}
