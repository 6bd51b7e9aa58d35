internal import OrderedCollections
internal import XML
internal import XMPP

// The routing of stanzas: RFC 6120, sections 8 and 10.

extension Shard {
  /// A bound session sends something. It is checked here once; behind this point `from` is true.
  mutating func send(_ element: Element, as sender: JID, on connection: ConnectionID, language: Text?, _ transaction: inout Transaction) {
    guard let kind = element.stanzaKind else {
      // 4.9.1.1: the peer's own error ends the stream, and is not answered with another.
      if element.is("error", NS.streams) { return streamEnded(transaction.reach(StreamMark.streamErrorOfPeer, connection), &transaction) }
      return endStream(connection, transaction.reach(StanzaMark.stanzaUnknown, StreamError(.unsupportedStanzaType)), &transaction)
    }
    // 8.1.2.1: `from` may be left out or be the sender's own.
    let from = element["from"]
    if let from {
      guard let claimed = JID(from), claimed == sender || claimed == sender.bare else {
        return endStream(connection, transaction.reach(StanzaMark.stanzaFromForeign, StreamError(.invalidFrom)), &transaction)
      }
      transaction.reach(StanzaMark.stanzaFromOwn)
    }
    let given = element["to"]
    let address = given.flatMap { JID($0) }
    var stanza = Stanza(element, from: sender, to: address ?? sender.bare)
    if from != nil { stanza.element["from"] = nil }
    if given != nil { stanza.element["to"] = nil }
    if given != nil, address == nil {
      return answer(
        stanza, transaction.reach(StanzaMark.stanzaToMalformed, StanzaError(.jidMalformed)), from: nil, &transaction)
    }
    if kind == .iq {
      switch transaction.check(iq: element) {
      case .request, .response: break
      case .dropped: return
      case .refused(let problem): return answer(stanza, problem, from: address, &transaction)
      }
    }
    if stanza.element.removeLanguages(where: { !LanguageTag.isWellFormed($0) }) { transaction.reach(StanzaMark.stanzaLanguageInvalid) }
    if let language, stanza.element.lang == nil {
      transaction.reach(StanzaMark.stanzaLanguageAdded)
      stanza.element.lang = language
    }
    // An error is large: to hand it from one function to the next would cost each stanza as much as a look-up.
    var refusal: StanzaError?
    let isThere: Void?? = accounts.read(sender.bare) { $0.read { $0.refuse(toSend: stanza, &transaction, because: &refusal) } }
    guard isThere ?? nil != nil else { return }
    if let refusal { return answer(stanza, refusal, from: stanza.to, &transaction) }
    if kind == .message, address == nil { transaction.reach(StanzaMark.messageWithoutTo) }
    if kind == .presence {
      accounts[sender.bare]?.entity?.sendPresence(stanza, isDirected: address != nil, &transaction)
    } else {
      transaction.route(stanza.element, from: stanza.from, to: stanza.to)
    }
  }

  /// Answers a session's own stanza before it went anywhere.
  private func answer(_ stanza: Stanza, _ error: StanzaError, from: JID?, _ transaction: inout Transaction) {
    guard stanza.type != "error", !(stanza.kind == .iq && stanza.type == "result") else {
      return transaction.reach(StanzaMark.stanzaErrorUnanswered)
    }
    guard let session = accounts.read(stanza.from.bare, { $0.read { $0.sessions[stanza.from.resource] } ?? nil }) ?? nil else { return }
    transaction.deliver(stanza.element.errorReply(error), from: from, to: session)
  }

  /// Hands one stanza to all its addressees; those that get it as it is share one effect.
  mutating func deliver(_ envelope: Transaction.Envelope, _ transaction: inout Transaction) {
    transaction.outputs.close()
    errands &+= UInt64(envelope.to.count)
    for to in keepOwn(envelope, &transaction) { deliver(Stanza(envelope.element, from: envelope.from, to: to), &transaction) }
  }

  private mutating func deliver(_ stanza: Stanza, _ transaction: inout Transaction) {
    switch destination(of: stanza.to) {
    case .account:
      let key = stanza.to.bare
      let isThere: Void? = accounts.modify(key) { $0.modify { $0.receive(stanza, &transaction) } } ?? nil
      if isThere == nil { run(.stanza(stanza), for: key, &transaction) }
    case .host:
      receiveAtHost(stanza, &transaction)
    case .room:
      receiveAtRoom(stanza, &transaction)
    case .roomService:
      receiveAtRoomService(stanza, &transaction)
    case .remote:
      guard setting.federates else {
        return transaction.bounce(stanza, transaction.reach(RoutingMark.routeRemote, StanzaError(.remoteServerNotFound)))
      }
      // Also to its own shard: so it waits behind the commits that it could tell about.
      transaction.pass(.remote(stanza), to: Shard.index(ofDomain: stanza.to.domain, of: count))
    }
  }

  enum Destination { case account, host, room, roomService, remote }

  func destination(of address: JID) -> Destination {
    if configuration.domains.contains(where: { address.isAt(domain: $0) }) { return address.hasLocal ? .account : .host }
    guard setting.roomDomains.contains(where: { address.isAt(domain: $0) }) else { return .remote }
    return address.hasLocal ? .room : .roomService
  }

  private mutating func receiveAtHost(_ stanza: Stanza, _ transaction: inout Transaction) {
    switch (stanza.kind, stanza.type) {
    case (.iq, "get"), (.iq, "set"):
      guard stanza.to.isDomain else {
        return transaction.bounce(stanza, transaction.reach(RoutingMark.hostResource, StanzaError(.serviceUnavailable)))
      }
      var host = Host(jid: stanza.to, configuration: configuration)
      host.receiveRequest(stanza, &transaction)
    case (.message, _):
      transaction.bounce(stanza, transaction.reach(RoutingMark.hostMessage, StanzaError(.serviceUnavailable)))
    default:
      transaction.reach(RoutingMark.hostStanzaIgnored)
    }
  }

