import XMPP

@testable import ServerCore
@testable import XML

/// A stream between servers that is told one thing after the other, and what it says and does, a line each.
struct RemoteTranscript<Stream> {
  var stream: Stream
  let setting: SharedConfiguration
  private var random = RandomSource(key: [1])
  private(set) var inquiries = Inquiries()
  var now: Int64 = 0
  /// The last question about certificates.
  private(set) var question: InquiryID?
  let connection = ConnectionID(1)

  init(_ stream: Stream, _ change: (inout Configuration) -> Void = { _ in }) {
    var configuration = Configuration(domains: ["near.example"])
    configuration[flag: .federation] = true
    change(&configuration)
    setting = SharedConfiguration(configuration)
    self.stream = stream
  }

  mutating func perform(_ body: (inout Stream, inout Transaction) -> String?) -> [String] {
    var transaction = Transaction(now: Instant(monotonic: now, wall: now), setting: setting)
    swap(&transaction.random, &random)
    swap(&transaction.inquiries, &inquiries)
    let word = body(&stream, &transaction)
    swap(&transaction.random, &random)
    swap(&transaction.inquiries, &inquiries)
    var lines: [String] = []
    for effect in transaction.immediate {
      if case .ask(let id, _) = effect { question = id }
      lines.append(describe(effect))
    }
    transaction.outputs.close()
    for effect in transaction.outputs.effects { lines.append("late: \(effect)") }
    return lines + (word.map { [$0] } ?? [])
  }

  /// Answers the question about certificates, or an older one; `nil` if it is open no more.
  mutating func settle(
    _ id: InquiryID? = nil, _ answer: Answer, _ body: (inout Stream, consuming SettledInquiry, inout Transaction) -> String?
  ) -> [String] {
    guard let id = id ?? question, let settled = inquiries.settle(id, with: answer) else { return ["ignored"] }
    var kept: SettledInquiry? = consume settled
    return perform { body(&$0, kept.take()!, &$1) }
  }

  static func header(from: Text?, to: Text?, namespace: Text = NS.server, version: Text? = "1.0") -> StreamParser.Header {
    var root = Element("stream", NS.streams)
    root["from"] = from
    root["to"] = to
    root["version"] = version
    return StreamParser.Header(element: root, contentNamespace: namespace)
  }

  private func describe(_ effect: Effect) -> String {
    switch effect {
    case .write(let element, _, _):
      let children = element.children.map { child in ([child.name.string] + child.children.map(\.name.string)).joined(separator: ".") }
      let content = children.isEmpty ? element.text.string : children.joined(separator: " ")
      return content.isEmpty ? element.name.string : "\(element.name): \(content)"
    case .openStream(_, let opening): return "header \(opening.from ?? "-") -> \(opening.to ?? "-")\(opening.id == nil ? "" : " with id")"
    case .closeStream: return "end of stream"
    case .close: return "close"
    case .startTLS(_, .server(let domain, let asks)): return "TLS as \(domain)\(asks ? ", asking" : "")"
    case .startTLS(_, .client(let name, let domain)): return "TLS with \(name) as \(domain)"
    case .restart(_, let limits): return limits == setting.configuration.limits.remoteStream ? "restart for stanzas" : "restart"
    case .pause: return "pause"
    case .resume: return "resume"
    case .discardInput: return "discard"
    case .ask(_, .verify(let question)): return "verify \(question.side)"
    default: return "\(effect)"
    }
  }
}

extension CertificateVerdict {
  static func trusted(_ names: Text...) -> Answer { .verdict(.trusted(PresentedNames(dns: names), until: 1000)) }
}
