internal import Scenario
internal import ServerCore
internal import XML
internal import XMPP

/// The last lines of a script: the expectation that a broken rule stands for.
struct ScriptEnding: Sendable {
  enum Line: Sendable {
    case step(ScriptDraft.Step)
    case receives(Int, Element)
    case receivesNext(Int, Element)
    /// The payload may hold more than is expected.
    case receivesLoosely(Int, Element)
    case receivesNothing(Int)
  }
  var lines: [Line]
  /// Events of the play that the script does not tell: what they were expected to be stands in the lines.
  var replaced: [Int] = []
}

extension DraftPlay {
  /// The endings that may show the failure, the likeliest first.
  var endings: [ScriptEnding] {
    if endsWithLogin, case .step(let step)? = events.last {
      return [ScriptEnding(lines: [.step(step)], replaced: [events.count - 1])]
    }
    let wanted = (driver.watch?.expectations ?? []).flatMap { endings(for: $0) }
    return wanted + (culprit.flatMap { unwanted($0) }.map { [$0] } ?? []) + (failure?.isAtRest ?? true || culprit == nil ? questions : [])
  }

  /// The stanza should not have come. An answer is due to whoever asks, so that this is no ending for it.
  private func unwanted(_ event: Int) -> ScriptEnding? {
    guard case .received(let who, let element) = events[event], element.type != "result", element.type != "error" else { return nil }
    return ScriptEnding(lines: [.receivesNothing(who)], replaced: [event])
  }

  private func endings(for expectation: ClientExpectation) -> [ScriptEnding] {
    switch expectation {
    case .instead(let element):
      guard let culprit, case .received(let who, _) = events[culprit] else { return [] }
      let loosely: [ScriptEnding.Line] = element.firstChild == nil ? [] : [.receivesLoosely(who, element)]
      return ([.receives(who, element)] + loosely).map { ScriptEnding(lines: [$0], replaced: [culprit]) }
    case .before(let id):
      guard let culprit, case .received(let who, let element) = events[culprit] else { return [] }
      let place = events[..<culprit].lastIndex { if case .received(who, let other) = $0 { other.id == id } else { false } }
      guard let place, case .received(_, let later) = events[place] else { return [] }
      return [ScriptEnding(lines: [.receivesNext(who, element), .receivesNext(who, later)], replaced: [place, culprit])]
    case .not(let element, let jid):
      let place = events.lastIndex { event in
        guard case .received(let who, let other) = event, JID(draft.cast[who].jid) == jid else { return false }
        return other.is(element.name, element.namespace) && ["from", "type", "id"].allSatisfy { other[$0] == element[$0] }
      }
      guard let place, case .received(let who, _) = events[place] else { return [] }
      return [ScriptEnding(lines: [.receivesNothing(who)], replaced: [place])]
    case .stanza(let element, let jid):
      return missing(element, at: jid)
    case .noLogin(let account):
      let place = events.lastIndex { event in
        if case .step(.connects(let who, _)) = event { JID(draft.cast[who].bareJID) == account } else { false }
      }
      guard let place, case .step(.connects(let who, _)) = events[place] else { return [] }
      return [ScriptEnding(lines: [.step(.failsToConnect(who))], replaced: [place])]
    case .answer(let answer, let request, let account):
      return (account.map { characters(of: $0) } ?? Array(draft.cast.indices)).flatMap { who -> [ScriptEnding] in
        let asked: [ScriptEnding.Line] = [.step(.sends(who, request)), .receivesLoosely(who, answer)]
        let start: [ScriptEnding.Line] = there.contains(who) ? [] : [.step(.connects(who))]
        return [
          ScriptEnding(lines: start + asked), ScriptEnding(lines: [.step(.serverRestarts), .step(.connects(who))] + asked),
        ]
      }
    }
  }

  /// The stanza should have come to one of these characters, and not to the one who received it, if anybody did.
  private func missing(_ element: Element, at jid: JID) -> [ScriptEnding] {
    var wrong: [ScriptEnding.Line] = []
    if let culprit, case .received(let who, _) = events[culprit] { wrong = [.receivesNothing(who)] }
    return characters(of: jid).map { who in
      var lines: [ScriptEnding.Line] = [.receives(who, element)]
      if !there.contains(who) {
        let shown = Element("presence", NS.client, ["from": draft.cast[who].jid])
        lines = [.step(.connects(who)), .step(.sends(who, Element("presence", NS.client))), .receives(who, shown)] + lines
      }
      return ScriptEnding(lines: lines + wrong, replaced: culprit.map { [$0] } ?? [])
    }
  }

  private func characters(of jid: JID) -> [Int] {
    draft.cast.indices.filter { index in JID(draft.cast[index].jid).map { jid.isFull ? $0 == jid : $0.bare == jid } ?? false }
  }

  // MARK: Endings for what no client was seen to miss

