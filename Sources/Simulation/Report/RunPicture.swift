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
    switch moment.observation {
    case .connected: members.append(("kind", .string("connected")))
    case .began(_, let jid): members += [("kind", .string("began")), ("text", .string(jid.text.string))]
    case .ended: members.append(("kind", .string("ended")))
    case .sent(_, let element): members += [("kind", .string("sent"))] + describe(element)
    case .received(_, let element): members += [("kind", .string("received"))] + describe(element)
    case .fault(let what): members += [("kind", .string("fault")), ("text", .string(what))]
    case .asked(_, let request): members += [("kind", .string("asked")), ("text", .string(request.summary))]
    case .answered(_, let reply): members += [("kind", .string("answered")), ("text", .string(describe(reply)))]
    }
    return .object(members)
  }

  private static func describe(_ reply: ControlReply) -> String {
    switch reply {
    case .done: "done"
    case .accounts(let accounts): accounts.count == 1 ? "1 account" : "\(accounts.count) accounts"
    case .refused(let reason): "refused, \(reason)"
    }
  }

  private static func describe(_ element: Element) -> [(String, JSON)] {
    let payload = element.firstChild.map { $0.name.string }
    return [
      ("name", .string(element.name.string)), ("type", .optional(element.type?.string)), ("id", .optional(element.id?.string)),
      ("payload", .optional(payload)), ("text", .string("\(element)")),
    ]
  }
}

extension Observation {
  /// Whom it concerns.
  public var session: SessionID? {
    switch self {
    case .connected(let session), .began(let session, _), .ended(let session), .sent(let session, _), .received(let session, _): session
    case .fault, .asked, .answered: nil
    }
  }
}
