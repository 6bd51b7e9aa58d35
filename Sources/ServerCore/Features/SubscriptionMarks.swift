internal import XMPP

// The state tables of RFC 6121, appendix A, as marks: a row for each kind of stanza, a column for each of the nine states in which it
// may find the subscription.

extension RosterItem {
  /// Which of the states it is (appendix A.1), in the order of the tables.
  var state: Int {
    switch (subscription, isAsking, request != nil) {
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
  func markSent(in state: Int) -> Mark {
    switch self {
    case .subscribe: Self.sentSubscribe[state]
    case .unsubscribe: Self.sentUnsubscribe[state]
    case .subscribed: Self.sentSubscribed[state]
    case .unsubscribed: Self.sentUnsubscribed[state]
    }
  }

  /// It comes from the contact (appendix A.3).
  func markGot(in state: Int) -> Mark {
    switch self {
    case .subscribe: Self.gotSubscribe[state]
    case .unsubscribe: Self.gotUnsubscribe[state]
    case .subscribed: Self.gotSubscribed[state]
    case .unsubscribed: Self.gotUnsubscribed[state]
    }
  }

  private static let sentSubscribe: [Mark] = [
    .sentSubscribeNone, .sentSubscribePendingOut, .sentSubscribePendingIn, .sentSubscribePendingOutIn,
    .sentSubscribeTo, .sentSubscribeToPendingIn, .sentSubscribeFrom, .sentSubscribeFromPendingOut, .sentSubscribeBoth,
  ]

  private static let sentUnsubscribe: [Mark] = [
    .sentUnsubscribeNone, .sentUnsubscribePendingOut, .sentUnsubscribePendingIn, .sentUnsubscribePendingOutIn,
    .sentUnsubscribeTo, .sentUnsubscribeToPendingIn, .sentUnsubscribeFrom, .sentUnsubscribeFromPendingOut, .sentUnsubscribeBoth,
  ]

  private static let sentSubscribed: [Mark] = [
    .sentSubscribedNone, .sentSubscribedPendingOut, .sentSubscribedPendingIn, .sentSubscribedPendingOutIn,
    .sentSubscribedTo, .sentSubscribedToPendingIn, .sentSubscribedFrom, .sentSubscribedFromPendingOut, .sentSubscribedBoth,
  ]

  private static let sentUnsubscribed: [Mark] = [
    .sentUnsubscribedNone, .sentUnsubscribedPendingOut, .sentUnsubscribedPendingIn, .sentUnsubscribedPendingOutIn,
    .sentUnsubscribedTo, .sentUnsubscribedToPendingIn, .sentUnsubscribedFrom, .sentUnsubscribedFromPendingOut, .sentUnsubscribedBoth,
  ]

  private static let gotSubscribe: [Mark] = [
    .gotSubscribeNone, .gotSubscribePendingOut, .gotSubscribePendingIn, .gotSubscribePendingOutIn,
    .gotSubscribeTo, .gotSubscribeToPendingIn, .gotSubscribeFrom, .gotSubscribeFromPendingOut, .gotSubscribeBoth,
  ]

  private static let gotUnsubscribe: [Mark] = [
    .gotUnsubscribeNone, .gotUnsubscribePendingOut, .gotUnsubscribePendingIn, .gotUnsubscribePendingOutIn,
    .gotUnsubscribeTo, .gotUnsubscribeToPendingIn, .gotUnsubscribeFrom, .gotUnsubscribeFromPendingOut, .gotUnsubscribeBoth,
  ]

  private static let gotSubscribed: [Mark] = [
    .gotSubscribedNone, .gotSubscribedPendingOut, .gotSubscribedPendingIn, .gotSubscribedPendingOutIn,
    .gotSubscribedTo, .gotSubscribedToPendingIn, .gotSubscribedFrom, .gotSubscribedFromPendingOut, .gotSubscribedBoth,
  ]

  private static let gotUnsubscribed: [Mark] = [
    .gotUnsubscribedNone, .gotUnsubscribedPendingOut, .gotUnsubscribedPendingIn, .gotUnsubscribedPendingOutIn,
    .gotUnsubscribedTo, .gotUnsubscribedToPendingIn, .gotUnsubscribedFrom, .gotUnsubscribedFromPendingOut, .gotUnsubscribedBoth,
  ]
}
