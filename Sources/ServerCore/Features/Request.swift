internal import Storage
internal import XML
internal import XMPP

/// A kind of IQ request that a feature answers: told by its payload, the kind of address it goes to, and who may send it.
struct Request: Sendable {
  /// The payload's name and namespace.
  struct Payload: Sendable, Hashable {
    var name: Text
    var namespace: Text
  }

  enum Senders: Sendable {
    /// The account itself. Others hear what RFC 6121, 8.5.1 says of requests that can't be answered.
    case owner
    /// Users of this server; for requests to a domain.
    case localUsers
    /// Everybody: the handler decides.
    case anyone
  }

  enum Handler: Sendable {
    /// To an account's bare JID.
    case account(@Sendable (_ account: inout Account, _ request: Stanza, _ payload: Element, _ transaction: inout Transaction) -> Void)
    /// To a domain that has accounts. It needs nothing of the server's state.
    case host(@Sendable (_ host: inout Host, _ request: Stanza, _ payload: Element, _ transaction: inout Transaction) -> Void)
    /// To a room's bare JID.
    case room(@Sendable (_ room: inout Room, _ request: Stanza, _ payload: Element, _ transaction: inout Transaction) -> Void)
  }

  var payload: Payload
  var senders: Senders
  var handler: Handler
  /// Goes on with a request to an account for which the handler asked (`Transaction.ask(_:for:)`). The account is the one that was asked.
  var answered: (@Sendable (_ account: inout Account, _ request: Stanza, _ answer: Answer, _ transaction: inout Transaction) -> Void)?

  init(
    _ name: Text, _ namespace: Text, from senders: Senders = .anyone, _ handler: Handler,
    answered: (@Sendable (inout Account, Stanza, Answer, inout Transaction) -> Void)? = nil
  ) {
    payload = Payload(name: name, namespace: namespace)
    self.senders = senders
    self.handler = handler
    self.answered = answered
  }

  // MARK: Dispatch

  private static let all = Feature.all.flatMap(\.requests)
  private static let toAccounts = table { if case .account = $0 { true } else { false } }
  private static let toHosts = table { if case .host = $0 { true } else { false } }
  private static let toRooms = table { if case .room = $0 { true } else { false } }

  /// By namespace: few requests share one. Only looked up, never iterated.
  private static func table(_ isMeant: (Handler) -> Bool) -> Table<Text, [Request]> {
    var table = Table<Text, [Request]>()
    for request in all where isMeant(request.handler) {
      let others = table[request.payload.namespace] ?? []
      precondition(!others.contains { $0.payload == request.payload }, "two features answer \(request.payload)")
      table[request.payload.namespace] = others + [request]
    }
    return table
  }

  private static func find(_ payload: Element, in table: Table<Text, [Request]>) -> Request? {
    table[payload.namespace]?.first { payload.has(name: $0.payload.name) }
  }

  static func toAccount(_ payload: Element) -> Request? { find(payload, in: toAccounts) }
  static func toHost(_ payload: Element) -> Request? { find(payload, in: toHosts) }
  static func toRoom(_ payload: Element) -> Request? { find(payload, in: toRooms) }
}

/// A domain that has accounts, as a place that answers requests.
struct Host: Sendable {
  let jid: JID
  let configuration: Configuration
}

extension Account {
  /// An IQ for the bare JID: the server answers for the account (RFC 6121, 8.5.2.1.3).
  mutating func receiveRequest(_ stanza: Stanza, _ transaction: inout Transaction) {
    guard let payload = stanza.element.firstChild else { return }
    guard let request = Request.toAccount(payload), case .account(let handle) = request.handler else {
      return transaction.bounce(stanza, transaction.reach(RoutingMark.iqToAccountUnknown, StanzaError(.serviceUnavailable)))
    }
    guard request.senders == .anyone || stanza.from.bare == jid else {
      return transaction.bounce(stanza, transaction.reach(RoutingMark.iqToAccountOfStranger, StanzaError(.serviceUnavailable)))
    }
    handle(&self, stanza, payload, &transaction)
  }

  /// A request waited for an answer from outside.
  mutating func requestAnswered(_ stanza: Stanza, _ answer: Answer, _ transaction: inout Transaction) {
    guard let answered = stanza.element.firstChild.flatMap({ Request.toAccount($0) })?.answered else { return }
    answered(&self, stanza, answer, &transaction)
  }
}

extension Host {
  mutating func receiveRequest(_ stanza: Stanza, _ transaction: inout Transaction) {
    guard let payload = stanza.element.firstChild else { return }
    guard let request = Request.toHost(payload), case .host(let handle) = request.handler else {
      return transaction.bounce(stanza, transaction.reach(RoutingMark.hostRequestUnknown, StanzaError(.serviceUnavailable)))
    }
    guard request.senders != .localUsers || configuration.domains.contains(stanza.from.domain) else {
      return transaction.bounce(stanza, transaction.reach(RoutingMark.hostRequestOfStranger, StanzaError(.notAllowed)))
    }
    handle(&self, stanza, payload, &transaction)
  }
}

extension Transaction {
  /// Asks storage on behalf of a request to an account. The request's `answered` goes on with it; if too many questions are open, the request is
  /// refused.
  mutating func ask(_ query: RowQuery, for request: Stanza) {
    if ask(.query(.rows(query)), .request(request)) == nil { bounce(request, Shard.busy) }
  }
}
