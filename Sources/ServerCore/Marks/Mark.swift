/// The places in the server that a campaign should have reached: each a branch that tests could well miss, with the clause that it
/// is there for.
///
/// A branch says so itself, with `step.reach(.roomRoleKick)`; `Marks` counts. Where a rule is a table, there is a mark for each of its
/// fields.
public enum Mark: UInt16, CaseIterable, Sendable {
  // Links
  case linkOutboxOverrun
  case linkAllOutboxesOverrun
  case linkReadPaused, linkReadResumed
  case linkHeldBack
  case linkResumedWithInput

  // Streams
  case streamHeaderUnexpected, streamNameWrong, streamBadFormat
  case streamNamespaceWrong
  case streamContentNamespaceWrong
  case streamHostUnknown
  case streamHostChanged
  case streamVersionUnsupported
  case streamLanguageInvalid
  case streamErrorBeforeHeader
  case streamStanzaTooEarly
  case streamElementTooEarly
  case streamEndedByPeer, streamErrorOfPeer
  case streamBadNamespacePrefix, streamUndeclaredPrefix
  case streamNotWellFormed
  case streamRestrictedXML
  case streamUnsupportedEncoding
  case streamTooBigUnauthenticated
  case streamTooBigAuthenticated
  case streamLostInNegotiation, streamLostBound
  case streamNegotiationIdle
  case streamNegotiationTooLong
  case streamCloseWaitOver
  case streamCutUnbound
  case streamShutdown, streamRefusedInShutdown
  case streamAddressFull

  // TLS
  case tlsRefused
  case tlsEstablishedTooLate
  case tlsEstablished, tlsInputDiscarded

  // SASL
  case saslInitialResponseMissing, saslInitialResponseEmpty
  case saslAborted
  case saslAccountDisabled
  case saslEncryptionRequired
  case saslInitialEncodingIncorrect, saslProofEncodingIncorrect
  case saslPlainAuthzidForeign, saslScramAuthzidForeign
  case saslAuthzidOwn
  case saslMechanismInvalid
  case saslUnexpected
  case saslPlainMalformed
  case saslScramMalformed
  case saslScramBindingUnsupported
  case saslScramFinalMalformed, saslScramBindingChanged, saslScramNonceChanged
  case saslScramProofWrong
  case saslPlainPasswordWrong, saslNameUnusable, saslAccountUnknown
  case saslStorageUnavailable
  case saslDerivationsFull
  case saslStreamGone
  case saslRetriesFull
  case saslSucceededAfterFailure, saslSucceededPlain, saslSucceededScramSHA1, saslSucceededScramSHA256

  // Binding
  case bindStanzaTooEarly, bindRequestTooEarly
  case bindResourceInvalid
  case bindResourceOfServer
  case bindResourcePrepared
  case bindConflictReplaced, bindConflictRefused, bindConflictRenamed
  case bindSessionsFull
  case bindStreamGone

  // Output commit
  case outputHeld, outputHeldBehind, outputReleasedTogether
  case outputFailed, outputFailedTogether
  case outputLostSession, outputLostStream, outputLostEnd, outputLostControl, outputLostAccount
  case outputThrottled, outputUnthrottled, outputShareThrottled, outputBytesThrottled

  // Activation
  case loadNoAccount, loadAccountFailed, loadRoom, loadRoomFailed, loadRoomOutdated
  case loadListFailed, loadOfflineFailed, loadOfflineTooLate
  case inquiriesFull, inquiryAnswerIgnored, inquiryExpired
  case parkedBehindAccount, parkedBehindRoom
  case parkedAccountFull, parkedRoomFull, parkedAskersFull
  case abandonedStanza, abandonedBinding, abandonedRegistration, abandonedManagement, abandonedLine
  case idleAccountReleased, idleAccountPostponed, idleRoomReleased, idleRoomPostponed
  case idleAccountAwaitsOffline

  // Account control
  case controlBadPassword, controlListed
  case accountTaken, accountTakenMeanwhile, accountMissing
  case accountPasswordChanged, accountDisabled, accountEnabled, accountDeleted
  case accountDerivationsFull

  // Registration
  case registrationMalformed, registrationRemovalTooEarly, registrationElsewhere
  case registrationIncomplete, registrationNameUnusable, registrationSucceeded, registrationStreamGone
  case registrationRemovalMalformed, registrationRemoval
  case registrationRemovalEndsRank
  case passwordIncomplete, passwordOfAnother, passwordRequesterGone

  // Stanzas as sessions send them
  case stanzaUnknown
  case stanzaFromOwn
  case stanzaFromForeign
  case stanzaToMalformed
  case stanzaLanguageAdded, stanzaLanguageInvalid
  case stanzaErrorUnanswered
  case messageWithoutTo
  case iqIDMissing
  case iqTypeUnknown, iqChildrenWrong
  case iqResultMalformed, iqErrorMalformed

