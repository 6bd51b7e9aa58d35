internal import Scenario
internal import XML

/// Scripts of scansion: an error names a line that there is, and a script that was read can be printed and reads the same.
enum ScriptCheck {
  static func check(_ bytes: [UInt8]) -> Finding {
    let source = String(decoding: bytes, as: UTF8.self)
    let lines = source.utf8.count { $0 == 0x0A } + 1
    let script: Script
    do throws(ScriptError) {
      script = try Script(parsing: source, name: "name")
    } catch {
      if !(1...lines).contains(error.line) { return .fault("the error \(error) is in none of \(lines) lines") }
      return error.message.isEmpty ? .fault("a script is refused without a word") : .refused
    }
    if let fault = shapeFault(of: script, lines: lines) { return .fault("\(fault) in \(source.debugDescription)") }
    // Where one name is another and more, the line of one may be taken for the line of the other, depending on the white space between the words.
    let isAmbiguous = script.cast.contains { a in script.cast.contains { b in a.name != b.name && b.name.utf8.starts(with: a.name.utf8) } }
    if isAmbiguous { return .good(1) }
    let printed = ScriptPrinter.print(script)
    do throws(ScriptError) {
      let again = try Script(parsing: printed, name: "name")
      if let fault = difference(script, again) { return .fault("\(fault) in \(printed.debugDescription)") }
    } catch {
      return .fault("printed, a script is refused: \(error) in \(printed.debugDescription)")
    }
    return .good(1 + script.cast.count + script.actions.count)
  }

  private static func shapeFault(of script: Script, lines: Int) -> String? {
    var names: [String] = []
    for character in script.cast {
      if names.contains(where: { $0.utf8.elementsEqual(character.name.utf8) }) || character.name.isEmpty {
        return "a second \(character.name)"
      }
      names.append(character.name)
      if character.jid.isEmpty || character.password.isEmpty { return "\(character.name) can't log in" }
    }
    let places = script.cast.map(\.line) + script.actions.map(\.line)
    // Each stands on a line of its own, in order: so there are no more than lines.
    if zip(places, places.dropFirst()).contains(where: { $0 >= $1 }) || !places.allSatisfy({ (1...lines).contains($0) }) {
      return "lines \(places) of \(lines)"
    }
    for action in script.actions {
      switch action.event {
      case .timePasses(let seconds): if !(1...86_400).contains(seconds) { return "\(seconds) seconds" }
      case .character(let name, _): if !names.contains(where: { $0.utf8.elementsEqual(name.utf8) }) { return "nobody is \(name)" }
      case .world(.disk(.slow(let times))): if !DiskState.times.contains(times) { return "a disk that takes \(times) times as long" }
      case .world(.clock(let seconds)): if seconds == 0 || abs(seconds) > 86_400 { return "a clock that is set by \(seconds) s" }
      case .serverRestarts, .serverCrashes, .nextCommitFails, .world, .operates: break
      }
    }
    return nil
  }

  private static func difference(_ a: Script, _ b: Script) -> String? {
    if !a.title.utf8.elementsEqual(b.title.utf8) || !a.description.utf8.elementsEqual(b.description.utf8) {
      return "the title \(b.title.debugDescription) and not \(a.title.debugDescription), or another description"
    }
    if a.tags.map({ "\($0)" }) != b.tags.map({ "\($0)" }) { return "other tags" }
    let casts = [a.cast, b.cast].map { cast in
      cast.map {
        "\($0.name) \($0.jid) \($0.password) \($0.resource ?? "") \($0.connectHost ?? "") \($0.connectPort ?? 0) \($0.isDirectTLS)"
      }
    }
    if casts[0] != casts[1] { return "another cast" }
    if a.actions.map(words) != b.actions.map(words) { return "other actions" }
    return nil
  }

