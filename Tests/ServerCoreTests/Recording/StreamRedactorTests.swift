import Testing
import XML

@testable import ServerCore

struct StreamRedactorTests {
  static let standIns = StandIns(secret: [1, 2, 3], keepsText: false)

  /// What is left once all patches are in, if the text comes in these pieces.
  static func redact(_ text: String, pieces: [Int] = [], keepsText: Bool = false) -> String {
    var redactor = StreamRedactor(keepsText: keepsText)
    var out: [UInt8] = []
    var rest = Array(text.utf8)[...]
    for size in pieces + [rest.count] {
      var piece = Array(rest.prefix(size))
      rest = rest.dropFirst(size)
      let patches = redactor.redact(&piece) { standIns.text($0, $1, in: nil) }
      out += piece
      for patch in patches { out.replaceSubrange(Int(patch.place)..<Int(patch.place) + patch.bytes.count, with: patch.bytes) }
    }
    return String(decoding: out, as: UTF8.self)
  }

  static let header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

  @Test func textIsMaskedAndMarkupStays() {
    let stanza = "<message to='juliet@capulet'><body>  But soft! &lt;what&gt; ☀</body><x a='b>c'/></message>"
    #expect(
      Self.redact(Self.header + stanza)
        == Self.header + "<message to='juliet@capulet'><body>  xxxxxxxxxx&lt;xxxx&gt;x\u{2596}</body><x a='b>c'/></message>")
  }

  @Test func whatTheServerReadsStays() {
    for stanza in [
      "<presence><priority>-1</priority><show>away</show></presence>", "<iq><bind><resource>balcony</resource></bind></iq>",
      "<iq><query><x><field var='muc#roomconfig_roomname'><value>Garden</value></field></x></query></iq>",
    ] { #expect(Self.redact(Self.header + stanza) == Self.header + stanza) }
    #expect(!Self.redact(Self.header + "<message><value>Garden</value></message>").contains("Garden"))
  }

  /// Whatever the splits: what depends on the whole text is corrected once it is known.
  @Test(arguments: 1..<40) func splitsChangeNothing(size: Int) {
    let text =
      Self.header + "<iq><query xmlns='jabber:iq:register'><username>romeo</username><password>s3cret &amp; long</password></query></iq>"
      + "<auth mechanism='PLAIN'>AHJvbWVvAHMzY3JldCAmIGxvbmc=</auth><message><body>☀☀ é <![CDATA[<so> &]]></body></message>"
      + "<iq><x><field pad='1' var='muc#roomconfig_roomsecret'><value>rose</value></field></x></iq>"
    let whole = Self.redact(text)
    #expect(whole.utf8.count == text.utf8.count)
    #expect(Self.redact(text, pieces: Array(repeating: size, count: text.utf8.count / size)) == whole)
    for secret in ["s3cret", "rose", "☀", "so>", "AHMzY3JldC"] { #expect(!whole.contains(secret)) }
    #expect(whole.contains("<username>romeo</username>"))
  }

  @Test func equalPasswordsStayEqualAndOthersDiffer() {
    func standIn(_ password: String) -> String { Self.redact("<join><password>\(password)</password></join>") }
    #expect(standIn("rose") == standIn("rose"))
    #expect(standIn("rose") != standIn("nose"))
    #expect(standIn("rose") != "<join><password>xxxx</password></join>")
  }

  @Test func ofPlainOnlyThePasswordIsReplaced() throws {
    let message = Array("\0romeo\0s3cret".utf8)
    let redacted = Self.redact("<auth mechanism='PLAIN'>\(Base64.encode(message))</auth>")
    let text = try #require(redacted.split(separator: ">").dropFirst().first?.split(separator: "<").first)
    #expect(Base64.decode(Text(text)) == Array("\0romeo\0xxxxxx".utf8))
  }

  @Test(arguments: ["c2VjcmV0", "secret", "s3cretA=", "AHNlY3JldA==", "AAAA", "=", "=secret="])
  func whatIsNoMessageStaysNone(text: String) {
    let redacted = Self.redact("<response>\(text)</response>")
    let inner = Text(redacted.dropFirst("<response>".count).dropLast("</response>".count))
    #expect((Base64.decode(inner) == nil) == (Base64.decode(Text(text)) == nil))
    #expect(!redacted.contains("ecret"))
    #expect(redacted.utf8.count == text.utf8.count + "<response></response>".utf8.count)
  }

  /// Bytes that are no text stay none, and the others stay text.
  @Test func brokenCharactersStayBroken() {
    var generator = Generator(key: [9])
    for _ in 0..<3000 {
      let bytes: [UInt8] = (0..<6).map { _ in
        let byte = generator.next()
        return [byte, 0xEF, 0xBF, 0xBE, 0xE0, 0xED, 0xF0, 0xF4, 0x80 | byte & 0x3F, 0xC2][Int(generator.next() % 10)]
      }
      var mask = TextMask()
      let masked = bytes.map { mask.mask($0) }
      var again = TextMask()
      let isSame = (String(validating: bytes, as: UTF8.self) == nil) == (String(validating: masked, as: UTF8.self) == nil)
      guard isSame, masked.map({ again.mask($0) }) == masked else {
        Issue.record("\(bytes) became \(masked)")
        return
      }
    }
  }

  /// Where the parser gives up, everything is masked.
  @Test(arguments: ["<message a='<password>s3cret</password>", "<a <password>s3cret</password>", "<!-- s3cret -->", "</a <b>s3cret</b>"])
  func whatNobodyReadsIsMasked(text: String) {
    #expect(!Self.redact(Self.header + text).contains("s3cret"))
  }

  @Test func textCanBeKept() {
    let text = Self.header + "<message><subject>Hi</subject><body>But soft!</body></message>"
    #expect(Self.redact(text, keepsText: true) == text)
    #expect(!Self.redact("<iq><password>s3cret</password></iq>", keepsText: true).contains("s3cret"))
  }
}
