internal import OrderedCollections
internal import XML
internal import XMPP

/// One thing that users do, as a stanza that it comes to.
///
/// Most are done right; some are the mistakes that clients make, and get an error for. Only hostile clients send what ends a stream.
struct UserAction: Sendable {
  let subject: Subject
  /// How often it comes up, against the others.
  let weight: Int
  let make: @Sendable (_ context: ActionContext, _ roll: (Int) -> Int) -> Element?

  init(_ subject: Subject, _ weight: Int, _ make: @escaping @Sendable (_ context: ActionContext, _ roll: (Int) -> Int) -> Element?) {
    self.subject = subject
    self.weight = weight
    self.make = make
  }

  /// The order decides what the random choices of a run mean.
  static let all: [UserAction] = messages + SimulatedFeature.all.flatMap(\.actions)
}

/// The user of an action, and the users that it can be done with.
struct ActionContext {
  let user: User
  let users: [User]
  /// Under which nick users went to a room last, by their index.
  let nicks: OrderedDictionary<Int, Text>
  /// Unique in the run.
  let number: Int

  var request: Text { "q\(number)" }
  /// One device of an account makes all changes of what the account has, so that their order is known.
  var mayChangeAccount: Bool { user.resource == "d0" }

  /// Mostly anybody; more often the first of all, so that some two come to know each other well.
  func other(_ roll: (Int) -> Int) -> User {
    let choice = roll(users.count + 2)
    return choice < users.count ? users[choice] : user.index == 0 ? users[users.count - 1] : users[0]
  }
  func device(_ roll: (Int) -> Int) -> Text {
    let other = other(roll)
    return other.account.text + "/" + other.resource
  }

  /// Most meet in the same room.
  func room(_ roll: (Int) -> Int) -> Text { roll(4) == 3 ? "den@conference.localhost" : "tea@conference.localhost" }
  /// Nicks that nobody can see (XEP-0045, 17.1).
  static let unseen: [Text] = ["  ", "\u{2800}", "\u{A0} \u{2800}"]
  /// The password of rooms that have one.
  static let password: Text = "cauldron"

  /// The nick that a user goes by: most have one for each device, some share it between them, some have others.
  func nick(_ user: User, _ roll: (Int) -> Int) -> Text {
    switch roll(20) {
    case 5..<12: nicks[user.index] ?? user.account.local + "-" + user.resource
    case 12, 13: user.account.local
    case 14: "alt-" + user.account.local + "-" + user.resource
    case 15: "alt-" + user.account.local
    default: user.account.local + "-" + user.resource
    }
  }
  func occupant(_ roll: (Int) -> Int) -> Text { room(roll) + "/" + nick(other(roll), roll) }

  static func pick<Item>(_ items: [Item], _ roll: (Int) -> Int) -> Item { items[roll(items.count)] }

  func iq(_ type: Text, _ to: Text?, _ payload: Element) -> Element {
    Element("iq", NS.client, ["type": type, "id": request, "to": to], children: [payload])
  }
  func iq(_ type: Text, _ to: Text?, _ name: Text, _ namespace: Text, _ children: [Element] = []) -> Element {
    iq(type, to, Element(name, namespace, children: children))
  }

  /// A message whose way the ledger follows.
  func message(to address: Text, _ type: Text?, body: Text? = nil) -> Element {
    var message = Element("message", NS.client, ["to": address, "type": type, "id": "L\(number)"])
    message.append("body", NS.client, text: body ?? "What <news> & \"joy\"? \(number)")
    for payload in Payloads.content(of: number) { message.append(payload) }
    return message
  }
}
