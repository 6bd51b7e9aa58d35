internal import XML

/// Reads scripts: first title, tags and cast, then, behind a line of dashes, the actions.
struct ScriptParser {
  private let lines: [Line]
  private var next = 0
  private var script: Script
  private let pool = ParserPool()

  init(source: String, name: String) {
    lines = Line.all(of: source)
    script = Script(name: name)
  }

  mutating func parse() throws(ScriptError) -> Script {
    try readCast()
    while next < lines.count { try readAction() }
    return script
  }

  private func error(_ line: Int, _ message: String) -> ScriptError {
    ScriptError(name: script.name, line: line, message: message)
  }

  // MARK: Title and cast

  private mutating func readCast() throws(ScriptError) {
    var comments: [String] = []
    var ended = false
    while !ended {
      guard next < lines.count else { throw error(lines.count, "no line of five or more dashes ends the cast") }
      let line = lines[next]
      next += 1
      if line.isRule {
        ended = true
      } else if line.isComment {
        readComment(line, into: &comments)
      } else if line.trimmed.startsWith("[") && !line.isIndented {
        try readCharacter(line)
      } else if !line.isBlank {
        throw error(line.number, "expected a character such as '[Client] Romeo', or a line of five or more dashes")
      }
    }
    script.title = comments.first ?? script.name
    script.description = comments.dropFirst().joined(separator: "\n")
  }

  private mutating func readComment(_ line: Line, into comments: inout [String]) {
    let text = line.trimmed
    let hashes = text.utf8.prefix { $0 == UInt8(ascii: "#") }.count
    let content = Substring(text.utf8.dropFirst(hashes)).trimmedSpace
    if hashes == 2, !content.isEmpty {
      let (key, value) = ScriptParser.splitAtColon(content)
      script.tags.append(Script.Tag(name: String(key), value: value.map { String($0) }))
    } else if hashes == 1, script.cast.isEmpty, !content.isEmpty {
      comments.append(String(content))
    }
  }

  private mutating func readCharacter(_ head: Line) throws(ScriptError) {
    let title = head.trimmed
    guard title.startsWith("[Client]") else { throw error(head.number, "the only kind of character is [Client]") }
    let name = Substring(title.utf8.dropFirst("[Client]".utf8.count)).trimmedSpace
    guard !name.isEmpty else { throw error(head.number, "the character has no name") }
    guard !script.cast.contains(where: { name.isSame(as: $0.name) }) else {
      throw error(head.number, "there is another character called \(name)")
    }
    var settings = CharacterSettings()
    while next < lines.count, lines[next].isIndented || lines[next].isBlank {
      let line = lines[next]
      next += 1
      if line.isBlank || line.isComment { continue }
      let (key, value) = ScriptParser.splitAtColon(line.trimmed)
      guard let value, !value.isEmpty else { throw error(line.number, "expected 'key: value'") }
      if let problem = settings.set(key, value) { throw error(line.number, problem) }
    }
    guard let jid = settings.jid else { throw error(head.number, "\(name) has no jid") }
    guard let password = settings.password else { throw error(head.number, "\(name) has no password") }
    let ofJID = Substring(jid.utf8.drop { $0 != UInt8(ascii: "/") }.dropFirst())
    let resource = settings.resource ?? (ofJID.isEmpty ? nil : ofJID)
    script.cast.append(
      Character(
        name: String(name), jid: Text(jid), password: Text(password), resource: resource.map { Text($0) },
        connectHost: settings.connectHost.map { String($0) }, connectPort: settings.connectPort,
        isDirectTLS: settings.isDirectTLS ?? false, line: head.number))
  }

