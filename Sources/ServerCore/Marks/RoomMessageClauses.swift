// Rooms: what is said there.

extension Mark {
  var roomMessageClause: String? {
    switch self {
    case .roomMessageByVisitor, .roomMessageByStranger, .roomMessageGetsID, .roomMessageUnknown: "XEP-0045, 7.4"
    case .roomSubjectChanged, .roomSubjectByParticipant, .roomSubjectRefused, .roomSubjectTooLong: "XEP-0045, 8.1"
    case .roomSubjectShown: "XEP-0045, 7.2.15"
    case .roomHistoryCutByCount: "XEP-0045, 7.2.13; limit rooms.historyMessages"
    case .roomHistoryCutByBytes: "XEP-0045, 7.2.13; limit rooms.historyBytes"
    case .roomHistorySeconds, .roomHistorySince, .roomHistoryMaxStanzas, .roomHistoryMaxChars: "XEP-0045, 7.2.14"
    case .roomPrivateGroupchat, .roomPrivateToNobody, .roomPrivateForbidden, .roomPrivateToSeveral, .roomErrorPassedOn: "XEP-0045, 7.5"
    case .roomErrorOfGhost: "XEP-0045, 18.1.2"
    case .roomInviteMalformed, .roomInviteWithPassword, .roomDeclineMalformed, .roomDeclineUninvited, .roomDeclineLost,
      .roomDeclinePassed, .roomDeclinePassedToAccount:
      "XEP-0045, 7.8.2"
    case .roomInvitationForgotten: "XEP-0045, 7.8.2; limit rooms.openInvitations"
    case .roomInviteTooMany: "XEP-0045, 7.8.2; limit rooms.invitations"
    case .roomInviteForbidden, .roomInviteMakesMember, .roomInviteOfDomain: "XEP-0045, 9.5"
    case .roomInviteListFull: "XEP-0045, 9.5; limit rooms.affiliations"
    case .roomVoiceRequested: "XEP-0045, 7.13"
    case .roomVoiceApproved, .roomVoiceNotApproved: "XEP-0045, 8.6"
    case .roomRelayed, .roomRelayedToAccount, .roomRelayToNobody, .roomRelayAnsweredError, .roomRelayAnswerUnknown:
      "XEP-0045, 17.4"
    case .roomRelaysFull: "XEP-0045, 17.4; limit rooms.relays"
    case .roomRelayDiscoByStranger: "XEP-0045, 6.6"
    case .roomRelayByStranger: "XEP-0410, 3.2"
    case .roomSelfPing: "XEP-0410, 3.3"
    default: nil
    }
  }
}
