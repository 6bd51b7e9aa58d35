/// The state of the subscriptions between a user and a contact, as the user's server has it (RFC 6121, appendix A.1).
enum SubscriptionState: String, Sendable, CaseIterable {
  case none = "None"
  case nonePendingOut = "None + Pending Out"
  case nonePendingIn = "None + Pending In"
  case nonePendingOutIn = "None + Pending Out+In"
  case to = "To"
  case toPendingIn = "To + Pending In"
  case from = "From"
  case fromPendingOut = "From + Pending Out"
  case both = "Both"
}

/// The stanzas that change it.
enum SubscriptionStanza: String, Sendable, CaseIterable { case subscribe, unsubscribe, subscribed, unsubscribed }

/// The tables of RFC 6121, appendix A.2 and A.3, row by row.
///
/// "No state change" is written as the state itself. The footnotes on the approval of requests that have not come yet (section 3.4)
/// are left out: the server does not offer it, and so has no such state.
enum SubscriptionModel {
  /// The entry of the column "ROUTE?" or "DELIVER?". A stanza that SHOULD NOT pass does not pass here.
  enum Passing: Sendable { case must, mustNot, shouldNot }

  struct Row: Sendable {
    var existing: SubscriptionState
    var passes: Passing
    var new: SubscriptionState
    /// The server's answer in the user's name.
    var answer: SubscriptionStanza?

    init(_ existing: SubscriptionState, _ passes: Passing, _ new: SubscriptionState, answer: SubscriptionStanza? = nil) {
      self.existing = existing
      self.passes = passes
      self.new = new
      self.answer = answer
    }
  }

  /// The user sends it to the contact (A.2).
  static func outbound(_ stanza: SubscriptionStanza, in state: SubscriptionState) -> Row { row(outbound(stanza), state) }

  /// It comes from the contact (A.3).
  static func inbound(_ stanza: SubscriptionStanza, in state: SubscriptionState) -> Row { row(inbound(stanza), state) }

  /// Each table has every state once: a test sees to it.
  private static func row(_ table: [Row], _ state: SubscriptionState) -> Row {
    table.first { $0.existing == state } ?? Row(state, .mustNot, state)
  }

  static func outbound(_ stanza: SubscriptionStanza) -> [Row] {
    switch stanza {
    case .subscribe: outboundSubscribe
    case .unsubscribe: outboundUnsubscribe
    case .subscribed: outboundSubscribed
    case .unsubscribed: outboundUnsubscribed
    }
  }

  static func inbound(_ stanza: SubscriptionStanza) -> [Row] {
    switch stanza {
    case .subscribe: inboundSubscribe
    case .unsubscribe: inboundUnsubscribe
    case .subscribed: inboundSubscribed
    case .unsubscribed: inboundUnsubscribed
    }
  }
}

// MARK: - A.2, outbound

extension SubscriptionModel {
  /// A.2.1. The server has to route each: the contact's side may have forgotten.
  private static let outboundSubscribe = [
    Row(.none, .must, .nonePendingOut),
    Row(.nonePendingOut, .must, .nonePendingOut),
    Row(.nonePendingIn, .must, .nonePendingOutIn),
    Row(.nonePendingOutIn, .must, .nonePendingOutIn),
    Row(.to, .must, .to),
    Row(.toPendingIn, .must, .toPendingIn),
    Row(.from, .must, .fromPendingOut),
    Row(.fromPendingOut, .must, .fromPendingOut),
    Row(.both, .must, .both),
  ]

  /// A.2.2.
  private static let outboundUnsubscribe = [
    Row(.none, .must, .none),
    Row(.nonePendingOut, .must, .none),
    Row(.nonePendingIn, .must, .nonePendingIn),
    Row(.nonePendingOutIn, .must, .nonePendingIn),
    Row(.to, .must, .none),
    Row(.toPendingIn, .must, .nonePendingIn),
    Row(.from, .must, .from),
    Row(.fromPendingOut, .must, .from),
    Row(.both, .must, .from),
  ]

  /// A.2.3.
  private static let outboundSubscribed = [
    Row(.none, .mustNot, .none),
    Row(.nonePendingOut, .mustNot, .nonePendingOut),
    Row(.nonePendingIn, .must, .from),
    Row(.nonePendingOutIn, .must, .fromPendingOut),
    Row(.to, .mustNot, .to),
    Row(.toPendingIn, .must, .both),
    Row(.from, .mustNot, .from),
    Row(.fromPendingOut, .mustNot, .fromPendingOut),
    Row(.both, .mustNot, .both),
  ]

