internal import XMPP

// The state tables of RFC 6121, appendix A, as marks: a row for each kind of stanza, a column for each of the nine states in which it
// may find the subscription.

extension RosterItem {
  /// Which of the states it is (appendix A.1), in the order of the tables.
  var state: Int {
    switch (subscription, isPendingOut, request != nil) {
    case (.none, false, false): 0
    case (.none, true, false): 1
    case (.none, false, true): 2
    case (.none, true, true): 3
    case (.to, _, false): 4
    case (.to, _, true): 5
    case (.from, false, _): 6
    case (.from, true, _): 7
    case (.both, _, _): 8
    }
  }
}

extension SubscriptionType {
  /// The user sends it (appendix A.2).
  func markSent(in state: Int) -> SubscriptionMark {
    switch self {
    case .subscribe: Self.sentSubscribe[state]
    case .unsubscribe: Self.sentUnsubscribe[state]
    case .subscribed: Self.sentSubscribed[state]
    case .unsubscribed: Self.sentUnsubscribed[state]
    }
  }

  /// It comes from the contact (appendix A.3).
  func markGot(in state: Int) -> SubscriptionMark {
    switch self {
    case .subscribe: Self.gotSubscribe[state]
    case .unsubscribe: Self.gotUnsubscribe[state]
    case .subscribed: Self.gotSubscribed[state]
    case .unsubscribed: Self.gotUnsubscribed[state]
    }
  }

  private static let sentSubscribe: [SubscriptionMark] = [
    .sentSubscribeNone, .sentSubscribePendingOut, .sentSubscribePendingIn, .sentSubscribePendingOutIn,
    .sentSubscribeTo, .sentSubscribeToPendingIn, .sentSubscribeFrom, .sentSubscribeFromPendingOut, .sentSubscribeBoth,
  ]

  private static let sentUnsubscribe: [SubscriptionMark] = [
    .sentUnsubscribeNone, .sentUnsubscribePendingOut, .sentUnsubscribePendingIn, .sentUnsubscribePendingOutIn,
    .sentUnsubscribeTo, .sentUnsubscribeToPendingIn, .sentUnsubscribeFrom, .sentUnsubscribeFromPendingOut, .sentUnsubscribeBoth,
  ]

  private static let sentSubscribed: [SubscriptionMark] = [
    .sentSubscribedNone, .sentSubscribedPendingOut, .sentSubscribedPendingIn, .sentSubscribedPendingOutIn,
    .sentSubscribedTo, .sentSubscribedToPendingIn, .sentSubscribedFrom, .sentSubscribedFromPendingOut, .sentSubscribedBoth,
  ]

  private static let sentUnsubscribed: [SubscriptionMark] = [
    .sentUnsubscribedNone, .sentUnsubscribedPendingOut, .sentUnsubscribedPendingIn, .sentUnsubscribedPendingOutIn,
    .sentUnsubscribedTo, .sentUnsubscribedToPendingIn, .sentUnsubscribedFrom, .sentUnsubscribedFromPendingOut, .sentUnsubscribedBoth,
  ]

  private static let gotSubscribe: [SubscriptionMark] = [
    .gotSubscribeNone, .gotSubscribePendingOut, .gotSubscribePendingIn, .gotSubscribePendingOutIn,
    .gotSubscribeTo, .gotSubscribeToPendingIn, .gotSubscribeFrom, .gotSubscribeFromPendingOut, .gotSubscribeBoth,
  ]

  private static let gotUnsubscribe: [SubscriptionMark] = [
    .gotUnsubscribeNone, .gotUnsubscribePendingOut, .gotUnsubscribePendingIn, .gotUnsubscribePendingOutIn,
    .gotUnsubscribeTo, .gotUnsubscribeToPendingIn, .gotUnsubscribeFrom, .gotUnsubscribeFromPendingOut, .gotUnsubscribeBoth,
  ]

