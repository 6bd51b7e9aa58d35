internal import OrderedCollections
internal import XML
internal import XMPP

/// The outcome of a message for an account (RFC 6121, 8.5), as the table of 8.5.4 has it.
enum MessageDelivery: Equatable {
  case deliver
  /// To the most available resource; where several are equally so, to each of them.
  case mostAvailable
  /// To every resource with a priority that is not negative.
  case all
  case storeOffline
  case error
  case ignore

  enum MessageType { case normal, chat, groupchat, headline, error }

  /// The situation of the addressee, a row of the table.
  enum Situation {
    case noAccount
    case noResources
    case negativeOnly
    case someNonNegative
  }
  enum Target { case bare, fullMatch, fullNoMatch }

  /// Returns the table's entry. If the RFC leaves the choice between silence and an error, the sender gets an error.
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
  func mark(_ situation: Situation, _ target: Target) -> MessageDeliveryMark? {
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
  init(of message: Element) {
    // Each copy of a message asks, and to compare with raw values takes longer.
    guard let type = message.type else {
      self = .normal
      return
    }
    switch type {
    case "chat": self = .chat
    case "groupchat": self = .groupchat
    case "headline": self = .headline
    case "error": self = .error
    default: self = .normal
    }
  }
}

extension Account {
  /// A message that came for this account, and that no feature has intercepted.
  mutating func receiveMessage(_ stanza: Stanza, _ transaction: inout Transaction) {
    let type = MessageDelivery.MessageType(of: stanza.element)
    let match = stanza.to.isBare ? nil : sessions.index(forKey: stanza.to.resource)
    let target: MessageDelivery.Target = match != nil ? .fullMatch : stanza.to.isBare ? .bare : .fullNoMatch
    // If the addressed resource is there, the priorities of the others do not matter.
    let highest = match == nil ? highestPriority : nil
    let situation: MessageDelivery.Situation = highest.map { $0 >= 0 ? .someNonNegative : .negativeOnly } ?? .noResources
    let decision = MessageDelivery.decide(type, situation, target)
    if type == .normal, let given = stanza.type, given != "normal" { transaction.reach(MessageDeliveryMark.messageTypeUnknown) }
    if type == .chat || type == .normal, [.deliver, .mostAvailable, .storeOffline].contains(decision), holds(stanza, &transaction) {
      return
    }
    if let mark = decision.mark(situation, target) { transaction.reach(mark) }
    switch decision {
    case .deliver:
      guard let match else { return }
      let isNegative = sessions.values[match].priority < 0
      transaction.reach(
        sessions.values[match].presence == nil
          ? MessageDeliveryMark.tableMatchUnavailable : isNegative ? .tableMatchNegative : .tableMatchAvailable)
      transaction.deliver(stanza, to: sessions, at: match)
    case .mostAvailable:
      let count = deliver(stanza, toAvailableFrom: highest ?? 0, &transaction)
      if count > 1 { transaction.reach(MessageDeliveryMark.tableAvailableBareSeveral) }
    case .all:
      deliver(stanza, toAvailableFrom: 0, &transaction)
    case .storeOffline:
      leaveUntaken(stanza, &transaction)
    case .error:
      transaction.bounce(stanza, StanzaError(.serviceUnavailable))
    case .ignore:
      break
    }
  }

  /// Of the available resources; `nil` if there is none.
  private var highestPriority: Int? {
    var highest: Int?
    for index in sessions.values.indices where sessions.values[index].presence != nil {
      highest = max(highest ?? .min, sessions.values[index].priority)
    }
    return highest
  }

  /// To every available resource of this priority or more. Returns to how many.
  @discardableResult
  private func deliver(_ stanza: Stanza, toAvailableFrom priority: Int, _ transaction: inout Transaction) -> Int {
    var count = 0
    for index in sessions.values.indices where sessions.values[index].presence != nil && sessions.values[index].priority >= priority {
      transaction.deliver(stanza, to: sessions, at: index)
      count += 1
    }
    return count
  }
}

/// Marks: the fields of the table of message delivery.
public enum MessageDeliveryMark: UInt16, CoverageMark {
  case messageTypeUnknown
  case tableNoAccountBareError, tableNoAccountBareIgnore, tableNoAccountFullError, tableNoAccountFullIgnore
  case tableNoResourceBareStore, tableNoResourceBareError, tableNoResourceBareIgnore
  case tableNegativeBareStore, tableNegativeBareError, tableNegativeBareIgnore
  case tableAvailableBareMost, tableAvailableBareSeveral, tableAvailableBareAll, tableAvailableBareError, tableAvailableBareIgnore
  case tableMatchAvailable, tableMatchNegative, tableMatchUnavailable
  case tableNoResourceFullStore, tableNoResourceFullError, tableNoResourceFullIgnore
  case tableNegativeFullStore, tableNegativeFullError, tableNegativeFullIgnore
  case tableAvailableFullMost, tableAvailableFullError, tableAvailableFullIgnore

  public static let offset = Mark.offset(of: MessageDeliveryMark.self)

  public var clause: String {
    switch self {
    case .messageTypeUnknown: "RFC 6121, 5.2.2"
    case .tableNoAccountBareError, .tableNoAccountBareIgnore, .tableNoAccountFullError, .tableNoAccountFullIgnore: "RFC 6121, 8.5.1"
    case .tableNoResourceBareStore, .tableNoResourceBareError, .tableNoResourceBareIgnore: "RFC 6121, 8.5.2.2.1"
    case .tableNegativeBareStore, .tableNegativeBareError, .tableNegativeBareIgnore, .tableAvailableBareMost, .tableAvailableBareSeveral,
      .tableAvailableBareAll, .tableAvailableBareError, .tableAvailableBareIgnore:
      "RFC 6121, 8.5.2.1.1"
    case .tableMatchAvailable, .tableMatchNegative, .tableMatchUnavailable: "RFC 6121, 8.5.3.1"
    case .tableNoResourceFullStore, .tableNoResourceFullError, .tableNoResourceFullIgnore, .tableNegativeFullStore,
      .tableNegativeFullError, .tableNegativeFullIgnore, .tableAvailableFullMost, .tableAvailableFullError, .tableAvailableFullIgnore:
      "RFC 6121, 8.5.3.2.1"
    }
  }
}