  /// A.2.4.
  private static let outboundUnsubscribed = [
    Row(.none, .shouldNot, .none),
    Row(.nonePendingOut, .shouldNot, .nonePendingOut),
    Row(.nonePendingIn, .must, .none),
    Row(.nonePendingOutIn, .must, .nonePendingOut),
    Row(.to, .shouldNot, .to),
    Row(.toPendingIn, .must, .to),
    Row(.from, .must, .none),
    Row(.fromPendingOut, .must, .nonePendingOut),
    Row(.both, .must, .to),
  ]
}

// MARK: - A.3, inbound

extension SubscriptionModel {
  /// A.3.1. The user who has said yes is not asked again (3.1.3).
  private static let inboundSubscribe = [
    Row(.none, .must, .nonePendingIn),
    Row(.nonePendingOut, .must, .nonePendingOutIn),
    Row(.nonePendingIn, .shouldNot, .nonePendingIn),
    Row(.nonePendingOutIn, .shouldNot, .nonePendingOutIn),
    Row(.to, .must, .toPendingIn),
    Row(.toPendingIn, .shouldNot, .toPendingIn),
    Row(.from, .shouldNot, .from, answer: .subscribed),
    Row(.fromPendingOut, .shouldNot, .fromPendingOut, answer: .subscribed),
    Row(.both, .shouldNot, .both, answer: .subscribed),
  ]

  /// A.3.2. A user who unsubscribes SHOULD have it confirmed.
  private static let unsubscribed: SubscriptionStanza? = KnownDeviations.unsubscribeIsNotConfirmed ? nil : .unsubscribed
  private static let inboundUnsubscribe = [
    Row(.none, .shouldNot, .none),
    Row(.nonePendingOut, .shouldNot, .nonePendingOut),
    Row(.nonePendingIn, .must, .none, answer: unsubscribed),
    Row(.nonePendingOutIn, .must, .nonePendingOut, answer: unsubscribed),
    Row(.to, .shouldNot, .to),
    Row(.toPendingIn, .must, .to, answer: unsubscribed),
    Row(.from, .must, .none, answer: unsubscribed),
    Row(.fromPendingOut, .must, .nonePendingOut, answer: unsubscribed),
    Row(.both, .must, .to, answer: unsubscribed),
  ]

  /// A.3.3.
  private static let inboundSubscribed = [
    Row(.none, .shouldNot, .none),
    Row(.nonePendingOut, .must, .to),
    Row(.nonePendingIn, .shouldNot, .nonePendingIn),
    Row(.nonePendingOutIn, .must, .toPendingIn),
    Row(.to, .shouldNot, .to),
    Row(.toPendingIn, .shouldNot, .toPendingIn),
    Row(.from, .shouldNot, .from),
    Row(.fromPendingOut, .must, .both),
    Row(.both, .shouldNot, .both),
  ]

  /// A.3.4.
  private static let inboundUnsubscribed = [
    Row(.none, .shouldNot, .none),
    Row(.nonePendingOut, .must, .none),
    Row(.nonePendingIn, .shouldNot, .nonePendingIn),
    Row(.nonePendingOutIn, .must, .nonePendingIn),
    Row(.to, .must, .none),
    Row(.toPendingIn, .must, .nonePendingIn),
    Row(.from, .shouldNot, .from),
    Row(.fromPendingOut, .must, .from),
    Row(.both, .must, .from),
  ]
}

// MARK: - What a state means

extension SubscriptionState {
  /// The contact is told of the user's presence.
  var contactHears: Bool { self == .from || self == .fromPendingOut || self == .both }
  /// The user is told of the contact's presence.
  var userHears: Bool { self == .to || self == .toPendingIn || self == .both }
  /// The user has asked and has no answer.
  var isPendingOut: Bool { self == .nonePendingOut || self == .nonePendingOutIn || self == .fromPendingOut }
  /// The contact has asked and has no answer.
  var isPendingIn: Bool { self == .nonePendingIn || self == .nonePendingOutIn || self == .toPendingIn }

  /// The state with these marks; `nil` for a combination that appendix A.1 does not have.
  init?(userHears: Bool, contactHears: Bool, isPendingOut: Bool, isPendingIn: Bool) {
    let found = Self.allCases.first {
      $0.userHears == userHears && $0.contactHears == contactHears && $0.isPendingOut == isPendingOut && $0.isPendingIn == isPendingIn
    }
    guard let found else { return nil }
    self = found
  }
}
