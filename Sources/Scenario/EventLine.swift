internal import XML
internal import XMPP

/// A line on which no character acts: something happens to the server, its disk or the time, which the language of scansion does not have,
/// or whoever runs the server acts.
struct EventLine {
  /// A line that begins as one of these, and goes on otherwise.
  struct Problem: Error {
    var message: String
  }

  /// The longest time that a script may let pass: a day.
  static let mostSeconds = 86_400

  /// For errors.
  static let expected =
    "one of the cast and an action of that character, 'the server restarts', 'the server crashes', 'the next commit fails', "
    + "'the disk …', 'storage can't be read' or 'can be read again', 'the clock is set …', 'the operator …', or 'N seconds pass'"

  private let line: Line
  private let words: [Substring]

  init(_ line: Line) {
    self.line = line
    words = line.text.split(separator: " ")
  }

  /// `nil` for a line that is none of these.
  func event() throws(Problem) -> Action.Event? {
    let lowercased = words.map { $0.lowercased() }
    if let found = EventLine.serverEvents.first(where: { $0.words == lowercased }) { return found.event }
    switch Array(lowercased.prefix(2)) {
    case ["the", "disk"]: return .world(.disk(try disk(Array(lowercased.dropFirst(2)))))
    case ["the", "clock"]: return .world(try clock(Array(lowercased.dropFirst(2))))
    case ["the", "operator"]: return try operation(lowercased)
    default: break
    }
    guard words.count == 3, words[2] == "pass" || words[2] == "passes", words[1] == "seconds" || words[1] == "second" else { return nil }
    guard let seconds = Int(words[0]), (1...EventLine.mostSeconds).contains(seconds) else {
      throw Problem(message: "'\(words[0])' is not a number of seconds from 1 to \(EventLine.mostSeconds)")
    }
    return .timePasses(seconds: seconds)
  }

  private static let serverEvents: [(words: [String], event: Action.Event)] = [
    (["the", "server", "restarts"], .serverRestarts), (["the", "server", "crashes"], .serverCrashes),
    (["the", "next", "commit", "fails"], .nextCommitFails), (["storage", "can't", "be", "read"], .world(.storage(isReadable: false))),
    (["storage", "can", "be", "read", "again"], .world(.storage(isReadable: true))),
  ]

  // MARK: The world

  private func clock(_ rest: [String]) throws(Problem) -> WorldChange {
    guard rest.count == 5, rest.starts(with: ["is", "set"]), ["second", "seconds"].contains(rest[3]), ["ahead", "back"].contains(rest[4]),
      let seconds = Int(rest[2]), (1...WorldChange.clockSeconds.upperBound).contains(seconds)
    else {
      throw Problem(
        message: "the clock can't do this: expected 'the clock is set 60 seconds ahead' or 'back', at most "
          + "\(WorldChange.clockSeconds.upperBound) seconds")
    }
    return .clock(seconds: rest[4] == "ahead" ? seconds : -seconds)
  }

  private func disk(_ rest: [String]) throws(Problem) -> DiskState {
    switch rest {
    case ["is", "full"]: return .full
    case ["hangs"]: return .hung
    case ["works", "again"]: return .well
    case _ where rest.count == 5 && rest[0] == "takes" && rest.suffix(3) == ["times", "as", "long"]:
      guard let times = Int(rest[1]), DiskState.times.contains(times) else {
        throw Problem(message: "'\(rest[1])' is not a number from \(DiskState.times.lowerBound) to \(DiskState.times.upperBound)")
      }
      return .slow(times: times)
    default:
      throw Problem(
        message: "the disk can't do this: expected 'the disk is full', 'the disk takes 20 times as long', 'the disk hangs' or "
          + "'the disk works again'")
    }
  }

  // MARK: The operator

  private static let forms =
    "expected 'the operator adds ADDRESS with the password: PASSWORD', 'the operator changes the password of ADDRESS to: PASSWORD', "
    + "'the operator deletes ADDRESS', 'disables' or 'enables', or the same with 'fails to'"

  private func operation(_ words: [String]) throws(Problem) -> Action.Event {
    var rest = words.dropFirst(2)
    let isRefused = rest.starts(with: ["fails", "to"])
    if isRefused { rest = rest.dropFirst(2) }
    guard var verb = rest.first else { throw Problem(message: EventLine.forms) }
    if !isRefused {
      guard verb.last == "s" else { throw Problem(message: "the operator can't '\(verb)': \(EventLine.forms)") }
      verb.removeLast()
    }
    let first = rest.startIndex + 1
    let request: OperatorRequest
    switch verb {
    case "add":
      let password = try secret(behind: ["with", "the", "password:"], at: first + 1, words)
      request = OperatorRequest(.add(password: password), try address(at: first))
    case "change" where rest.dropFirst().starts(with: ["the", "password", "of"]):
      let password = try secret(behind: ["to:"], at: first + 4, words)
      request = OperatorRequest(.changePassword(to: password), try address(at: first + 3))
    case "delete": request = OperatorRequest(.delete, try lastAddress(at: first))
    case "disable": request = OperatorRequest(.disable, try lastAddress(at: first))
    case "enable": request = OperatorRequest(.enable, try lastAddress(at: first))
    default: throw Problem(message: "the operator can't '\(verb)': \(EventLine.forms)")
    }
    return .operates(request, isRefused: isRefused)
  }

  /// The address that is the line's last word.
  private func lastAddress(at place: Int) throws(Problem) -> Text {
    guard words.count == place + 1 else {
      throw Problem(message: words.count > place + 1 ? "something stands behind the address" : EventLine.forms)
    }
    return try address(at: place)
  }

  private func address(at place: Int) throws(Problem) -> Text {
    guard words.indices.contains(place) else { throw Problem(message: EventLine.forms) }
    guard let jid = JID(Text(words[place])), jid.isBare, !jid.local.isEmpty else {
      throw Problem(message: "'\(words[place])' is not the address of an account, such as juliet@localhost")
    }
    return jid.text
  }

  /// The text behind some words, which stand at a place of the line, to the line's end.
  private func secret(behind marker: [String], at place: Int, _ lowercased: [String]) throws(Problem) -> Text {
    guard lowercased.dropFirst(place).starts(with: marker) else { throw Problem(message: EventLine.forms) }
    let last = words[place + marker.count - 1]
    let secret = line.text[last.endIndex...].trimmedSpace
    guard !secret.isEmpty else { throw Problem(message: "the password is missing behind '\(marker.joined(separator: " "))'") }
    return Text(secret)
  }
}
