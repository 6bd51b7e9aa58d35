import Testing

@testable import Simulation

/// The verdict of libxml2 alone on a server's output.
struct OutputStreamsTests {
  static let header =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='i' from='localhost' version='1.0' xml:lang='en'>"

  private func problem(_ pieces: [String]) -> String? {
    var streams = OutputStreams()
    for piece in pieces { streams.received(Array(piece.utf8), by: 3) }
    return streams.endOfStream(3)
  }

  @Test(arguments: [
    [header], [header, "<message/>"], [header, "<mess", "age><body>a &amp; b</body></message>", "</stream:stream>"], [header, "<message"],
    [header, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>dj0=</success>", header, "<iq/>"],
    [header, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>" + header],
  ])
  func passes(_ pieces: [String]) { #expect(problem(pieces) == nil) }

  @Test(arguments: [
    ("not well-formed", [header, "<message>", "</iq>"]), ("not well-formed", [header, "</stream:stream>", "<message/>"]),
    ("not well-formed", [header, header]), ("not well-formed", [header, "<message to='a' to='b'/>"]),
    ("a namespace is wrong", [header, "<message><a:b/></message>"]), ("11.1", [header, "<message><!-- x --></message>"]),
    ("11.1", [header, "<message><?pi?></message>"]), ("between the stanzas", [header, "stray<message/>"]),
    ("strange namespace", [header, "<a xmlns='urn:a'/>"]), ("in no namespace", [header, "<message><a xmlns=''/></message>"]),
    ("no id", [header.replacing(" id='i'", with: "")]), ("not from this server", [header.replacing("localhost", with: "elsewhere")]),
    ("no language", [header.replacing(" xml:lang='en'", with: "")]), ("no version", [header.replacing("version='1.0' xml", with: "xml")]),
    ("no stream", [header.replacing("etherx", with: "other")]), ("beside the stream", ["<!-- x -->" + header.dropFirst(21)]),
  ])
  func refuses(_ why: String, _ pieces: [String]) { #expect(problem(pieces)?.contains(why) ?? false, "\(problem(pieces) ?? "nothing")") }

  /// The bytes of one stream are no part of the next.
  @Test func streamsAreJudgedOneByOne() {
    var streams = OutputStreams()
    streams.received(Array("<a></b>".utf8), by: 0)
    #expect(streams.endOfStream(0) != nil)
    streams.received(Array(Self.header.utf8), by: 0)
    #expect(streams.endOfStream(0) == nil)
    #expect(streams.endOfStream(7) == nil)
  }
}
