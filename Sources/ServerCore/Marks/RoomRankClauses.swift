// Rooms: ranks, configuration and registration.

extension Mark {
  var roomRankClause: String? {
    switch self {
    case .roomListOfVoice, .roomRoleUnchanged: "XEP-0045, 8.5"
    case .roomListOfModerators: "XEP-0045, 9.8"
    case .roomListOfOutcasts, .roomAdminReasonTooLong, .roomAdminAddressMalformed, .roomAdminNobody, .roomAdminByNick, .roomAdminTwice,
      .roomAdminSeveral, .roomRankBanDomain, .roomRankPardon:
      "XEP-0045, 9.2"
    case .roomListOfMembers, .roomRankInvites: "XEP-0045, 9.5"
    case .roomListOfAdmins: "XEP-0045, 10.5"
    case .roomListOfRoleRefused, .roomRoleByStranger: "XEP-0045, 8"
    case .roomListOfRankRefused: "XEP-0045, 9"
    case .roomAdminMalformed, .roomAdminBothAttributes: "XEP-0045, 17.4"
    case .roomRoleKick, .roomRoleKickRefused: "XEP-0045, 8.2"
    case .roomRoleVoice: "XEP-0045, 8.3"
    case .roomRoleMute, .roomRoleMuteRefused: "XEP-0045, 8.4"
    case .roomRoleModerator, .roomRoleModeratorRefused: "XEP-0045, 9.6"
    case .roomRoleNoModerator, .roomRoleNoModeratorRefused: "XEP-0045, 9.7"
    case .roomRankBan, .roomRankBanRefused, .roomRankBanSelf: "XEP-0045, 9.1"
    case .roomRankMember: "XEP-0045, 9.3"
    case .roomRankNoMember: "XEP-0045, 9.4"
    case .roomRankOwner, .roomRankAbsent: "XEP-0045, 10.3"
    case .roomRankNoOwner, .roomRankLastOwner: "XEP-0045, 10.4"
    case .roomRankAdmin: "XEP-0045, 10.6"
    case .roomRankNoAdmin: "XEP-0045, 10.7"
    case .roomRankFull: "XEP-0045, 5.2; limit rooms.affiliations"
    case .roomRankRefused: "XEP-0045, 5.2.1"
    case .roomRankUnchanged: "XEP-0045, 5.2.2"
    case .roomRankGivesRole, .roomRankTakesRole: "XEP-0045, 5.1.3"
    case .roomRankReservedTwice, .roomRankReservedByAnother, .roomRankSitterProtected, .roomRankSitterOut, .roomRankNickReleased,
      .roomRegistrationMalformed, .roomRegistrationConflict, .roomRegistered, .roomRegistrationOfStranger, .roomRegistrationOfOutcast,
      .roomRegistrationRemoved, .roomRegistrationRemovedByAdmin:
      "XEP-0045, 7.10"
    case .roomRankNickUnseen, .roomRegistrationNickUnseen: "XEP-0045, 17.1"
    case .roomRankOfDomain: "XEP-0045, 5.2"
    case .roomOwnerRefused, .roomConfigurationSame, .roomConfigurationChanged, .roomConfigurationCancelled, .roomBecamePersistent,
      .roomBecameTemporary, .roomBecameMembersOnly:
      "XEP-0045, 10.2"
    case .roomConfigurationRefused, .roomConfigurationUnlocks, .roomConfigurationCancelledLocked: "XEP-0045, 10.1.3"
    case .roomBroadcastChanged: "XEP-0045, 16.5.3"
    case .roomDestroyed: "XEP-0045, 10.9"
    default: nil
    }
  }
}