  private static let gotSubscribed: [SubscriptionMark] = [
    .gotSubscribedNone, .gotSubscribedPendingOut, .gotSubscribedPendingIn, .gotSubscribedPendingOutIn,
    .gotSubscribedTo, .gotSubscribedToPendingIn, .gotSubscribedFrom, .gotSubscribedFromPendingOut, .gotSubscribedBoth,
  ]

  private static let gotUnsubscribed: [SubscriptionMark] = [
    .gotUnsubscribedNone, .gotUnsubscribedPendingOut, .gotUnsubscribedPendingIn, .gotUnsubscribedPendingOutIn,
    .gotUnsubscribedTo, .gotUnsubscribedToPendingIn, .gotUnsubscribedFrom, .gotUnsubscribedFromPendingOut, .gotUnsubscribedBoth,
  ]
}

extension Area {
  static let subscriptions = Area(name: "subscriptions", marks: [SubscriptionMark.self], limits: [.pendingRequests, .requestBytes])
}

extension Limit {
  /// Requests to subscribe that wait for an answer, from those who are not among the contacts.
  public static let pendingRequests = count(
    "pending_requests", 1_000, effect: "a stranger's further request is dropped; whoever is in the roster still gets through",
    trial: .low(61, 2, 1))
  /// Bytes of one such request, which is kept as it came, in bytes as stored.
  public static let requestBytes = number(
    "request_bytes", .bytes, 8 << 10, 256...(1 << 24),
    effect: "the request to subscribe is answered with policy-violation; nobody is asked",
    trial: .low(90, 200, 70))
}

/// Marks: subscriptions; the fields of the state tables are named after their states.
public enum SubscriptionMark: UInt16, CoverageMark {
  case sentSubscribeNone, sentSubscribePendingOut, sentSubscribePendingIn, sentSubscribePendingOutIn, sentSubscribeTo,
    sentSubscribeToPendingIn, sentSubscribeFrom, sentSubscribeFromPendingOut, sentSubscribeBoth
  case sentUnsubscribeNone, sentUnsubscribePendingOut, sentUnsubscribePendingIn, sentUnsubscribePendingOutIn, sentUnsubscribeTo,
    sentUnsubscribeToPendingIn, sentUnsubscribeFrom, sentUnsubscribeFromPendingOut, sentUnsubscribeBoth
  case sentSubscribedNone, sentSubscribedPendingOut, sentSubscribedPendingIn, sentSubscribedPendingOutIn, sentSubscribedTo,
    sentSubscribedToPendingIn, sentSubscribedFrom, sentSubscribedFromPendingOut, sentSubscribedBoth
  case sentUnsubscribedNone, sentUnsubscribedPendingOut, sentUnsubscribedPendingIn, sentUnsubscribedPendingOutIn, sentUnsubscribedTo,
    sentUnsubscribedToPendingIn, sentUnsubscribedFrom, sentUnsubscribedFromPendingOut, sentUnsubscribedBoth
  case gotSubscribeNone, gotSubscribePendingOut, gotSubscribePendingIn, gotSubscribePendingOutIn, gotSubscribeTo, gotSubscribeToPendingIn,
    gotSubscribeFrom, gotSubscribeFromPendingOut, gotSubscribeBoth
  case gotUnsubscribeNone, gotUnsubscribePendingOut, gotUnsubscribePendingIn, gotUnsubscribePendingOutIn, gotUnsubscribeTo,
    gotUnsubscribeToPendingIn, gotUnsubscribeFrom, gotUnsubscribeFromPendingOut, gotUnsubscribeBoth
  case gotSubscribedNone, gotSubscribedPendingOut, gotSubscribedPendingIn, gotSubscribedPendingOutIn, gotSubscribedTo,
    gotSubscribedToPendingIn, gotSubscribedFrom, gotSubscribedFromPendingOut, gotSubscribedBoth
  case gotUnsubscribedNone, gotUnsubscribedPendingOut, gotUnsubscribedPendingIn, gotUnsubscribedPendingOutIn, gotUnsubscribedTo,
    gotUnsubscribedToPendingIn, gotUnsubscribedFrom, gotUnsubscribedFromPendingOut, gotUnsubscribedBoth
  case subscriptionSentToSelf
  case subscriptionSentFull, subscriptionSentTooBig
  case subscriptionGotFull
  case subscriptionForgotten
  case requestToNobody, requestOffered, requestOfBlockedKept, requestSentAgain