  private static func words(_ action: Action) -> String {
    switch action.event {
    case .serverRestarts: "restart"
    case .serverCrashes: "crash"
    case .nextCommitFails: "failure"
    case .timePasses(let seconds): "\(seconds)"
    case .world(let change): change.line
    case .operates(let request, let isRefused): request.line(isRefused: isRefused)
    case .character(let name, .connects(let password)): "\(name) connects \(password ?? "")"
    case .character(let name, .failsToConnect(let password)): "\(name) fails \(password ?? "")"
    case .character(let name, .opensConnection): "\(name) opens"
    case .character(let name, .writes(let bytes)): "\(name) writes \(bytes.times) \(bytes.lines)"
    case .character(let name, .disconnects): "\(name) disconnects"
    case .character(let name, .losesConnection): "\(name) loses"
    case .character(let name, .connection(let change)): "\(name) \(change.rawValue)"
    case .character(let name, .sends(let template)): "\(name) sends \(template.element)"
    case .character(let name, .receives(let template)): "\(name) receives \(template.element)"
    case .character(let name, .receivesNext(let template)): "\(name) next \(template.element)"
    case .character(let name, .receivesNothing): "\(name) nothing"
    }
  }
}

/// Prints a script. Stanzas stand on one line each, with references for the ends of lines.
private enum ScriptPrinter {
  static func print(_ script: Script) -> String {
    var lines = script.title == "name" && script.description.isEmpty ? [] : ["# \(script.title)"]
    if !script.description.isEmpty {
      lines += script.description.utf8.split(separator: 0x0A).map { "# " + String(decoding: $0, as: UTF8.self) }
    }
    lines += script.tags.map { "## \($0.name)" + ($0.value.map { ": \($0)" } ?? "") }
    for character in script.cast {
      lines += ["[Client] \(character.name)", "\tjid: \(character.jid)", "\tpassword: \(character.password)"]
      if let resource = character.resource { lines.append("\tresource: \(resource)") }
      if let host = character.connectHost { lines.append("\tconnect_host: \(host)") }
      if let port = character.connectPort { lines.append("\tconnect_port: \(port)") }
      if character.isDirectTLS { lines.append("\tdirect_tls: true") }
    }
    lines.append("-----")
    for action in script.actions { lines += self.lines(action) }
    return lines.joined(separator: "\n")
  }

  private static func lines(_ action: Action) -> [String] {
    switch action.event {
    case .serverRestarts: ["the server restarts"]
    case .serverCrashes: ["the server crashes"]
    case .nextCommitFails: ["the next commit fails"]
    case .timePasses(let seconds): ["\(seconds) seconds pass"]
    case .world(let change): [change.line]
    case .operates(let request, let isRefused): [request.line(isRefused: isRefused)]
    case .character(let name, .connects(let password)): ["\(name) connects" + with(password)]
    case .character(let name, .failsToConnect(let password)): ["\(name) fails to connect" + with(password)]
    case .character(let name, .opensConnection): ["\(name) opens a connection"]
    case .character(let name, .writes(let bytes)): ["\(name) writes \(bytes.times) times:"] + bytes.lines
    case .character(let name, .disconnects): ["\(name) disconnects"]
    case .character(let name, .losesConnection): ["\(name) loses the connection"]
    case .character(let name, .connection(let change)): ["\(name) \(change.rawValue)"]
    case .character(let name, .sends(let template)): ["\(name) sends:", "\t\(oneLine(template))"]
    case .character(let name, .receives(let template)): ["\(name) receives:", "\t\(oneLine(template))"]
    case .character(let name, .receivesNext(let template)): ["\(name) receives next:", "\t\(oneLine(template))"]
    case .character(let name, .receivesNothing): ["\(name) receives: nothing"]
    }
  }

  private static func with(_ password: Text?) -> String { password.map { " with the password: \($0)" } ?? "" }

  private static func oneLine(_ template: Template) -> String {
    let written = template.element.serialized(defaultNamespace: "jabber:client")
    return String(decoding: written.flatMap { $0 == 0x0A ? Array("&#10;".utf8) : [$0] }, as: UTF8.self)
  }
}
