import SASL
import Storage
import XMPP

@testable import ServerCore
@testable import XML

/// A server that is told events one by one, and all of its effects, a line each: so a test compares everything that the server does, in order.
///
/// Connection 1 is the client's. Ids and nonces of the server's making are shown as `*`.
struct Transcript {
  var server: Server
  var now: Int64 = 0
  private var disk = MemoryDisk(MemoryDatabase(.server))
  /// Questions in the order asked, which the test answers.
  private var questions: [(id: InquiryID, question: Question)] = []
  private let connection = ConnectionID(1)
  /// The text of the last challenge.
  private(set) var challenge: Text = ""

  init(accounts: [Text] = ["romeo"], _ change: (inout Configuration) -> Void = { _ in }) {
    var configuration = Configuration(domains: ["localhost", "other.example"])
    configuration.scramRounds = 1
    configuration.secret = [7]
    change(&configuration)
    server = Server(configuration: configuration, seed: [42])
    for account in accounts {
      _ = tell(.control(0, .addAccount(JID("\(account)@localhost")!, password: Secret(Array("secret".utf8)))))
      while !questions.isEmpty { _ = answer() }
    }
    // With no account in memory.
    server = Server(configuration: configuration, seed: [42])
  }

  /// Tells the server something; returns the effects.
  mutating func tell(_ event: Event) -> [String] {
    var effects: [Effect] = []
    server.handle(event, at: Instant(monotonic: now, wall: now), into: &effects)
    var lines: [String] = []
    for effect in effects {
      lines.append(describe(effect))
      switch effect {
      case .ask(let id, let question): questions.append((id, question))
      case .commit(let id, let changes):
        disk.write(id, changes)
        disk.sync(through: id)
        lines += tell(.committed(through: id))
      default: break
      }
    }
    return lines
  }

  mutating func open(isDirectTLS: Bool = false) -> [String] { tell(.opened(connection, Opening(isDirectTLS: isDirectTLS))) }
  mutating func encrypt(protocolName: Text? = nil) -> [String] {
    tell(.encrypted(connection, TLSFacts(protocolName: protocolName)))
  }
  mutating func send(_ xml: String) -> [String] { tell(.stanza(connection, element(xml))) }
  mutating func endStream() -> [String] { tell(.streamEnd(connection)) }
  /// Lets the connection's next deadline pass.
  mutating func wait() -> [String] {
    now = server.nextDeadline ?? now
    return tell(.deadline)
  }

  /// A header with these attributes beside the namespaces.
  mutating func header(_ attributes: KeyValuePairs<Text, Text> = ["to": "localhost", "version": "1.0"]) -> [String] {
    var root = Element("stream", NS.streams)
    for (name, value) in attributes { root[name] = value }
    return tell(.header(connection, StreamParser.Header(element: root, contentNamespace: NS.client)))
  }

  /// Answers the first open question as storage, or as the threads that derive keys, would.
  mutating func answer() -> [String] {
    guard !questions.isEmpty else { return ["no question is open"] }
    let (id, question) = questions.removeFirst()
    switch question {
    case .query(let query): return tell(.answered(id, .result(disk.answer(query))))
    case .deriveKeys(let request): return tell(.answered(id, .keys(Scram.derive(request))))
    case .resolve, .connect, .verify: return tell(.answered(id, .failed("nobody else is there")))
    }
  }

  /// The first open question fails.
  mutating func failAnswer() -> [String] {
    questions.isEmpty ? ["no question is open"] : tell(.answered(questions.removeFirst().id, .failed("unreadable")))
  }

  private mutating func describe(_ effect: Effect) -> String {
    switch effect {
    case .write(let element, _, _):
      if element.name == "challenge" { challenge = element.text }
      return "write " + shown(element)
    case .openStream(_, let opening): return "open stream from \(opening.from ?? "-") to \(opening.to ?? "-")"
    case .closeStream: return "close stream"
    case .close: return "close"
    case .startTLS(_, .server(let domain, let asks)): return "start TLS for \(domain)\(asks ? ", asking for a certificate" : "")"
    case .startTLS(_, .client(let name, let domain)): return "start TLS with \(name) as \(domain)"
    case .restart(_, let limits):
      return "restart \(limits == server.configuration.limits.authenticatedStream ? "as an account's" : "as a stranger's")"
    case .pause: return "pause"
    case .resume: return "resume"
    case .discardInput: return "discard input"
    case .ask(_, .query(.owner(let owner))): return "ask for \(owner.jid)"
    case .ask(_, .query): return "ask for rows"
    case .ask(_, .resolve(let question)): return "ask for \(question.kind) of \(question.name)"
    case .ask(_, .connect(let endpoint, let domain)): return "connect to port \(endpoint.port) as \(domain)"
    case .ask(_, .verify(let question)): return "verify \(question.chain.count) certificates"
    case .ask(_, .deriveKeys(let request)): return "ask for \(request.hashes.count) keys"
    case .commit: return "commit"
    case .charge: return "charge"
    case .reply(_, let reply): return "reply \(reply)"
    case .log(let level, _): return "log \(level)"
    case .giveUp, .pass: return "\(effect)"
    }
  }

  /// The names of what a header's answer offers; other elements as they are, but for what the server makes up.
  private func shown(_ element: Element) -> String {
    if element.is("features", NS.streams) {
      return "features "
        + element.children.map { feature in
          let details = feature.children.map { $0.text.isEmpty ? $0.name.string : $0.text.string }
          return feature.name.string + (details.isEmpty ? "" : "(\(details.joined(separator: " ")))")
        }.joined(separator: " ")
    }
    if element.name == "challenge" || element.name == "success", !element.text.isEmpty { return "\(element.name) with text" }
    return "\(element)".replacing(#/ xmlns='[^']+'/#, with: "").replacing(#/(localhost\/)[a-z0-9]{10,}/#) { "\($0.1)*" }
  }
}
