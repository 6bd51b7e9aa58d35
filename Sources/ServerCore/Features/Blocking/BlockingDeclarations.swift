public import XML
public import XMPP

extension NS {
  /// Blocking command (XEP-0191).
  public static let blocking: Text = "urn:xmpp:blocking"
  /// The condition that tells a user of their own block (XEP-0191, 3.3).
  public static let blockingErrors: Text = "urn:xmpp:blocking:errors"
}

extension Limit {
  public static let blockedAddresses = count(
    "blocked_addresses", 10_000, effect: "the block is answered with resource-constraint; nothing is changed", trial: .low(54, 2, 1))
}

extension Setting {
  public static let blockedMessages = choice("blocked_messages", standard: Configuration.BlockedMessages.bounce)
}

extension Configuration {
  /// The answer that a sender gets when a message is blocked (XEP-0191, 3.3 leaves it open).
  public enum BlockedMessages: String, Sendable, CaseIterable { case bounce, drop }

  public var blockedMessages: BlockedMessages {
    get { choice(.blockedMessages) ?? .bounce }
    set { self[text: .blockedMessages] = Text(newValue.rawValue) }
  }
}

/// Marks: the blocking command.
public enum BlockingMark: UInt16, CoverageMark {
  case blockingTypeWrong, blockEmpty, blockMalformed, blockKnown, blockSendsUnavailable, blockPushed
  case blockFull
  case unblockUnknown, unblockSendsPresence, unblockSendsPresenceToResource
  case unblockAll
  case blockedByAccount, blockedByResource, blockedByDomain, blockedByDomainResource
  case blockedMessageBounced, blockedMessageDropped, blockedMessageOfRoom, blockedIQ, blockedPresence, blockedOutbound

  public static let offset = Mark.offset(of: BlockingMark.self)

  public var clause: String {
    switch self {
    case .blockingTypeWrong, .blockEmpty, .blockMalformed, .blockKnown, .blockSendsUnavailable, .blockPushed, .blockedMessageBounced,
      .blockedMessageDropped, .blockedMessageOfRoom, .blockedIQ, .blockedPresence, .blockedOutbound:
      "XEP-0191, 3.3"
    case .blockFull: "\(Limit.blockedAddresses)"
    case .unblockUnknown, .unblockSendsPresence, .unblockSendsPresenceToResource: "XEP-0191, 3.4"
    case .unblockAll: "XEP-0191, 3.5"
    case .blockedByAccount, .blockedByResource, .blockedByDomain, .blockedByDomainResource: "XEP-0191, 6"
    }
  }
}