  /// Everybody who is there gets an answer, and so does everybody who comes back; the server says the same before and after it starts anew.
  private var questions: [ScriptEnding] {
    let there = there.filter { !writers.contains($0) }
    let pings = there.flatMap { ping($0) }
    let returns = draft.cast.indices.filter { !self.there.contains($0) }.flatMap { [ScriptEnding.Line.step(.connects($0))] + ping($0) }
    var endings: [ScriptEnding] = []
    if !pings.isEmpty { endings.append(ScriptEnding(lines: pings)) }
    if !returns.isEmpty { endings.append(ScriptEnding(lines: returns)) }
    return endings + there.flatMap { who in PeaceQuestion.all.compactMap { askTwice($0, who) } }
  }

  private func ping(_ who: Int) -> [ScriptEnding.Line] {
    let id: Text = "probe\(who)"
    let request = Element("iq", NS.client, ["type": "get", "id": id, "to": "localhost"], children: [Element("ping", NS.ping)])
    return [.step(.sends(who, request)), .receives(who, Element("iq", NS.client, ["type": "result", "id": id]))]
  }

  private func askTwice(_ question: PeaceQuestion, _ who: Int) -> ScriptEnding? {
    var request = Element("iq", NS.client, ["type": "get", "id": "before"], children: [question.payload])
    guard var answer = answer(to: request, of: who), answer.type == "result" else { return nil }
    let first: [ScriptEnding.Line] = [.step(.sends(who, request)), .receives(who, answer)]
    request["id"] = "after"
    answer["id"] = "after"
    return ScriptEnding(
      lines: first + [.step(.serverRestarts), .step(.connects(who)), .step(.sends(who, request)), .receives(who, answer)])
  }
}

// MARK: - As text

extension DraftPlay {
  /// The script with this ending, and the line at which the ending begins. Its last line says `remark`.
  func script(_ title: [String], _ ending: ScriptEnding, remark: String) -> (text: String, end: Int) {
    var lines = draft.header(title).split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    for (index, event) in events.enumerated() where !ending.replaced.contains(index) {
      switch event {
      case .step(let step): lines += self.lines(step)
      case .received(let who, let element): lines += ["\(draft.cast[who].name) receives:", "\t\(loosened(element).line)", ""]
      }
    }
    let end = lines.count + 1
    for line in ending.lines { lines += self.lines(line) }
    return (lines.joined(separator: "\n") + "\n# \(remark)\n", end)
  }

  private func lines(_ line: ScriptEnding.Line) -> [String] {
    func name(_ who: Int) -> String { draft.cast[who].name }
    switch line {
    case .step(let step): return lines(step)
    case .receives(let who, let element): return ["\(name(who)) receives:", "\t\(loosened(element).line)", ""]
    case .receivesNext(let who, let element): return ["\(name(who)) receives next:", "\t\(loosened(element).line)", ""]
    case .receivesLoosely(let who, let element):
      let start = "<\(element.firstChild?.name ?? "") "
      let text = loosened(element).line.replacing(start, with: start + "scansion:strict='false' ", maxReplacements: 1)
      return ["\(name(who)) receives:", "\t\(text)", ""]
    case .receivesNothing(let who): return ["\(name(who)) receives: nothing", ""]
    }
  }

  private func lines(_ step: ScriptDraft.Step) -> [String] {
    func name(_ who: Int) -> String { draft.cast[who].name }
    return switch step {
    case .connects(let who, let password): ["\(name(who)) connects" + (password.map { " with the password: \($0)" } ?? ""), ""]
    case .failsToConnect(let who): ["\(name(who)) fails to connect", ""]
    case .opensConnection(let who): ["\(name(who)) opens a connection", ""]
    case .disconnects(let who): ["\(name(who)) disconnects", ""]
    case .losesConnection(let who): ["\(name(who)) loses the connection", ""]
    case .sends(let who, let element): ["\(name(who)) sends:", "\t\(element.line)", ""]
    case .writes(let who, let bytes): ["\(name(who)) writes:"] + RawBytes(bytes).lines + [""]
    case .changes(let who, let change): ["\(name(who)) \(change.rawValue)", ""]
    case .world(let change): [change.line, ""]
    case .operates(let request, let isRefused): [request.line(isRefused: isRefused), ""]
    case .serverRestarts: ["The server restarts", ""]
    case .serverCrashes: ["The server crashes", ""]
    case .nextCommitFails: ["The next commit fails", ""]
    case .passes(let seconds): ["\(seconds) seconds pass", ""]
    }
  }

  private func loosened(_ element: Element) -> Element {
    let isKnown = draft.steps.contains { if case .sends(_, let sent) = $0 { sent.id == element.id } else { false } }
    let isProbe = ["kept", "before", "after"].contains(element.id) || element.id?.hasPrefix("probe") ?? false
    return element.loosened(keepsID: isKnown || isProbe)
  }
}
