internal import ServerCore
internal import XML
internal import XMPP

/// An answer that a clause provides for a request.
enum ExpectedAnswer: Sendable, Equatable {
  /// A result without content.
  case done
  /// A result with an element of the request's name and namespace.
  case content
  /// An error; its type is one that RFC 6120, 8.3.3 gives for the condition, or this one.
  case error(StanzaError.Condition, StanzaError.Kind? = nil)

  /// The answer as a script expects it.
  func element(to payload: Element, id: Text) -> Element {
    switch self {
    case .done: return Element("iq", NS.client, ["type": "result", "id": id])
    case .content: return Element("iq", NS.client, ["type": "result", "id": id], children: [Element(payload.name, payload.namespace)])
    case .error(let condition, _):
      let error = Element("error", NS.client, children: [Element(Text(condition.rawValue), NS.stanzaErrors)])
      return Element("iq", NS.client, ["type": "error", "id": id], children: [error])
    }
  }

  /// Whether an answer is this one.
  func isMet(by answer: Element, to payload: Element) -> Bool {
    switch self {
    case .done: answer.type == "result" && answer.firstChild == nil
    case .content: answer.type == "result" && answer.children.elementsEqual([payload]) { $0.is($1.name, $1.namespace) }
    case .error(let condition, let kind): StanzaError(answer).map { $0.condition == condition && (kind == nil || $0.kind == kind) } ?? false
    }
  }
}

extension ExpectedAnswer: CustomStringConvertible {
  var description: String {
    switch self {
    case .done: "an empty result"
    case .content: "a result with content"
    case .error(let condition, _): condition.rawValue
    }
  }
}

/// The kind of address that a request goes to, as its sender can tell.
enum RequestPlace: Sendable {
  /// The sender's own account: its bare address, or none.
  case own
  /// The account of somebody else, which need not exist.
  case account
  /// A domain that has accounts.
  case host
  /// A resource of such a domain.
  case hostResource
  /// A domain that has places, such as rooms.
  case service
  /// A place at such a domain, which need not exist.
  case place
  /// A domain that is not served.
  case elsewhere
  /// No address at all.
  case malformed
  /// A client or an occupant: the server passes the request on and does not answer for it.
  case other

  init(of to: Text?, sender: JID, _ configuration: Configuration) {
    guard let to else {
      self = .own
      return
    }
    guard let address = JID(to) else {
      self = .malformed
      return
    }
    let isLocal = configuration.domains.contains(address.domain)
    let someone = JID(local: "x", domain: address.domain, resource: "")
    let hasPlaces = someone.map { jid in SimulatedFeature.all.contains { $0.place?.mayBe(at: jid, configuration) ?? false } } ?? false
    switch (isLocal, hasPlaces, address.hasLocal, address.isFull || !address.resource.isEmpty) {
    case (true, _, false, false): self = .host
    case (true, _, false, true): self = .hostResource
    case (true, _, true, false): self = address == sender.bare ? .own : .account
    case (false, true, false, false): self = .service
    case (false, true, true, false): self = .place
    case (false, false, _, _): self = .elsewhere
    default: self = .other
    }
  }
}

/// The answers that the documents provide for one kind of request.
struct AnswerRow: Sendable {
  let name: Text
  let namespace: Text
  /// `get`, `set`, or `nil` for both.
  let type: Text?
  let places: [RequestPlace]
  let clause: String
  /// The answers to a request with this payload, from a server with this configuration.
  let answers: @Sendable (_ payload: Element, _ sender: JID, _ configuration: Configuration) -> [ExpectedAnswer]

  init(
    _ type: Text?, _ name: Text, _ namespace: Text, to places: [RequestPlace], _ clause: String,
    configured answers: @escaping @Sendable (_ payload: Element, _ sender: JID, _ configuration: Configuration) -> [ExpectedAnswer]
  ) {
    (self.type, self.name, self.namespace, self.places, self.clause, self.answers) = (type, name, namespace, places, clause, answers)
  }

  init(
    _ type: Text?, _ name: Text, _ namespace: Text, to places: [RequestPlace], _ clause: String,
    _ answers: @escaping @Sendable (_ payload: Element, _ sender: JID) -> [ExpectedAnswer]
  ) {
    self.init(type, name, namespace, to: places, clause, configured: { payload, sender, _ in answers(payload, sender) })
  }
  init(_ type: Text?, _ name: Text, _ namespace: Text, to places: [RequestPlace], _ clause: String, _ answers: ExpectedAnswer...) {
    self.init(type, name, namespace, to: places, clause) { _, _ in answers }
  }

  func covers(_ request: Element, _ payload: Element, at place: RequestPlace) -> Bool {
    payload.is(name, namespace) && (type == nil || request.type == type) && places.contains(place)
  }
}

/// An answer that a feature may give in the place of any other.
struct CommonAnswer: Sendable {
  /// `nil`: everywhere.
  let places: [RequestPlace]?
  let answer: ExpectedAnswer
}

/// The answers that the documents provide for each request, by the features that have them.
enum AnswerTable {
  private static let rows = SimulatedFeature.all.flatMap(\.answers)
  private static let common = SimulatedFeature.all.flatMap(\.commonAnswers)

  /// - Returns: the answers of which a request gets one, with the clause; `nil` if the server is not the one to answer.
  static func answers(to request: Element, from sender: JID, _ configuration: Configuration) -> (answers: [ExpectedAnswer], clause: String)?
  {
    let place = RequestPlace(of: request["to"], sender: sender, configuration)
    if place == .malformed { return ([.error(.jidMalformed)], "RFC 6120, 8.3.3.8") }
    let children = Array(request.children)
    guard request.type == "get" || request.type == "set", children.count == 1 else { return ([.error(.badRequest)], "RFC 6120, 8.2.3") }
    if place == .other { return nil }
    let row = rows.first { $0.covers(request, children[0], at: place) }
    let (answers, clause) = row.map { ($0.answers(children[0], sender, configuration), $0.clause) } ?? unknown(at: place)
    return (answers + common.filter { $0.places?.contains(place) ?? true }.map(\.answer), clause)
  }

  /// The answers to a request that nobody there knows.
  private static func unknown(at place: RequestPlace) -> ([ExpectedAnswer], String) {
    switch place {
    case .elsewhere: ([.error(.remoteServerNotFound)], "RFC 6120, 10.4")
    case .place: ([.error(.serviceUnavailable), .error(.itemNotFound)], "RFC 6120, 8.4")
    case .own, .account, .host, .hostResource, .service, .malformed, .other: ([.error(.serviceUnavailable)], "RFC 6120, 8.4")
    }
  }

  /// The types that RFC 6120, 8.3.3 associates with a condition.
  static func kinds(of condition: StanzaError.Condition) -> [StanzaError.Kind] {
    switch condition {
    case .forbidden, .notAuthorized, .registrationRequired, .subscriptionRequired: [.auth]
    case .badRequest, .jidMalformed, .notAcceptable, .redirect: [.modify]
    case .policyViolation: [.modify, .wait]
    case .recipientUnavailable, .remoteServerTimeout, .resourceConstraint: [.wait]
    case .unexpectedRequest: [.wait, .modify]
    case .featureNotImplemented: [.cancel, .modify]
    case .internalServerError: [.cancel, .wait]
    case .conflict, .gone, .itemNotFound, .notAllowed, .remoteServerNotFound, .serviceUnavailable: [.cancel]
    case .undefinedCondition: [.auth, .cancel, .continue, .modify, .wait]
    }
  }
}