  // Routing
  case routeRemote
  case hostMessage, hostStanzaIgnored
  case hostResource
  case hostRequestUnknown
  case nobodyIQ
  case nobodyProbed, nobodyAskedToSubscribe
  case iqToAccountUnknown, iqToAccountOfStranger, iqToAccountAnswer
  case iqToResource
  case iqToResourceMissing

  // The table of message delivery
  case messageTypeUnknown
  case tableNoAccountBareError, tableNoAccountBareIgnore, tableNoAccountFullError, tableNoAccountFullIgnore
  case tableNoResourceBareStore, tableNoResourceBareError, tableNoResourceBareIgnore
  case tableNegativeBareStore, tableNegativeBareError, tableNegativeBareIgnore
  case tableAvailableBareMost, tableAvailableBareSeveral, tableAvailableBareAll, tableAvailableBareError, tableAvailableBareIgnore
  case tableMatchAvailable, tableMatchNegative, tableMatchUnavailable
  case tableNoResourceFullStore, tableNoResourceFullError, tableNoResourceFullIgnore
  case tableNegativeFullStore, tableNegativeFullError, tableNegativeFullIgnore
  case tableAvailableFullMost, tableAvailableFullError, tableAvailableFullIgnore

  // Presence
  case presenceInitial, presenceOfOtherResources
  case presencePriorityWrong, presencePriorityNegative, presencePriorityRaised
  case presenceTypeWrong
  case presenceUnavailable, presenceUnavailableAgain, presenceUnavailableByServer
  case presenceToResourceMissing
  case presenceToNobody
  case probeAnswered, probeAnsweredUnavailable
  case probeRefused, probeOfResource, probeOfDirected
  case directedUnavailable, directedUnavailableToBare, directedEnded
  case directedToListener
  case directedProbe, directedProbeWhileAsking
  case directedError
  case directedFull

  // Roster
  case rosterHidesRequest, rosterChangeUnseen
  case rosterForeignGet, rosterForeignSet, rosterOwnAddress
  case rosterItemsWrong, rosterGroupEmpty, rosterGroupTwice, rosterTextTooLong
  case rosterGroupsFull
  case rosterFull
  case rosterRequestAdopted
  case rosterUpdated
  case rosterUnchanged
  case rosterRemovalUnsubscribes, rosterRemovalRevokes
  case rosterRemovalMissing

  // Subscriptions
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

  // Blocking
  case blockingTypeWrong, blockEmpty, blockMalformed, blockKnown, blockSendsUnavailable, blockPushed
  case blockFull
  case unblockUnknown, unblockSendsPresence, unblockSendsPresenceToResource
  case unblockAll
  case blockedByAccount, blockedByResource, blockedByDomain, blockedByDomainResource
  case blockedMessageBounced, blockedMessageDropped, blockedMessageOfRoom, blockedIQ, blockedPresence, blockedOutbound, blockedStored

  // Stored messages
  case offlineStored, offlineOff, offlineNothingThere
  case offlineTakerGone, offlineNobodyLeft, offlineMoreStored
  case offlineNotWorthKeeping, offlineSignalDropped
  case offlineFull, offlineLineFull
  case offlineBytesFull, offlineLineBytesFull
  case offlineLinedUp, offlineLineReleased

  // Small features
  case discoHostInfo, discoAccountInfo
  case discoHostItems, discoAccountItems
  case discoNodeUnknown
  case discoOfStranger, discoItemsHidden
  case versionAsked
  case timeAsked
  case pingHost, pingAccount

  // Rooms come and go
  case roomCreated
  case roomAbsentAsked
  case roomAbsentWithoutNick
  case roomLockExpired
  case roomLockedAsked
  case roomGoneWithLast
  case roomAbandoned
  case roomLoadedWithoutOwner
  case roomPassedToAdmins, roomPassedToMembers, roomWithoutHeir

  // The service
  case serviceListed, serviceListShared, serviceListHidesRoom
  case serviceInfo

  // Disco of rooms
  case roomInfo
  case roomItems, roomItemsHidden
  case roomReservedNickAsked
  case roomPing
  case roomRequestUnknown

  // Entering
  case roomJoinWithoutNick, roomJoinAgain
  case roomJoinAgainWithoutNick
  case roomJoinNickUnseen
  case roomJoinAgainRenamed, roomJoinAgainBesideOwn
  case roomJoinWithoutX
  case roomJoinLocked
  case roomJoinBanned
  case roomJoinNotMember
  case roomJoinPasswordWrong, roomJoinPasswordRight
  case roomJoinFull
  case roomJoinSpare
  case roomJoinNickTaken, roomJoinNickReserved, roomJoinAnotherClient
  case roomJoinVisitor
  case roomShowsAbsent, roomHidesPresence
  case roomShowsJIDs