  /// A feature answers for an account that is not there, or else nobody is there.
  func receive(_ stanza: Stanza, for absent: AbsentAccount, _ transaction: inout Transaction) {
    if !absent.receive(stanza, &transaction) { receiveForNobody(stanza, &transaction) }
  }

  /// An account that is not there answers like one that has nobody (RFC 6121, 8.5.1).
  private func receiveForNobody(_ stanza: Stanza, _ transaction: inout Transaction) {
    switch stanza.kind {
    case .message:
      let target: MessageDelivery.Target = stanza.to.isBare ? .bare : .fullNoMatch
      let decision = MessageDelivery.decide(.init(of: stanza.element), .noAccount, target)
      if let mark = decision.mark(.noAccount, target) { transaction.reach(mark) }
      if decision == .error {
        transaction.bounce(stanza, StanzaError(.serviceUnavailable))
      }
    case .iq:
      if let query = stanza.element.firstChild, stanza.to.isBare, query.is("query", NS.discoItems) {
        return ServiceDiscovery.answerNothing(stanza, query, &transaction)
      }
      transaction.bounce(stanza, transaction.reach(RoutingMark.nobodyIQ, StanzaError(.serviceUnavailable)))
    case .presence:
      // 4.3.2: whoever still believes to be subscribed is told otherwise.
      if stanza.type == "probe" {
        transaction.reach(RoutingMark.nobodyProbed)
        transaction.route(Element("presence", NS.client, ["type": "unsubscribed"]), from: stanza.to.bare, to: stanza.from.bare)
      } else if stanza.type == "subscribe" {
        transaction.route(
          transaction.reach(RoutingMark.nobodyAskedToSubscribe, Account.requestArrived), from: stanza.to.bare, to: stanza.from.bare)
      }
    case nil:
      break
    }
  }
}

extension Account {
  /// A stanza for this account.
  mutating func receive(_ stanza: Stanza, _ transaction: inout Transaction) {
    if intercepts(stanza, &transaction) { return }
    switch stanza.kind {
    case .message: receiveMessage(stanza, &transaction)
    case .presence: receivePresence(stanza, &transaction)
    case .iq:
      if stanza.to.isFull {
        if let session = sessions[stanza.to.resource] {
          transaction.reach(RoutingMark.iqToResource)
          transaction.deliver(stanza, to: session)
        } else {
          transaction.bounce(stanza, transaction.reach(RoutingMark.iqToResourceMissing, StanzaError(.serviceUnavailable)))
        }
      } else if stanza.type == "get" || stanza.type == "set" {
        receiveRequest(stanza, &transaction)
      } else {
        transaction.reach(RoutingMark.iqToAccountAnswer)
      }
    case nil: break
    }
  }
}

extension Area {
  static let routing = Area(name: "routing", marks: [StanzaMark.self, RoutingMark.self, MessageDeliveryMark.self])
}

/// Marks: stanzas as sessions send them.
public enum StanzaMark: UInt16, CoverageMark {
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

  public static let offset = Mark.offset(of: StanzaMark.self)

  public var clause: String {
    switch self {
    case .stanzaUnknown: "RFC 6120, 4.9.3.24"
    case .stanzaFromOwn: "RFC 6120, 8.1.2.1"
    case .stanzaFromForeign: "RFC 6120, 4.9.3.9"
    case .stanzaToMalformed: "RFC 6120, 8.3.3.8"
    case .stanzaLanguageAdded, .stanzaLanguageInvalid: "RFC 6120, 8.1.5"
    case .stanzaErrorUnanswered: "RFC 6120, 8.3.1"
    case .messageWithoutTo: "RFC 6120, 10.3.1"
    case .iqIDMissing: "RFC 6120, 8.1.3"
    case .iqTypeUnknown, .iqChildrenWrong, .iqResultMalformed, .iqErrorMalformed: "RFC 6120, 8.2.3"
    }
  }
}

/// Marks: where stanzas go.
public enum RoutingMark: UInt16, CoverageMark {
  case routeRemote
  case hostMessage, hostStanzaIgnored
  case hostResource
  case hostRequestUnknown, hostRequestOfStranger
  case nobodyIQ
  case nobodyProbed, nobodyAskedToSubscribe
  case iqToAccountUnknown, iqToAccountOfStranger, iqToAccountAnswer
  case iqToResource
  case iqToResourceMissing

  public static let offset = Mark.offset(of: RoutingMark.self)

  public var clause: String {
    switch self {
    case .routeRemote: "RFC 6120, 10.4.3"
    case .hostMessage, .hostStanzaIgnored: "RFC 6120, 10.5.1"
    case .hostResource: "RFC 6120, 10.5.2"
    case .hostRequestUnknown: "RFC 6120, 8.4"
    case .hostRequestOfStranger: "RFC 6120, 8.3.3.10"
    case .nobodyIQ: "RFC 6121, 8.5.1"
    case .nobodyProbed: "RFC 6121, 4.3.2"
    case .nobodyAskedToSubscribe: "RFC 6120, 13.11"
    case .iqToAccountUnknown, .iqToAccountOfStranger, .iqToAccountAnswer: "RFC 6121, 8.5.2.1.3"
    case .iqToResource: "RFC 6121, 8.5.3.1"
    case .iqToResourceMissing: "RFC 6121, 8.5.3.2.3"
    }
  }
}