  public static let offset = Mark.offset(of: SubscriptionMark.self)

  public var clause: String {
    switch self {
    case .sentSubscribeNone, .sentSubscribePendingOut, .sentSubscribePendingIn, .sentSubscribePendingOutIn, .sentSubscribeTo,
      .sentSubscribeToPendingIn, .sentSubscribeFrom, .sentSubscribeFromPendingOut, .sentSubscribeBoth:
      "RFC 6121, A.2.1"
    case .sentUnsubscribeNone, .sentUnsubscribePendingOut, .sentUnsubscribePendingIn, .sentUnsubscribePendingOutIn, .sentUnsubscribeTo,
      .sentUnsubscribeToPendingIn, .sentUnsubscribeFrom, .sentUnsubscribeFromPendingOut, .sentUnsubscribeBoth:
      "RFC 6121, A.2.2"
    case .sentSubscribedNone, .sentSubscribedPendingOut, .sentSubscribedPendingIn, .sentSubscribedPendingOutIn, .sentSubscribedTo,
      .sentSubscribedToPendingIn, .sentSubscribedFrom, .sentSubscribedFromPendingOut, .sentSubscribedBoth:
      "RFC 6121, A.2.3"
    case .sentUnsubscribedNone, .sentUnsubscribedPendingOut, .sentUnsubscribedPendingIn, .sentUnsubscribedPendingOutIn,
      .sentUnsubscribedTo, .sentUnsubscribedToPendingIn, .sentUnsubscribedFrom, .sentUnsubscribedFromPendingOut, .sentUnsubscribedBoth:
      "RFC 6121, A.2.4"
    case .gotSubscribeNone, .gotSubscribePendingOut, .gotSubscribePendingIn, .gotSubscribePendingOutIn, .gotSubscribeTo,
      .gotSubscribeToPendingIn, .gotSubscribeFrom, .gotSubscribeFromPendingOut, .gotSubscribeBoth:
      "RFC 6121, A.3.1"
    case .gotUnsubscribeNone, .gotUnsubscribePendingOut, .gotUnsubscribePendingIn, .gotUnsubscribePendingOutIn, .gotUnsubscribeTo,
      .gotUnsubscribeToPendingIn, .gotUnsubscribeFrom, .gotUnsubscribeFromPendingOut, .gotUnsubscribeBoth:
      "RFC 6121, A.3.2"
    case .gotSubscribedNone, .gotSubscribedPendingOut, .gotSubscribedPendingIn, .gotSubscribedPendingOutIn, .gotSubscribedTo,
      .gotSubscribedToPendingIn, .gotSubscribedFrom, .gotSubscribedFromPendingOut, .gotSubscribedBoth:
      "RFC 6121, A.3.3"
    case .gotUnsubscribedNone, .gotUnsubscribedPendingOut, .gotUnsubscribedPendingIn, .gotUnsubscribedPendingOutIn, .gotUnsubscribedTo,
      .gotUnsubscribedToPendingIn, .gotUnsubscribedFrom, .gotUnsubscribedFromPendingOut, .gotUnsubscribedBoth:
      "RFC 6121, A.3.4"
    case .subscriptionSentToSelf, .requestSentAgain: "RFC 6121, 3.1.2"
    case .subscriptionSentFull: "\(Limit.rosterItems)"
    case .subscriptionSentTooBig: "RFC 6121, 3.1.3; \(Limit.requestBytes)"
    case .subscriptionGotFull: "\(Limit.pendingRequests)"
    case .subscriptionForgotten: "RFC 6121, A.1"
    case .requestToNobody, .requestOffered, .requestOfBlockedKept: "RFC 6121, 3.1.3"
    }
  }
}
