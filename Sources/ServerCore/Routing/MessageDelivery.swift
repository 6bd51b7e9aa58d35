internal import OrderedCollections
internal import XML
internal import XMPP

/// What becomes of a message for an account (RFC 6121, 8.5), as the table of 8.5.4 has it.
enum MessageDelivery: Equatable {
  case deliver
  /// To the most available resource; where several are equally so, to each of them.
  case mostAvailable
  /// To every resource with a priority that is not negative.
  case all
  case storeOffline
  case error
  case ignore

  enum MessageType: String { case normal, chat, groupchat, headline, error }

  /// The situation of the addressee, a row of the table.
  enum Situation {
    case noAccount
    case noResources
    case negativeOnly
    case someNonNegative
  }
  enum Target { case bare, fullMatch, fullNoMatch }

  /// Where the RFC leaves the choice between silence and an error, the sender hears of it.
  static func decide(_ type: MessageType, _ situation: Situation, _ target: Target) -> MessageDelivery {
    //                                          normal         chat            groupchat  headline  error
    switch (situation, target) {
    case (_, .fullMatch): row(type, .deliver, .deliver, .deliver, .deliver, .deliver)
    case (.noAccount, _): row(type, .error, .error, .error, .error, .ignore)
    case (.noResources, .bare): row(type, .storeOffline, .storeOffline, .error, .ignore, .ignore)
    case (.noResources, .fullNoMatch): row(type, .error, .storeOffline, .error, .error, .ignore)
    case (.negativeOnly, .bare): row(type, .storeOffline, .storeOffline, .error, .ignore, .ignore)
    case (.negativeOnly, .fullNoMatch): row(type, .error, .storeOffline, .error, .error, .ignore)
    case (.someNonNegative, .bare): row(type, .mostAvailable, .mostAvailable, .error, .all, .ignore)
    case (.someNonNegative, .fullNoMatch): row(type, .error, .mostAvailable, .error, .error, .ignore)
    }
  }

  private static func row(
    _ type: MessageType, _ normal: MessageDelivery, _ chat: MessageDelivery, _ groupchat: MessageDelivery, _ headline: MessageDelivery,
    _ error: MessageDelivery
  ) -> MessageDelivery {
    switch type {
    case .normal: normal
    case .chat: chat
    case .groupchat: groupchat
    case .headline: headline
    case .error: error
    }
  }
}

extension MessageDelivery {
  /// The place in the table where this was decided; `nil` where the resource matched, since which row that is says little.
  func mark(_ situation: Situation, _ target: Target) -> Mark? {
    switch (situation, target, self) {
    case (.noAccount, .bare, .error): .tableNoAccountBareError
    case (.noAccount, .bare, .ignore): .tableNoAccountBareIgnore
    case (.noAccount, .fullNoMatch, .error): .tableNoAccountFullError
    case (.noAccount, .fullNoMatch, .ignore): .tableNoAccountFullIgnore
    case (.noResources, .bare, .storeOffline): .tableNoResourceBareStore
    case (.noResources, .bare, .error): .tableNoResourceBareError
    case (.noResources, .bare, .ignore): .tableNoResourceBareIgnore
    case (.noResources, .fullNoMatch, .storeOffline): .tableNoResourceFullStore
    case (.noResources, .fullNoMatch, .error): .tableNoResourceFullError
    case (.noResources, .fullNoMatch, .ignore): .tableNoResourceFullIgnore
    case (.negativeOnly, .bare, .storeOffline): .tableNegativeBareStore
    case (.negativeOnly, .bare, .error): .tableNegativeBareError
    case (.negativeOnly, .bare, .ignore): .tableNegativeBareIgnore
    case (.negativeOnly, .fullNoMatch, .storeOffline): .tableNegativeFullStore
    case (.negativeOnly, .fullNoMatch, .error): .tableNegativeFullError
    case (.negativeOnly, .fullNoMatch, .ignore): .tableNegativeFullIgnore
    case (.someNonNegative, .bare, .mostAvailable): .tableAvailableBareMost
    case (.someNonNegative, .bare, .all): .tableAvailableBareAll
    case (.someNonNegative, .bare, .error): .tableAvailableBareError
    case (.someNonNegative, .bare, .ignore): .tableAvailableBareIgnore
    case (.someNonNegative, .fullNoMatch, .mostAvailable): .tableAvailableFullMost
    case (.someNonNegative, .fullNoMatch, .error): .tableAvailableFullError
    case (.someNonNegative, .fullNoMatch, .ignore): .tableAvailableFullIgnore
    default: nil
    }
  }
}

extension MessageDelivery.MessageType {
  /// An unknown or missing type is `normal` (RFC 6121, 5.2.2).
  init(of message: Element) { self = message.type.flatMap { Self(rawValue: $0.string) } ?? .normal }
}

extension Account {
  /// A message that came for this account and was not blocked.
  mutating func receiveMessage(_ stanza: Stanza, _ step: inout Step, deliver: inout [Addressee]) {
    let type = MessageDelivery.MessageType(of: stanza.element)
    let target: MessageDelivery.Target = stanza.to.isBare ? .bare : sessions[stanza.to.resource] == nil ? .fullNoMatch : .fullMatch
    let reachable = available.filter { $0.priority >= 0 }
    let situation: MessageDelivery.Situation = !reachable.isEmpty ? .someNonNegative : available.isEmpty ? .noResources : .negativeOnly
    let decision = MessageDelivery.decide(type, situation, target)
    if type == .normal, let given = stanza.type, given != "normal" { step.reach(.messageTypeUnknown) }
    if mustLineUp, type == .chat || type == .normal, [.deliver, .mostAvailable, .storeOffline].contains(decision) {
      return lineUp(stanza, &step)
    }
    if let mark = decision.mark(situation, target) { step.reach(mark) }
    switch decision {
    case .deliver:
      guard let session = sessions[stanza.to.resource] else { return }
      step.reach(session.presence == nil ? .tableMatchUnavailable : session.priority < 0 ? .tableMatchNegative : .tableMatchAvailable)
      deliver.append(Addressee(link: session.link, to: stanza.to))
    case .mostAvailable:
      let highest = reachable.map(\.priority).max()
      let before = deliver.count
      for session in reachable where session.priority == highest { deliver.append(Addressee(link: session.link, to: stanza.to)) }
      if deliver.count > before + 1 { step.reach(.tableAvailableBareSeveral) }
    case .all:
      for session in reachable { deliver.append(Addressee(link: session.link, to: stanza.to)) }
    case .storeOffline:
      storeOffline(stanza, &step)
    case .error:
      step.bounce(stanza, StanzaError(.serviceUnavailable))
    case .ignore:
      break
    }
  }
}
