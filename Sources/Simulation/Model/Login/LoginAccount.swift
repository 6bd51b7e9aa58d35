internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// An account as a login depends on it.
enum LoginAccountState: Sendable, Hashable {
  case absent
  /// The password as it goes into a hash: prepared (RFC 5802, 2.2).
  case present(password: [UInt8], isDisabled: Bool)
}

/// A request that changes an account.
enum LoginAccountChange: Sendable, Hashable {
  case create(password: [UInt8])
  case setPassword([UInt8])
  case disable, enable, delete

  /// The state after it; `nil` if it changes nothing then.
  func state(after state: LoginAccountState) -> LoginAccountState? {
    switch (self, state) {
    case (.create(let password), .absent): .present(password: password, isDisabled: false)
    case (.setPassword(let password), .present(_, let isDisabled)): .present(password: password, isDisabled: isDisabled)
    case (.disable, .present(let password, _)): .present(password: password, isDisabled: true)
    case (.enable, .present(let password, _)): .present(password: password, isDisabled: false)
    case (.delete, .present): .absent
    default: nil
    }
  }

  /// Streams of the account end by it (RFC 6120, 4.9.3): with which condition.
  var ends: Text? {
    switch self {
    case .setPassword: "reset"
    case .disable, .delete: "not-authorized"
    case .create, .enable: nil
    }
  }

  /// The account has other salts behind it.
  var makesSalts: Bool {
    switch self {
    case .create, .setPassword, .delete: true
    case .disable, .enable: false
    }
  }

  /// A password of bytes that somebody gave; `nil` if no account can have it.
  static func prepare(_ password: [UInt8]) -> [UInt8]? {
    guard password.count <= 1023, let text = Precis.saslPrep(Text(utf8: password)), !text.isEmpty else { return nil }
    return Array(text.utf8)
  }
}

/// All that can be known of an account from the requests about it and from their answers: the states that it may be in.
///
/// Between request and answer both the old state and the new one are possible. From the answer on, the old one is not: acknowledged changes are
/// durable, and logins see them.
struct LoginAccount: Sendable {
  /// Without the pending requests.
  private var certain: OrderedSet<LoginAccountState> = [.absent]
  private var pending: OrderedDictionary<Int, LoginAccountChange> = [:]
  /// The states that were possible, with when they ceased to be.
  private var ceased: OrderedDictionary<LoginAccountState, Int64> = [:]
  /// By condition, when last a change that ends streams was asked for or acknowledged.
  private var ends: OrderedDictionary<Text, Int64> = [:]

  /// The possible states, each request that is pending done or not.
  private(set) var possible: OrderedSet<LoginAccountState> = [.absent]

  var isSettled: Bool { pending.isEmpty }
  /// How many times the salts may yet change by what is pending.
  var pendingSaltChanges: Int { pending.values.count(where: \.makesSalts) }

  private mutating func update(at time: Int64) {
    var closure = certain
    var place = 0
    while place < closure.count {
      for change in pending.values { if let next = change.state(after: closure[place]) { closure.append(next) } }
      place += 1
    }
    for state in possible where !closure.contains(state) { ceased[state] = time }
    possible = closure
  }

  mutating func request(_ change: LoginAccountChange, _ number: Int, at time: Int64) {
    pending[number] = change
    if let condition = change.ends { ends[condition] = time }
    update(at: time)
  }

  mutating func answered(_ number: Int, isDone: Bool, at time: Int64) {
    guard let change = pending.removeValue(forKey: number) else { return }
    if isDone {
      if let condition = change.ends { ends[condition] = time }
      let changed = OrderedSet(possible.compactMap { change.state(after: $0) })
      if !changed.isEmpty { certain = changed }
    }
    update(at: time)
  }

  /// Nothing is under way any more: what was pending is done, or it will never be.
  mutating func settle(at time: Int64) {
    certain = possible
    pending = [:]
    update(at: time)
  }

  /// A login has shown the state.
  mutating func learn(_ isThis: (LoginAccountState) -> Bool, at time: Int64) {
    guard pending.isEmpty else { return }
    certain.removeAll { !isThis($0) }
    update(at: time)
  }

  /// The states that were possible at some moment since then.
  func possible(since time: Int64) -> OrderedSet<LoginAccountState> {
    var states = possible
    for (state, end) in ceased where end >= time { states.append(state) }
    return states
  }

  /// Whether the account's streams that were there at that time may have ended since with this condition.
  func mayEndStreams(_ condition: Text, since time: Int64) -> Bool {
    (ends[condition] ?? -1) >= time || pending.values.contains { $0.ends == condition }
  }
}

/// A feature's part in logins: what it offers to strangers, and the requests by which accounts change.
struct LoginDeclaration: Sendable {
  /// The namespace of the offer among the stream features.
  let namespace: Text
  let isOffered: @Sendable (_ configuration: Configuration) -> Bool
  /// Whether an IQ stanza on a stream without a login is a request to it; anything else ends the stream.
  let isRequest: @Sendable (_ iq: Element, _ domain: Text) -> Bool
  /// The account that a stranger's request creates, if it is answered with a result, and its password.
  let creation: @Sendable (_ iq: Element, _ domain: Text) -> (account: JID, password: [UInt8])?
  /// The change that a request of a session makes to its account.
  let change: @Sendable (_ iq: Element, _ account: JID) -> LoginAccountChange?
}