  // Being there and leaving
  case roomPresenceUpdated
  case roomPresenceTooHeavy
  case roomNickChanged, roomNickConflict, roomNickChangedTogether
  case roomNickUnseen
  case roomLeftByOneClient, roomLeftByShownClient
  case roomLeftByError
  case roomLeftLocked

  // Status codes
  case roomStatus100
  case roomStatus110
  case roomStatus102, roomStatus103
  case roomStatus104, roomStatus172, roomStatus173
  case roomStatus201
  case roomStatus301
  case roomStatus303
  case roomStatus307
  case roomStatus321
  case roomStatus322
  case roomStatus332
  case roomStatus333

  // Messages in rooms
  case roomMessageByVisitor, roomMessageByStranger, roomMessageGetsID
  case roomMessageUnknown
  case roomSubjectChanged, roomSubjectByParticipant, roomSubjectRefused, roomSubjectTooLong
  case roomSubjectShown
  case roomHistoryCutByCount
  case roomHistoryCutByBytes
  case roomHistorySeconds, roomHistorySince, roomHistoryMaxStanzas, roomHistoryMaxChars
  case roomPrivateGroupchat, roomPrivateToNobody, roomPrivateForbidden, roomPrivateToSeveral
  case roomErrorOfGhost
  case roomErrorPassedOn

  // Invitations and voice
  case roomInviteMalformed, roomInviteWithPassword
  case roomInviteTooMany
  case roomInviteForbidden, roomInviteMakesMember, roomInviteOfDomain
  case roomInviteListFull
  case roomInvitationForgotten
  case roomDeclineMalformed, roomDeclineUninvited, roomDeclineLost, roomDeclinePassed, roomDeclinePassedToAccount
  case roomVoiceRequested
  case roomVoiceApproved, roomVoiceNotApproved

  // Requests between occupants
  case roomRelayed, roomRelayedToAccount, roomRelayToNobody, roomRelayAnsweredError, roomRelayAnswerUnknown
  case roomRelaysFull
  case roomRelayDiscoByStranger
  case roomRelayByStranger
  case roomSelfPing

  // Lists
  case roomListOfVoice
  case roomListOfModerators
  case roomListOfOutcasts
  case roomListOfMembers
  case roomListOfAdmins
  case roomListOfRoleRefused
  case roomListOfRankRefused
  case roomAdminMalformed, roomAdminBothAttributes
  case roomAdminReasonTooLong, roomAdminAddressMalformed, roomAdminNobody, roomAdminByNick, roomAdminTwice, roomAdminSeveral

  // Roles
  case roomRoleKick, roomRoleKickRefused
  case roomRoleVoice
  case roomRoleMute, roomRoleMuteRefused
  case roomRoleModerator, roomRoleModeratorRefused
  case roomRoleNoModerator, roomRoleNoModeratorRefused
  case roomRoleUnchanged
  case roomRoleByStranger

  // Affiliations
  case roomRankBan, roomRankBanRefused, roomRankBanSelf
  case roomRankBanDomain, roomRankPardon
  case roomRankMember
  case roomRankNoMember
  case roomRankOwner
  case roomRankNoOwner, roomRankLastOwner
  case roomRankAdmin
  case roomRankNoAdmin
  case roomRankFull
  case roomRankRefused
  case roomRankUnchanged
  case roomRankAbsent
  case roomRankInvites
  case roomRankGivesRole, roomRankTakesRole
  case roomRankReservedTwice, roomRankReservedByAnother, roomRankSitterProtected, roomRankSitterOut, roomRankNickReleased
  case roomRankNickUnseen
  case roomRankOfDomain

  // Configuration
  case roomOwnerRefused, roomConfigurationSame
  case roomConfigurationRefused, roomConfigurationUnlocks, roomConfigurationCancelledLocked
  case roomConfigurationChanged, roomConfigurationCancelled, roomBecamePersistent, roomBecameTemporary, roomBecameMembersOnly
  case roomBroadcastChanged
  case roomDestroyed

  // Registration with rooms
  case roomRegistrationMalformed, roomRegistrationConflict, roomRegistered
  case roomRegistrationNickUnseen
  case roomRegistrationOfStranger, roomRegistrationOfOutcast, roomRegistrationRemoved, roomRegistrationRemovedByAdmin
}

extension Mark {
  /// What the place is there for: clauses of RFCs and XEPs, a limit of `Configuration.Limits`, or one of our own rules (`ownRules`);
  /// several are separated by semicolons.
  public var clause: String {
    streamClause ?? loginClause ?? serverClause ?? stanzaClause ?? rosterClause ?? featureClause ?? roomClause ?? roomMessageClause
      ?? roomRankClause ?? ""
  }

  /// Rules of this server's making: the first two are those of ARCHITECTURE.md.
  public static let ownRules = ["output commit", "activation", "account control"]

  public var name: String { "\(self)" }

  /// The line that a campaign prints. (Not `CustomStringConvertible`'s: the name comes from what Swift prints by itself.)
  public var description: String { "\(name) (\(clause))" }
}
