// Rosters and subscriptions.

extension Mark {
  var rosterClause: String? {
    switch self {
    case .rosterHidesRequest, .rosterChangeUnseen, .subscriptionForgotten: "RFC 6121, A.1"
    case .rosterForeignGet, .rosterForeignSet, .rosterOwnAddress, .rosterItemsWrong, .rosterGroupEmpty, .rosterGroupTwice,
      .rosterTextTooLong:
      "RFC 6121, 2.3.3"
    case .rosterGroupsFull: "RFC 6121, 2.3.3; limit groupsPerItem"
    case .rosterFull: "RFC 6121, 2.3.3; limit rosterItems"
    case .rosterRequestAdopted: "RFC 6121, 2.3.2"
    case .rosterUpdated: "RFC 6121, 2.4.2"
    case .rosterUnchanged: "RFC 6121, 2.1.6"
    case .rosterRemovalUnsubscribes, .rosterRemovalRevokes: "RFC 6121, 2.5.2"
    case .rosterRemovalMissing: "RFC 6121, 2.5.3"
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
      .sentUnsubscribedTo, .sentUnsubscribedToPendingIn, .sentUnsubscribedFrom, .sentUnsubscribedFromPendingOut,
      .sentUnsubscribedBoth:
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
    case .subscriptionSentToSelf: "RFC 6121, 3.1.2"
    case .subscriptionSentFull: "limit rosterItems"
    case .subscriptionSentTooBig: "RFC 6121, 3.1.3; limit requestBytes"
    case .subscriptionGotFull: "limit pendingRequests"
    case .requestSentAgain: "RFC 6121, 3.1.2"
    case .requestToNobody, .requestOffered, .requestOfBlockedKept: "RFC 6121, 3.1.3"
    default: nil
    }
  }
}
