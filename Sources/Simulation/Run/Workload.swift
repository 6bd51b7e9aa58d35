internal import OrderedCollections
public import ServerCore
public import XML
public import XMPP

/// The behaviour of a run's honest users. A run makes one workload, and asks it again and again.
///
/// All that it does must follow from the arguments that it is given: it has no other randomness than `roll`, and no clock.
public protocol Workload: Sendable {
  /// - Parameter roll: for what holds for the whole run; see `next`.
  init(roll: (Int) -> Int)
  /// Called once, before anything happens: the server's limits and settings in this run.
  mutating func begin(with configuration: Configuration)
  /// The next stanza of a client that is logged in; `nil`: it does nothing this time.
  /// - Parameters:
  ///   - among: all honest clients, logged in or not, itself among them.
  ///   - roll: draws a number below the bound that it is given. Zero must be the harmless choice: the shrinker turns to it.
  mutating func next(for user: User, among users: [User], roll: (Int) -> Int) -> Element?
  /// The operator's next request about the accounts; `nil`: none.
  mutating func operate(on accounts: [JID], roll: (Int) -> Int) -> ControlRequest?
}

/// A client as a workload knows it.
public struct User: Sendable {
  /// Its place among all clients of the run.
  public var index: Int
  /// Bare.
  public var account: JID
  /// The resource that it asks for at login.
  public var resource: Text
  /// For a room, the moment to the nanosecond at which a message came that the room keeps. No client of flesh and blood could know it; one
  /// that asks for what was said since then meets the border of what it gets (XEP-0045, 7.2.14).
  var moment: @Sendable (JID) -> Int64? = { _ in nil }
}

extension Workload {
  public mutating func begin(with configuration: Configuration) {}
  public mutating func operate(on accounts: [JID], roll: (Int) -> Int) -> ControlRequest? { nil }
}

/// A bit of everything that users do with their servers (`UserAction.all`), and that operators do (`Operator`).
public struct EverydayWorkload: Workload {
  private var number = 0
  /// Indices of actions in `UserAction.all`, each as often as it weighs. Nobody does the other actions in this run: if nobody does what
  /// silences somebody, silence can be held against the server.
  private var tickets: [Int] = []
  /// The nick under which a user went to a room last.
  private var nicks: OrderedDictionary<Int, Text> = [:]
  /// Rooms that users came to and may have made: who makes a room has to say how it is to be, or nobody else comes in (XEP-0045, 10.1).
  private var entered: OrderedDictionary<Int, Text> = [:]

  private var leftOut: [UserAction.Subject] = []
  /// The actions still to come of interactions that users are in.
  private var plans: OrderedDictionary<Int, [Element?]> = [:]
  private let values: ValueChoice
  private var sizes: SizeChoice?

  public init(roll: (Int) -> Int) {
    let theme = UserAction.Theme.allCases[max(0, roll(8) - 4)]
    leftOut = UserAction.Subject.all.filter { subject in roll(4) == 3 || !subject.belongs(to: theme) }
    for (index, action) in UserAction.all.enumerated() {
      let isRare = roll(5) == 4
      if !isRare, !leftOut.contains(action.subject) { tickets += Array(repeating: index, count: action.weight) }
    }
    values = ValueChoice(roll)
  }

  public mutating func begin(with configuration: Configuration) { sizes = SizeChoice(configuration) }

  public mutating func next(for user: User, among users: [User], roll: (Int) -> Int) -> Element? {
    number += 1
    if let plan = plans.removeValue(forKey: user.index), let next = plan.first {
      if plan.count > 1 { plans[user.index] = Array(plan.dropFirst()) }
      if let next { note(next, of: user) }
      return next
    }
    if roll(50) == 49 {
      let (second, third) = (users[roll(users.count)], users[roll(users.count)])
      if let plot = Interaction.make(leftOut, user, second, third, number: number, roll) { plans.merge(plot.parts) { $1 } }
    }
    let ticket = roll(tickets.count + 1)
    guard ticket > 0 else { return nil }
    let context = ActionContext(user: user, users: users, nicks: nicks, number: number)
    if let room = entered.removeValue(forKey: user.index), roll(3) > 0 {
      return values.applied(to: RoomsUse.configure(room, context, roll), roll)
    }
    var action = UserAction.all[tickets[ticket - 1]]
    // A user outside can't do much in a room.
    if action.subject.isForOccupants, nicks[user.index] == nil, roll(2) == 1 { action = RoomsUse.visits[0] }
    let stanza = action.make(context, roll).map { stanza in
      guard let sizes, roll(20) == 19 else { return values.applied(to: stanza, roll) }
      return sizes.applied(to: stanza, from: user.account.text + "/" + user.resource, roll)
    }
    if let stanza { note(stanza, of: user) }
    return stanza
  }

  /// Notes the nick under which a user goes to a room, and the room, which the user may have made.
  private mutating func note(_ stanza: Element, of user: User) {
    guard stanza.is("presence", NS.client), let to = stanza["to"].flatMap({ JID($0) }), to.domain.hasPrefix("conference.") else { return }
    nicks[user.index] = stanza.type == nil && to.isFull ? to.resource : nil
    if stanza.child("x", NS.muc) != nil { entered[user.index] = to.bare.text }
  }

  public mutating func operate(on accounts: [JID], roll: (Int) -> Int) -> ControlRequest? { Operator.request(accounts, roll) }

  static func message(to address: Text, _ type: Text, _ number: Int) -> Element {
    let user = User(index: 0, account: JID("localhost")!, resource: "")
    return ActionContext(user: user, users: [], nicks: [:], number: number).message(to: address, type)
  }
}
