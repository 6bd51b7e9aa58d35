internal import OrderedCollections
internal import Scenario
internal import ServerCore
internal import XML
internal import XMPP

/// Writes what the clients of a run did, and what they got, as a script that anybody can run against any server.
///
/// For failures of which no test can be made (`ScriptTest`): faults, and operators' commands, stand there as comments. If a stanza came
/// that should not have come, the last action expects nothing in its place.
struct ScriptWriter {
  private let history: [Run.Moment]
  private let failure: RunReport.Failure
  private let seed: UInt64
  private var jids: OrderedDictionary<Int, JID> = [:]
  /// Ids that clients gave: all others are the server's, and differ from run to run.
  private var clientIDs: Set<Text> = []

  /// Stands in the last line.
  private let remark: String?

  init(_ history: [Run.Moment], failure: RunReport.Failure, seed: UInt64, remark: String? = nil) {
    self.remark = remark
    self.history = history
    self.failure = failure
    self.seed = seed
    for moment in history {
      switch moment.observation {
      case .began(let session, let jid): if jids[session.actor] == nil { jids[session.actor] = jid }
      case .sent(_, let element): if let id = element.id { clientIDs.insert(id) }
      default: break
      }
    }
    jids.sort { $0.key < $1.key }
  }

  var script: String {
    var lines = ["# \(failure.oracle): \(oneLine(failure.message))", "# Found in the simulator with seed \(seed).", ""]
    for (actor, jid) in jids { lines += ["[Client] \(name(actor))", "\tjid: \(jid)", "\tpassword: pw", ""] }
    lines += ["-----", ""]
    var commands = OperatorCommands(history, cast: jids.values.map(\.bare))
    var before: [String] = []
    for (index, moment) in history.enumerated() {
      if case .asked(let id, let request) = moment.observation, !commands.matters(request, id: id, at: index) { continue }
      let next = self.lines(for: moment, isLast: index == history.count - 1)
      // A remark that says the same as the one before says nothing.
      if next != before || next.first?.hasPrefix("#") != true { lines += next }
      if !next.isEmpty { before = next }
    }
    if let remark { lines.append("# \(remark)") }
    return lines.joined(separator: "\n") + "\n"
  }

  private func lines(for moment: Run.Moment, isLast: Bool) -> [String] {
    switch moment.observation {
    case .began(let session, _): return ["\(name(session.actor)) connects", ""]
    case .ended(let session): return jids[session.actor] == nil ? [] : ["\(name(session.actor)) disconnects", ""]
    case .sent(let session, let element): return ["\(name(session.actor)) sends:", "\t\(element.line)", ""]
    case .wrote(let session, let bytes):
      return jids[session.actor] == nil ? [] : ["\(name(session.actor)) writes:"] + RawBytes(bytes).lines + [""]
    case .received(let session, let element):
      let expected = ["\(name(session.actor)) receives:", "\t\(loosened(element).line)", ""]
      guard isLast, !failure.isAtRest else { return expected }
      return ["# This came, and should not have: \(oneLine("\(element)"))", "\(name(session.actor)) receives: nothing", ""]
    case .fault(let what): return ["# FAULT: \(what)", ""]
    case .asked(_, let request): return ["# OPERATOR: \(request.summary)", ""]
    default: return []
    }
  }

  private func name(_ actor: Int) -> String {
    guard let jid = jids[actor] else { return "Client \(actor)" }
    return "\(jid.local) \(jid.resource)"
  }

  private func oneLine(_ text: String) -> String { text.replacing("\n", with: " ") }

  private func loosened(_ element: Element) -> Element { element.loosened(keepsID: element.id.map { clientIDs.contains($0) } ?? true) }
}

extension Element {
  /// As XML on one line of a script, which ends a stanza's text where a line is empty or not indented.
  var line: String { "\(self)".replacing("\n", with: "&#10;") }

  /// Replaces values that the server makes up anew each time by wildcards.
  ///
  /// - Parameter keepsID: the id is one that a client gave.
  func loosened(keepsID: Bool) -> Element {
    var copy = self
    if id != nil, !keepsID { copy["id"] = "{scansion:any}" }
    // Nonces, and what follows from them.
    if namespace == NS.sasl, hasText { return Element(name, NS.sasl, text: "{scansion:any}") }
    if let delay = child("delay", NS.delay) {
      copy = copy.removingChildren { $0.is("delay", NS.delay) }
      copy.append("delay", NS.delay, ["from": delay["from"], "stamp": "{scansion:any}"])
    }
    return copy
  }
}

/// Which of an operator's commands belong into a script: those that changed something. The accounts of its cast are there from the
/// beginning.
private struct OperatorCommands {
  private let history: [Run.Moment]
  private var accounts: Set<JID>
  private var disabled: Set<JID> = []

  init(_ history: [Run.Moment], cast: [JID]) {
    self.history = history
    accounts = Set(cast)
  }

  mutating func matters(_ request: ControlRequest, id: UInt64, at index: Int) -> Bool {
    guard !isRefused(id, after: index) else { return false }
    switch request {
    case .addAccount(let account, _): return accounts.insert(account).inserted
    case .deleteAccount(let account):
      disabled.remove(account)
      return accounts.remove(account) != nil
    case .disableAccount(let account): return disabled.insert(account).inserted
    case .enableAccount(let account): return disabled.remove(account) != nil
    case .changePassword: return true
    case .listAccounts: return false
    }
  }

  /// Whether the request was refused. One that has no answer, because the server crashed, may have been done.
  private func isRefused(_ id: UInt64, after index: Int) -> Bool {
    for moment in history[(index + 1)...] {
      switch moment.observation {
      case .answered(id, .refused): return true
      case .answered(id, _), .asked(id, _): return false
      default: continue
      }
    }
    return false
  }
}
