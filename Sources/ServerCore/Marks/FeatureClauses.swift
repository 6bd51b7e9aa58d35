// Blocking, stored messages, and small features.

extension Mark {
  var featureClause: String? {
    switch self {
    case .blockingTypeWrong, .blockEmpty, .blockMalformed, .blockKnown, .blockSendsUnavailable, .blockPushed, .blockedMessageBounced,
      .blockedMessageDropped, .blockedMessageOfRoom, .blockedIQ, .blockedPresence, .blockedOutbound, .blockedStored:
      "XEP-0191, 3.3"
    case .blockFull: "limit blockedAddresses"
    case .unblockUnknown, .unblockSendsPresence, .unblockSendsPresenceToResource: "XEP-0191, 3.4"
    case .unblockAll: "XEP-0191, 3.5"
    case .blockedByAccount, .blockedByResource, .blockedByDomain, .blockedByDomainResource: "XEP-0191, 6"
    case .offlineStored, .offlineOff, .offlineNothingThere, .offlineTakerGone, .offlineNobodyLeft, .offlineMoreStored: "XEP-0160, 2"
    case .offlineNotWorthKeeping, .offlineSignalDropped: "XEP-0160, 3"
    case .offlineFull, .offlineLineFull: "limit offlineMessages"
    case .offlineBytesFull, .offlineLineBytesFull: "limit offlineBytes"
    case .offlineLinedUp, .offlineLineReleased: "RFC 6120, 10.1"
    case .discoHostInfo, .discoAccountInfo: "XEP-0030, 3.1"
    case .discoHostItems, .discoAccountItems: "XEP-0030, 4.1"
    case .discoNodeUnknown: "XEP-0030, 7"
    case .discoOfStranger, .discoItemsHidden: "XEP-0030, 8"
    case .versionAsked: "XEP-0092, 2"
    case .timeAsked: "XEP-0202, 2"
    case .pingHost, .pingAccount: "XEP-0199, 4.2"
    default: nil
    }
  }
}