  /// `key: value`; the value is nil where there is no colon.
  private static func splitAtColon(_ text: Substring) -> (Substring, Substring?) {
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return (text, nil) }
    return (text[..<colon].trimmedSpace, text[text.utf8.index(after: colon)...].trimmedSpace)
  }

  // MARK: Actions

  private mutating func readAction() throws(ScriptError) {
    let line = lines[next]
    next += 1
    if line.isBlank || line.isComment { return }
    guard !line.isIndented else { throw error(line.number, "this indented line belongs to no action") }
    guard let character = actor(in: line.text) else { return try readEvent(line) }
    let name = character.name
    let words = Substring(line.text.utf8.dropFirst(name.utf8.count)).trimmedSpace
    script.actions.append(Action(line: line.number, event: .character(name, try verb(words, by: name, line))))
  }

  private mutating func readEvent(_ line: Line) throws(ScriptError) {
    let event: Action.Event?
    do throws(EventLine.Problem) {
      event = try EventLine(line).event()
    } catch {
      throw self.error(line.number, error.message)
    }
    guard let event else { throw error(line.number, "expected " + EventLine.expected) }
    script.actions.append(Action(line: line.number, event: event))
  }

  private mutating func verb(_ words: Substring, by name: String, _ line: Line) throws(ScriptError) -> Action.Verb {
    switch String(words) {
    case "connects": return .connects()
    case "fails to connect": return .failsToConnect()
    case "opens a connection": return .opensConnection
    case "disconnects": return .disconnects
    case "loses the connection": return .losesConnection
    case let words where ConnectionChange(rawValue: words) != nil: return .connection(ConnectionChange(rawValue: words)!)
    case "sends:": return .sends(try readTemplate(for: line, isSent: true))
    case "writes:": return .writes(try readBytes(for: line, times: 1))
    case "receives:": return .receives(try readTemplate(for: line, isSent: false))
    case "receives next:": return .receivesNext(try readTemplate(for: line, isSent: false))
    default: break
    }
    if let rest = words.behind("receives:"), rest.isSame(as: "nothing") { return .receivesNothing }
    if let password = words.behind("connects with the password:"), !password.isEmpty { return .connects(password: Text(password)) }
    if let password = words.behind("fails to connect with the password:"), !password.isEmpty {
      return .failsToConnect(password: Text(password))
    }
    if let rest = words.behind("writes "), let count = rest.before(" times:") {
      guard let times = Int(count), RawBytes.repetitions.contains(times) else {
        throw error(line.number, "'\(count)' is not a number from 1 to \(RawBytes.repetitions.upperBound)")
      }
      return .writes(try readBytes(for: line, times: times))
    }
    throw error(
      line.number,
      "\(name) can't '\(words)': expected 'connects', 'fails to connect', either of them 'with the password: PASSWORD', "
        + "'opens a connection', 'disconnects', 'loses the connection', 'stops reading', 'reads again', 'stalls', 'goes on', 'sends:', 'writes:', 'writes 20 times:', 'receives:', "
        + "'receives next:' or 'receives: nothing'")
  }

  /// The longest name that the line begins with: `Juliet's phone` is not Juliet.
  private func actor(in text: Substring) -> Character? {
    var found: Character?
    for character in script.cast where text.startsWith(character.name) && character.name.utf8.count > (found?.name.utf8.count ?? 0) {
      let after = text.utf8.dropFirst(character.name.utf8.count).first
      if after == 0x20 || after == 0x09 { found = character }
    }
    return found
  }

  /// The indented lines under an action's line; the first is neither blank nor a comment.
  private mutating func readBlock() -> [Line] {
    while next < lines.count, lines[next].isBlank || lines[next].isComment { next += 1 }
    let start = next
    while next < lines.count, lines[next].isIndented || lines[next].isBlank { next += 1 }
    return Array(lines[start..<next])
  }

  /// The bytes under an action's line.
  private mutating func readBytes(for head: Line, times: Int) throws(ScriptError) -> RawBytes {
    let block = readBlock()
    guard !block.isEmpty else { throw error(head.number, "the bytes must follow, in indented lines") }
    do throws(RawBytes.Problem) {
      return try RawBytes(block, times: times)
    } catch {
      throw self.error(error.line, error.message)
    }
  }

  /// The stanza under an action's line.
  private mutating func readTemplate(for head: Line, isSent: Bool) throws(ScriptError) -> Template {
    let lines = readBlock()
    guard !lines.isEmpty else { throw error(head.number, "an indented stanza must follow") }
    let block = StanzaBlock(lines: lines)
    do throws(StanzaBlock.Problem) {
      return try block.template(cast: script.cast, isSent: isSent, using: pool)
    } catch {
      throw self.error(error.line, error.message)
    }
  }
}

/// The settings that stand under a character's name.
private struct CharacterSettings {
  var jid: Substring?
  var password: Substring?
  var resource: Substring?
  var connectHost: Substring?
  var connectPort: Int?
  var isDirectTLS: Bool?

  /// Returns what is wrong, if anything is.
  mutating func set(_ key: Substring, _ value: Substring) -> String? {
    func put(_ place: inout Substring?) -> String? {
      guard place == nil else { return "\(key) is given twice" }
      place = value
      return nil
    }
    switch String(key) {
    case "jid": return put(&jid)
    case "password": return put(&password)
    case "resource": return put(&resource)
    case "connect_host": return put(&connectHost)
    case "connect_port":
      guard connectPort == nil else { return "\(key) is given twice" }
      guard let port = Int(value), (1...65535).contains(port) else { return "'\(value)' is not a port" }
      connectPort = port
      return nil
    case "direct_tls":
      guard isDirectTLS == nil else { return "\(key) is given twice" }
      guard let flag = Bool(String(value)) else { return "'\(value)' is neither true nor false" }
      isDirectTLS = flag
      return nil
    default: return "unknown setting '\(key)': expected jid, password, resource, connect_host, connect_port or direct_tls"
    }
  }
}
