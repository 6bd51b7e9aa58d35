internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// A run as the report page draws it: a lane for each client, and what each sent, got, and suffered.
public struct RunPicture: Sendable {
  public var title: String
  /// The command that makes the run again.
  public var command: String
  public var failure: RunReport.Failure?
  public var history: [Run.Moment]
  /// The same as a scansion script, and as a trace; may be empty.
  public var script = ""
  public var trace = ""
  /// Why it failed, if that was asked for.
  public var causality: Causality?

  public init(title: String, command: String, failure: RunReport.Failure?, history: [Run.Moment]) {
    self.title = title
    self.command = command
    self.failure = failure
    self.history = history
  }

  var json: JSON {
    var lanes: OrderedDictionary<Int, String> = [:]
    for moment in history {
      guard let session = moment.observation.session else { continue }
      if lanes[session.actor] == nil { lanes[session.actor] = "client \(session.actor)" }
      if case .began(_, let jid) = moment.observation { lanes[session.actor] = jid.text.string }
    }
    lanes.sort { $0.key < $1.key }
    return .object([
      ("title", .string(title)), ("command", .string(command)), ("failure", failure.map { json($0) } ?? .null),
      ("lanes", .array(lanes.values.map { .string($0) })),
      ("events", .array(history.map { RunPicture.json($0, lanes) })), ("script", .string(script)), ("trace", .string(trace)),
      ("causality", causality?.json ?? .null),
    ])
  }

  private func json(_ failure: RunReport.Failure) -> JSON {
    let clause = Run.oracles.first { $0.name == failure.oracle }?.clause
    return .object([
      ("oracle", .string(failure.oracle)), ("clause", .optional(clause)), ("message", .string(failure.message)),
      ("t", .number(failure.time)),
    ])
  }

  private static func json(_ moment: Run.Moment, _ lanes: OrderedDictionary<Int, String>) -> JSON {
    var members: [(String, JSON)] = [("t", .number(moment.time))]
    if let session = moment.observation.session {
      members.append(("lane", .number(Int64(lanes.index(forKey: session.actor) ?? 0))))
      members.append(("session", .number(Int64(session.incarnation))))
    }
    let facts = moment.observation.facts
    members.append(("kind", .string(facts.kind)))
    if let text = facts.text { members.append(("text", .string(text))) }
    if let stanza = facts.stanza { members += describe(stanza) }
    return .object(members)
  }

  private static func describe(_ element: Element) -> [(String, JSON)] {
    let payload = element.firstChild.map { $0.name.string }
    return [
      ("name", .string(element.name.string)), ("type", .optional(element.type?.string)), ("id", .optional(element.id?.string)),
      ("payload", .optional(payload)), ("text", .string("\(element)")),
    ]
  }
}
