import XML

// The cost of reading and writing a stream. The cost of a stanza must grow with its bytes alone, however they come: byte by byte
// takes a small constant more for each byte than in one piece, and no more for the last byte than for the first.

private let header = Array("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>".utf8)
private let message = Array(
  """
  <message to='romeo@montague.example/orchard' from='juliet@capulet.example/balcony' id='ktx72v49' type='chat' xml:lang='en'>\
  <body>Art thou not Romeo, &amp; a Montague?</body><active xmlns='http://jabber.org/protocol/chatstates'/><x xmlns='a:b'/></message>
  """.utf8)

/// A message of about so many bytes, half of it markup.
private func long(_ bytes: Int) -> [UInt8] {
  let piece =
    "<item jid='user@example.org' name='Some &lt;body&gt;'><group>Friends</group></item>text and text, and more text; and text again"
  return Array(("<message>" + String(repeating: piece, count: bytes / piece.utf8.count) + "</message>").utf8)
}

/// Reads a stanza in pieces of so many bytes.
private func reading(_ stanza: [UInt8], piece: Int) -> () -> Void {
  let pool = ParserPool()
  var parser = StreamParser(limits: .authenticated)
  parser.feed(header)
  _ = parser.next(using: pool)
  return {
    var stanzas = 0
    var start = 0
    while start < stanza.count {
      let end = min(start + piece, stanza.count)
      parser.feed(stanza[start..<end])
      start = end
      while let event = parser.next(using: pool) {
        guard case .stanza = event else { fatalError("\(event)") }
        stanzas += 1
      }
    }
    precondition(stanzas == 1)
  }
}

extension Workload {
  static let reading: [Workload] = [
    Workload("read-message", bytes: message.count) { Workloads.reading(message, piece: message.count) },
    Workload("read-message-in-20s", bytes: message.count) { Workloads.reading(message, piece: 20) },
    Workload("read-200kB", bytes: 200_000, isShort: false) { Workloads.reading(long(200_000), piece: 200_000) },
    Workload("read-20kB-by-byte", bytes: 20_000, isShort: false) { Workloads.reading(long(20_000), piece: 1) },
  ]

  static let writing: [Workload] = [
    Workload("write-message", bytes: message.count) {
      guard let element = try? Element(parsing: message, defaultNamespace: "jabber:client") else { fatalError("the message can't be read") }
      let writer = Writer(defaultNamespace: "jabber:client", declaresStreamPrefix: true)
      return {
        var out: [UInt8] = []
        precondition(writer.write(element, into: &out) < out.count)
      }
    }
  ]
}
