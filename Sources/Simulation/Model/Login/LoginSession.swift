internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// A stream with a resource, of which a login's judge sees its end, its bytes, and its requests to change the account.
struct LoginSession: Sendable {
  let jid: JID
  let origin: SourceNetwork?
  var grammar: StreamGrammar
  var isEnded = false
  /// The conditions that the stream must end with, since the client broke the rules of XML or RFC 6120, 11.
  var mustEnd: [Text]?
  /// By id, the changes that were asked for.
  var requests: OrderedDictionary<Text, [Int]> = [:]

  /// The server has handled an item: an element or another.
  mutating func read(tookElement: Bool, _ failure: StreamParser.Failure?) -> String? {
    guard mustEnd == nil else { return tookElement ? "the server reads on behind what must end the stream" : nil }
    switch grammar.next() {
    case .violation(let conditions):
      guard tookElement else {
        mustEnd = conditions.contains("not-well-formed") ? conditions + [failure?.condition].compactMap(\.self) : conditions
        return nil
      }
      return "the server took what must end the stream with \(conditions)"
    case .stanza: return nil
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
    var session = LoginSession(jid: jid, origin: stream.origin, grammar: stream.grammar)
    // Of these nobody knows any more whether they were elements, so they are only passed over.
    for _ in 0..<max(0, stream.handled - stream.taken) { _ = session.grammar.next() }
    sessions[connection] = session
  }

  /// Notes a request of a session by which its account changes.
  mutating func noteRequest(_ element: Element, _ connection: ConnectionID) {
    guard let session = sessions[connection], !session.isEnded, element.stanzaKind == .iq, let id = element.id,
      let change = SimulatedFeature.all.lazy.compactMap({ $0.login?.change(element, session.jid.bare) }).first
    else { return }
    let number = request(change, of: session.jid.bare)
    sessions[connection]!.requests[id, default: []].append(number)
  }

  mutating func receive(_ element: Element, inSession connection: ConnectionID) {
    guard let session = sessions[connection] else { return }
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
