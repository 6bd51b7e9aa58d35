import Testing
import XML

let clientHeader = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

/// Everything that a fresh parser makes of the bytes, fed in one piece.
func events(_ bytes: some Sequence<UInt8>, limits: StreamLimits = .authenticated, pool: ParserPool = ParserPool()) -> [StreamParser.Event] {
  var parser = StreamParser(limits: limits)
  parser.feed(bytes)
  return parser.drain(pool)
}

func events(_ text: String, limits: StreamLimits = .authenticated) -> [StreamParser.Event] { events(text.utf8, limits: limits) }

/// The events behind the header of a client's stream.
func inStream(_ text: String, limits: StreamLimits = .authenticated) -> [StreamParser.Event] {
  inStream(Array(text.utf8), limits: limits)
}

func inStream(_ bytes: [UInt8], limits: StreamLimits = .authenticated) -> [StreamParser.Event] {
  Array(events(Array(clientHeader.utf8) + bytes, limits: limits).dropFirst())
}

/// The one stanza that the text is.
func stanza(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Element {
  let found = inStream(text)
  guard case .stanza(let element)? = found.first else {
    Issue.record("no stanza but \(found)", sourceLocation: sourceLocation)
    throw NoStanza()
  }
  #expect(found.count == 1, sourceLocation: sourceLocation)
  return element
}

struct NoStanza: Error {}

extension StreamParser {
  /// The events that are ready.
  mutating func drain(_ pool: ParserPool) -> [Event] {
    var events: [Event] = []
    while let event = next(using: pool) { events.append(event) }
    return events
  }
}
