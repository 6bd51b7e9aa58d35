internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// A stream with a resource, of which a login's judge sees its end, its bytes, and its requests to change the account.
struct LoginSession: Sendable {
  let jid: JID
  let origin: SourceNetwork?
  let openedAt: Int64
  /// The number of the event by which the server had shown to know whose stream it is to be.
  let claimed: Int
  /// The password that the client has shown to know, prepared.
  var password: [UInt8]?
  var grammar: StreamGrammar
  var isEnded = false
  /// The conditions that the stream must end with, since the client broke the rules of XML or RFC 6120, 11, or sent what is no stanza.
  var mustEnd: [Text]?
  /// By id, the changes that were asked for.
  var requests: OrderedDictionary<Text, [Int]> = [:]

  /// The server has handled an item: an element or another.
  mutating func read(_ element: Element?, _ failure: StreamParser.Failure?) -> String? {
    let tookElement = element != nil
    guard mustEnd == nil else { return tookElement ? "the server reads on behind what must end the stream" : nil }
    switch grammar.next() {
    case .violation(let conditions):
      guard tookElement else {
        mustEnd = conditions.contains("not-well-formed") ? conditions + [failure?.condition].compactMap(\.self) : conditions
        return nil
      }
      return "the server took what must end the stream with \(conditions)"
    case .stanza:
      // RFC 6120, 4.9.3.24: what was negotiated is not negotiated again, and in a session nothing is (5.4.2, 6.4).
      if let element, element.stanzaKind == nil, !element.is("error", NS.streams) { mustEnd = [LoginChoices.elementTooEarly] }
      return nil
    case .end, .header, nil:
      return tookElement ? "the server took a stanza where there is none" : nil
    }
  }

  /// Any stream may end with these, whatever the client has just said.
  static let ends: [Text] = ["conflict", "not-authorized", "reset", "internal-server-error", "system-shutdown", "policy-violation"]
}

extension LoginModel {
  /// The resource is bound. The server may have handled more of the stream already, if its answer had to wait.
  mutating func bind(_ connection: ConnectionID, _ jid: JID) {
    guard let stream = streams.removeValue(forKey: connection) else { return }
    var session = LoginSession(
      jid: jid, origin: stream.origin, openedAt: stream.openedAt, claimed: stream.claimed ?? moment, password: stream.password,
      grammar: stream.grammar)
    // Of these nobody knows any more whether they were elements, so they are only passed over.
    for _ in 0..<max(0, stream.handled - stream.taken) { _ = session.grammar.next() }
    sessions[connection] = session
  }

  /// Notes a request of a session by which its account changes.
  mutating func noteRequest(_ element: Element, _ connection: ConnectionID) {
    guard let session = sessions[connection], !session.isEnded, element.stanzaKind == .iq, let id = element.id,
      let change = SimulatedFeature.all.lazy.compactMap({ $0.login?.change(element, session.jid.bare) }).first
    else { return }
    let number = request(change, of: session.jid.bare, by: connection)
    sessions[connection]!.requests[id, default: []].append(number)
  }

  mutating func receive(_ element: Element, inSession connection: ConnectionID) {
    guard let session = sessions[connection] else { return }
    if element.is("error", NS.streams), let condition = element.firstChild?.name, ["reset", "not-authorized"].contains(condition),
      !(accounts[session.jid.bare]?.mayEndStreams(condition, since: session.openedAt) ?? false)
    {
      report("\(session.jid) ended with \(condition), with no reason for it", on: connection)
    }
    if element.is("error", NS.streams), let mustEnd = session.mustEnd, let condition = element.firstChild?.name,
      !(mustEnd + LoginSession.ends).contains(condition)
    {
      report("the stream ended with \(condition), and should with \(mustEnd)", on: connection)
    }
    guard element.stanzaKind == .iq, let type = element.type, type == "result" || type == "error" else { return }
    if type == "result", element.firstChild?.is("bind", NS.bind) ?? false {
      report("a resource was bound twice on one stream", on: connection)
    }
    guard let id = element.id, var numbers = session.requests[id], !numbers.isEmpty else { return }
    let number = numbers.removeFirst()
    sessions[connection]!.requests[id] = numbers.isEmpty ? nil : numbers
    answered(number, of: session.jid.bare, isDone: type == "result")
  }
}
