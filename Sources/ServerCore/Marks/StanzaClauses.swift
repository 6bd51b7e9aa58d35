// Where stanzas go.

extension Mark {
  var stanzaClause: String? {
    switch self {
    case .stanzaUnknown: "RFC 6120, 4.9.3.24"
    case .stanzaFromOwn: "RFC 6120, 8.1.2.1"
    case .stanzaFromForeign: "RFC 6120, 4.9.3.9"
    case .stanzaToMalformed: "RFC 6120, 8.3.3.8"
    case .stanzaLanguageAdded, .stanzaLanguageInvalid: "RFC 6120, 8.1.5"
    case .stanzaErrorUnanswered, .directedError: "RFC 6120, 8.3.1"
    case .messageWithoutTo: "RFC 6120, 10.3.1"
    case .iqIDMissing: "RFC 6120, 8.1.3"
    case .iqTypeUnknown, .iqChildrenWrong, .iqResultMalformed, .iqErrorMalformed: "RFC 6120, 8.2.3"
    case .routeRemote: "RFC 6120, 10.4.3"
    case .hostMessage, .hostStanzaIgnored: "RFC 6120, 10.5.1"
    case .hostResource: "RFC 6120, 10.5.2"
    case .hostRequestUnknown: "RFC 6120, 8.4"
    case .nobodyIQ, .tableNoAccountBareError, .tableNoAccountBareIgnore, .tableNoAccountFullError,
      .tableNoAccountFullIgnore:
      "RFC 6121, 8.5.1"
    case .nobodyAskedToSubscribe: "RFC 6120, 13.11"
    case .nobodyProbed, .probeRefused, .probeOfResource: "RFC 6121, 4.3.2"
    case .iqToAccountUnknown, .iqToAccountOfStranger, .iqToAccountAnswer: "RFC 6121, 8.5.2.1.3"
    case .iqToResource, .tableMatchAvailable, .tableMatchNegative, .tableMatchUnavailable: "RFC 6121, 8.5.3.1"
    case .iqToResourceMissing: "RFC 6121, 8.5.3.2.3"
    case .messageTypeUnknown: "RFC 6121, 5.2.2"
    case .tableNoResourceBareStore, .tableNoResourceBareError, .tableNoResourceBareIgnore: "RFC 6121, 8.5.2.2.1"
    case .tableNegativeBareStore, .tableNegativeBareError, .tableNegativeBareIgnore, .tableAvailableBareMost, .tableAvailableBareSeveral,
      .tableAvailableBareAll, .tableAvailableBareError, .tableAvailableBareIgnore:
      "RFC 6121, 8.5.2.1.1"
    case .tableNoResourceFullStore, .tableNoResourceFullError, .tableNoResourceFullIgnore, .tableNegativeFullStore,
      .tableNegativeFullError, .tableNegativeFullIgnore, .tableAvailableFullMost, .tableAvailableFullError,
      .tableAvailableFullIgnore:
      "RFC 6121, 8.5.3.2.1"
    case .presenceInitial, .presenceOfOtherResources: "RFC 6121, 4.2.2"
    case .presencePriorityWrong, .presencePriorityNegative, .presencePriorityRaised: "RFC 6121, 4.7.2.3"
    case .presenceTypeWrong: "RFC 6121, 4.7.1"
    case .presenceUnavailable, .presenceUnavailableAgain, .presenceUnavailableByServer: "RFC 6121, 4.5.2"
    case .presenceToResourceMissing: "RFC 6121, 8.5.3.2.2"
    case .presenceToNobody: "RFC 6121, 8.5.2.2.2"
    case .probeAnswered, .probeAnsweredUnavailable: "RFC 6121, 4.3.2.1"
    case .probeOfDirected: "RFC 6121, 4.6.6"
    case .directedUnavailable, .directedUnavailableToBare, .directedEnded, .directedToListener: "RFC 6121, 4.6.3"
    case .directedProbe, .directedProbeWhileAsking: "RFC 6121, 4.3"
    case .directedFull: "limit directedPresences"
    default: nil
    }
  }
}
