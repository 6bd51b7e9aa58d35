// Storage, activation and accounts.

extension Mark {
  var serverClause: String? {
    switch self {
    case .outputHeld, .outputHeldBehind, .outputReleasedTogether, .outputFailed, .outputFailedTogether, .outputLostSession,
      .outputLostStream, .outputLostEnd, .outputLostControl, .outputLostAccount:
      "output commit"
    case .outputThrottled, .outputUnthrottled: "output commit; limit heldSteps"
    case .outputShareThrottled: "output commit; limit accountRecordBytes"
    case .outputBytesThrottled: "output commit; limit allRecordBytes"
    case .loadNoAccount, .loadAccountFailed, .loadRoom, .loadRoomFailed, .loadListFailed, .loadOfflineFailed, .loadOfflineTooLate,
      .parkedBehindAccount, .parkedBehindRoom, .abandonedStanza, .abandonedBinding, .abandonedRegistration, .abandonedManagement,
      .abandonedLine, .loadRoomOutdated, .inquiryAnswerIgnored, .idleAccountAwaitsOffline:
      "activation"
    case .parkedAccountFull, .parkedRoomFull, .parkedAskersFull: "limit parkedStanzas"
    case .idleAccountReleased, .idleAccountPostponed, .idleRoomReleased, .idleRoomPostponed: "limit idleTime"
    case .controlBadPassword, .controlListed, .accountTaken, .accountTakenMeanwhile, .accountMissing, .accountPasswordChanged,
      .accountDisabled, .accountEnabled, .accountDeleted:
      "account control"
    case .accountDerivationsFull: "limit derivations"
    case .inquiriesFull: "limit inquiries"
    case .inquiryExpired: "limit inquiryTime"
    case .registrationMalformed: "XEP-0077, 3.1"
    case .registrationIncomplete, .registrationNameUnusable, .registrationSucceeded, .registrationStreamGone: "XEP-0077, 3.1.1"
    case .registrationRemovalMalformed, .registrationRemoval, .registrationRemovalTooEarly, .registrationElsewhere: "XEP-0077, 3.2"
    case .registrationRemovalEndsRank: "XEP-0045, 5.2.2"
    case .passwordIncomplete, .passwordOfAnother, .passwordRequesterGone: "XEP-0077, 3.3"
    default: nil
    }
  }
}
