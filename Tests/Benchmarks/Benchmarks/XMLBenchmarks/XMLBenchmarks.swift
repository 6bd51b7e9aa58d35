import Benchmark
import XML

/// What reading a stream costs. The cost of a stanza must grow with its bytes alone, however they come: 200 kB byte by byte take a small
/// constant more for each byte than in one piece, and no more for the last byte than for the first.
let benchmarks: @Sendable () -> Void = {
  let configuration = Benchmark.Configuration(metrics: [.wallClock, .mallocCountTotal, .throughput], maxDuration: .seconds(2))

  let header = Array("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>".utf8)
  let message = Array(
    """
    <message to='romeo@montague.example/orchard' from='juliet@capulet.example/balcony' id='ktx72v49' type='chat' xml:lang='en'>\
    <body>Art thou not Romeo, &amp; a Montague?</body><active xmlns='http://jabber.org/protocol/chatstates'/><x xmlns='a:b'/></message>
    """.utf8)

  /// A message of about so many bytes, half of it markup.
  func long(_ bytes: Int) -> [UInt8] {
    let piece =
      "<item jid='user@example.org' name='Some &lt;body&gt;'><group>Friends</group></item>text and text, and more text; and text again"
    return Array(("<message>" + String(repeating: piece, count: bytes / piece.utf8.count) + "</message>").utf8)
  }

  func read(_ stanza: [UInt8], piece: Int, times: Int, _ pool: ParserPool) {
    var parser = StreamParser(limits: .authenticated)
    parser.feed(header)
    _ = parser.next(using: pool)
    var stanzas = 0
    for _ in 0..<times {
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
    }
    precondition(stanzas == times)
  }

  for (name, stanza) in [("50 kB", long(50_000)), ("200 kB", long(200_000))] {
    for piece in [stanza.count, 1] {
      Benchmark("Read \(name), \(piece == 1 ? "byte by byte" : "whole")", configuration: configuration) { benchmark in
        let pool = ParserPool()
        benchmark.startMeasurement()
        read(stanza, piece: piece, times: 1, pool)
      }
    }
  }

  Benchmark("Read 1000 messages of \(message.count) bytes", configuration: configuration) { benchmark in
    let pool = ParserPool()
    benchmark.startMeasurement()
    read(message, piece: message.count, times: 1000, pool)
  }

  Benchmark("Read 1000 messages of \(message.count) bytes, in one chunk", configuration: configuration) { benchmark in
    let pool = ParserPool()
    let chunk = [UInt8](Array(repeating: message, count: 1000).joined())
    var parser = StreamParser(limits: .authenticated)
    parser.feed(header)
    _ = parser.next(using: pool)
    benchmark.startMeasurement()
    parser.feed(chunk)
    var stanzas = 0
    while parser.next(using: pool) != nil { stanzas += 1 }
    precondition(stanzas == 1000)
  }

  Benchmark("Write 1000 messages of \(message.count) bytes", configuration: configuration) { benchmark in
    guard let element = try? Element(parsing: message, defaultNamespace: "jabber:client") else { fatalError("the message can't be read") }
    let writer = Writer(defaultNamespace: "jabber:client", declaresStreamPrefix: true)
    benchmark.startMeasurement()
    for _ in 0..<1000 {
      var out: [UInt8] = []
      blackHole(writer.write(element, into: &out))
      blackHole(out)
    }
  }
}
