internal import OrderedCollections
public import ServerCore
internal import XML
internal import XMPP

/// Each request to the server gets one answer, from the address that it went to, and one that the documents provide for it: see `AnswerTable`.
public struct RequestsAreAnswered: Oracle {
  public static let name = "answers"
  public static let clause = "RFC 6120, 8.2.3 and 8.3.3"

  private struct Request: Sendable {
    var id: Text
    var to: Text?
    var payload: Element
    var answers: [ExpectedAnswer]
    var clause: String
  }
  private var configuration = Configuration(domains: [])
  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  /// Requests that have no answer, in the order sent.
  private var open: OrderedDictionary<SessionID, [Request]> = [:]
  /// The ids of requests that have their answer. Requests that clients answer are not among them.
  private var answered: OrderedDictionary<SessionID, OrderedSet<Text>> = [:]
  /// A refusal for want of room or of storage, in words: nothing is wrong with it unless there was enough of both all the time.
  private var refusal: String?
  private var silences = Silences()
  /// The answers that one should have been which was none of them.
  private var due: [Element] = []

  public init() {}

  public mutating func begin(with configuration: Configuration) { self.configuration = configuration }

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .began(let session, let jid): addresses[session] = jid
    case .ended(let session):
      addresses[session] = nil
      open[session] = nil
      answered[session] = nil
    case .sent(let session, let element):
      if let jid = addresses[session] { sent(element, by: jid, session) }
    case .received(let session, let element): return received(element, session)
    default: break
    }
    return nil
  }

  private mutating func sent(_ element: Element, by jid: JID, _ session: SessionID) {
    silences.note(element, of: jid.bare)
    guard element.is("iq", NS.client), let id = element.id, element.type != "result", element.type != "error" else { return }
    guard let (answers, clause) = AnswerTable.answers(to: element, from: jid, configuration) else { return }
    let payload = element.firstChild ?? Element("none", "")
    open[session, default: []].append(Request(id: id, to: element["to"], payload: payload, answers: answers, clause: clause))
  }

  private mutating func received(_ element: Element, _ session: SessionID) -> String? {
    guard element.is("iq", NS.client), element.type == "result" || element.type == "error", let id = element.id,
      let jid = addresses[session]
    else { return nil }
    guard let index = open[session]?.firstIndex(where: { $0.id == id }), let request = open[session]?.remove(at: index) else {
      return answered[session]?.contains(id) ?? false ? "\(session) got a second answer to its request \(id): \(element)" : nil
    }
    answered[session, default: []].append(id)
    return fault(in: element, to: request, of: jid).map { "\(session) \($0): \(element)" }
  }

  private mutating func fault(in answer: Element, to request: Request, of jid: JID) -> String? {
    let asked = "asked \(request.to ?? "its account") for \(request.payload)"
    guard isRight(answer["from"], for: request.to, jid) else { return "\(asked), and \(answer["from"] ?? "its account") answered" }
    if answer.type == "error" {
      guard let error = StanzaError(answer) else { return "\(asked) and got an error without an error" }
      let provided: [StanzaError.Kind] = request.answers.compactMap {
        if case .error(error.condition, let kind?) = $0 { kind } else { nil }
      }
      guard (AnswerTable.kinds(of: error.condition) + provided).contains(error.kind) else {
        return "\(asked) and got \(error.condition.rawValue) of type \(error.kind.rawValue) (RFC 6120, 8.3.3)"
      }
      if [.resourceConstraint, .internalServerError].contains(error.condition) {
        refusal = refusal ?? "\(asked) and got \(error.condition.rawValue), though nothing was scarce"
        return nil
      }
    }
    guard !request.answers.contains(where: { $0.isMet(by: answer, to: request.payload) }) else { return nil }
    due = request.answers.map { $0.element(to: request.payload, id: request.id) }
    return "\(asked), and should have got \(request.answers) (\(request.clause))"
  }

  /// RFC 6120, 8.1.2.1 and 10.3.3: the server answers for the account that a request without an address goes to.
  private func isRight(_ from: Text?, for to: Text?, _ jid: JID) -> Bool {
    guard let to else { return from == nil || from == jid.bare.text }
    // To an address that is none nothing can answer but the server.
    guard let address = JID(to) else { return from == nil || from == jid.bare.text || from == jid.domain }
    return from.map { JID($0) == address } ?? (address == jid.bare)
  }

  public func expectations(after observation: Observation) -> [ClientExpectation] { due.map { .instead($0) } }

  public func atRest(_ state: RestState) -> String? {
    guard state.isFaultless, !state.mayLoseStanzas else { return nil }
    if let refusal { return refusal }
    for (session, jid) in state.sessions {
      // A user who blocks an address meanwhile does not hear its answer (XEP-0191, 3.3).
      let isOwed = { (request: Request) in request.to.flatMap { JID($0) }.map { !silences.mayMiss($0, jid.bare) } ?? true }
      if let request = open[session]?.first(where: isOwed) {
        return "\(jid) asked \(request.to ?? "its account") for \(request.payload), and got no answer"
      }
    }
    return nil
  }
}
