internal import SASL
internal import ServerCore
internal import ServerNIO
internal import XML
internal import XMPP

/// Properties of what the adapter reads from others: a configuration file, lines on the control socket, and the beginning of a TLS handshake.
public enum AdapterCheck {
  /// The reader of an input, which its first byte chooses.
  public enum Kind: Int, CaseIterable, Sendable {
    case configuration, request, answer, clientHello

    init(_ byte: UInt8) { self = Kind(rawValue: Int(byte) % Kind.allCases.count) ?? .configuration }
  }

  /// - Returns: the property that does not hold, in words; `nil` if all hold.
  public static func fault(in input: [UInt8]) -> String? { check(input).fault }

  /// 0 if the input was refused, and else more the more there was in it.
  public static func depth(of input: [UInt8]) -> Int { check(input).depth }

  private static func check(_ input: [UInt8]) -> (fault: String?, depth: Int) {
    guard let first = input.first else { return (nil, 0) }
    let bytes = Array(input.dropFirst())
    switch Kind(first) {
    case .configuration: return configuration(bytes)
    case .request: return request(bytes)
    case .answer: return answer(bytes)
    case .clientHello: return ClientHelloCheck.check(bytes)
    }
  }

  // MARK: Configuration

  /// An error names the file and a line that there is; a configuration that was read is one that a server can be made of.
  private static func configuration(_ bytes: [UInt8]) -> (fault: String?, depth: Int) {
    let yaml = String(decoding: bytes, as: UTF8.self)
    do throws(SetupError) {
      let read = try ServeConfiguration(yaml: yaml, file: "file", folder: "/folder")
      if let fault = fault(of: read) { return ("\(fault): \(yaml.debugDescription)", 1) }
      let standard = ServeConfiguration()
      let changed = Limit.all.count { read.core.limits.value(of: $0) != standard.core.limits.value(of: $0) }
      return (nil, 1 + changed + (read.core.domains == standard.core.domains ? 0 : 1) + read.listeners.count)
    } catch {
      let words = "\(error)"
      // YAML has more line ends than LF (YAML 1.1, 5.4), and an error may show behind the last line.
      let lines = yaml.unicodeScalars.count { "\n\r\u{85}\u{2028}\u{2029}".unicodeScalars.contains($0) } + 2
      let parts = words.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3, parts[0] == "file", let line = Int(parts[1]), (1...lines).contains(line), parts[2].utf8.count > 5 else {
        return ("the error \(words.debugDescription) names no place in \(yaml.debugDescription)", 0)
      }
      return (nil, 0)
    }
  }

  private static func fault(of read: ServeConfiguration) -> String? {
    if let problem = read.core.problem { return problem }
    for limit in Limit.all {
      let value = read.core.limits.value(of: limit)
      guard value != limit.standard, let settable = limit.settable else {
        if value != limit.standard { return "\(limit.name) can't be set, and is" }
        continue
      }
      let number = limit.unit == .seconds ? value / 1_000_000_000 : value
      if !settable.contains(Int(number)) || limit.unit == .seconds && value % 1_000_000_000 != 0 { return "\(limit.name) is \(value)" }
    }
    if Set(read.core.domains.map(\.string)).count != read.core.domains.count { return "a domain stands twice" }
    if !(1...64).contains(read.eventLoops) { return "\(read.eventLoops) event loops" }
    if !read.dataFolder.utf8.starts(with: "/".utf8) { return "the data folder is \(read.dataFolder)" }
    let isPort: (ServeConfiguration.Listener) -> Bool = { (0...65535).contains($0.port) && !$0.address.isEmpty }
    return read.listeners.allSatisfy(isPort) ? nil : "the listeners are \(read.listeners)"
  }

  // MARK: Control socket

  /// A line that is a request is written as a line that asks the same.
  private static func request(_ bytes: [UInt8]) -> (fault: String?, depth: Int) {
    guard let request = ControlLine.decode(ControlMessage.self, bytes)?.request else { return (nil, 0) }
    let line = ControlLine.encode(ControlMessage(request))
    if line.firstIndex(of: 0x0A) != line.count - 1 { return ("a request is no line: \(line)", 1) }
    guard let again = ControlLine.decode(ControlMessage.self, line.dropLast())?.request else {
      return ("a request is not understood: \(line)", 1)
    }
    let (a, b) = (words(request), words(again))
    return (a == b ? nil : "\(a) became \(b)", 1 + a.utf8.count)
  }

  private static func words(_ request: ControlRequest) -> String {
    switch request {
    case .addAccount(let jid, let password): "add \(jid.text) \(password.withBytes { "\($0)" })"
    case .changePassword(let jid, let password): "passwd \(jid.text) \(password.withBytes { "\($0)" })"
    case .deleteAccount(let jid): "delete \(jid.text)"
    case .disableAccount(let jid): "disable \(jid.text)"
    case .enableAccount(let jid): "enable \(jid.text)"
    case .listAccounts: "list"
    }
  }

  private static func answer(_ bytes: [UInt8]) -> (fault: String?, depth: Int) {
    guard let reply = ControlLine.decode(ControlAnswer.self, bytes)?.reply else { return (nil, 0) }
    let line = ControlLine.encode(ControlAnswer(reply))
    if line.firstIndex(of: 0x0A) != line.count - 1 { return ("an answer is no line: \(line)", 1) }
    guard let again = ControlLine.decode(ControlAnswer.self, line)?.reply, again == reply else {
      return ("\(reply) is not what \(line) says", 1)
    }
    if case .accounts(let list) = reply { return (nil, 1 + list.count) }
    return (nil, 1)
  }
}
