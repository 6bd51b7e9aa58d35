// Rooms: what is said there.

extension Mark {
  var roomMessageClause: String? {
    switch self {
    case .roomMessageByVisitor, .roomMessageByStranger, .roomMessageGetsID, .roomMessageUnknown: "XEP-0045, 7.4"
    case .roomSubjectChanged, .roomSubjectByParticipant, .roomSubjectRefused, .roomSubjectTooLong: "XEP-0045, 8.1"
    case .roomSubjectShown: "XEP-0045, 7.2.15"
    case .roomHistoryCutByCount, .roomHistoryCutByBytes: "XEP-0045, 7.2.13"
    case .roomHistorySeconds, .roomHistorySince, .roomHistoryMaxStanzas, .roomHistoryMaxChars: "XEP-0045, 7.2.14"
    case .roomPrivateGroupchat, .roomPrivateToNobody, .roomPrivateForbidden, .roomPrivateToSeveral, .roomErrorPassedOn: "XEP-0045, 7.5"
    case .roomErrorOfGhost: "XEP-0045, 18.1.2"
    case .roomInviteMalformed, .roomInviteTooMany, .roomInviteWithPassword, .roomDeclineMalformed, .roomDeclineLost: "XEP-0045, 7.8.2"
    case .roomInviteForbidden, .roomInviteMakesMember: "XEP-0045, 9.5"
    case .roomVoiceRequested: "XEP-0045, 7.13"
    case .roomVoiceApproved, .roomVoiceNotApproved: "XEP-0045, 8.6"
    case .roomRelayed, .roomRelayedToAccount, .roomRelayToNobody, .roomRelayAnsweredError, .roomRelayAnswerUnknown,
      .roomRelaysFull:
      "XEP-0045, 17.4"
    case .roomRelayDiscoByStranger: "XEP-0045, 6.6"
    case .roomRelayByStranger: "XEP-0410, 3.2"
    case .roomSelfPing: "XEP-0410, 3.3"
    default: nil
    }
  }
}
