import Testing
import XML
import XMPP

@testable import ServerCore

struct StreamRedactorTests {
  static let pseudonyms = Pseudonyms(secret: [1, 2, 3], keepsText: false)

  /// The redacted text once all patches are in, if the text comes in these pieces.
  static func redact(_ text: String, pieces: [Int] = [], keepsText: Bool = false) -> String {
    var redactor = StreamRedactor(keepsText: keepsText)
    var out: [UInt8] = []
    var rest = Array(text.utf8)[...]
    for size in pieces + [rest.count] {
      var piece = Array(rest.prefix(size))
      rest = rest.dropFirst(size)
      let patches = redactor.redact(&piece) { pseudonyms.text($0, $1, in: nil) }
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
        == Self.header + "<message to='juliet@capulet'><body>  xxxxxxxxxx&lt;xxxx&gt;x\u{2596}</body><x a='x>x'/></message>")
  }

  @Test func whatTheServerReadsStays() {
    for stanza in [
      "<presence><priority>-1</priority><show>away</show></presence>", "<iq><bind><resource>balcony</resource></bind></iq>",
      "<iq><query><x type='submit'><field var='muc#roomconfig_whois'><value>anyone</value></field></x></query></iq>",
      "<iq id='1' type='set'><query><item jid='a@b' subscription='remove' affiliation='none'/></query></iq>",
    ] { #expect(Self.redact(Self.header + stanza) == Self.header + stanza) }
    #expect(!Self.redact(Self.header + "<message><value>Garden</value></message>").contains("Garden"))
  }

  /// Everything that is not on the list is masked, also where it has the name of something that is.
  @Test(arguments: [
    "<iq><query xmlns='jabber:iq:register'><x xmlns='jabber:x:data'><field var='password'><value>s3cret</value></field></x></query></iq>",
    "<iq><query><x><field><value>s3cret</value></field></x></query></iq>",
    "<iq><query><x><field var='muc#roomconfig_whois' var2='s3cret'><other>s3cret</other></field></x></query></iq>",
    "<iq><query><x><field var='muc#roomconfig_who&#105;s'><value>s3cret</value></field></x></query></iq>",
    "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='s3cret'><initial-response>s3cret</initial-response></authenticate>",
    "<x token='s3cret'/>", "<message><preauth to='s3cret' id='s3cret' token=\"s3cret\"/></message>",
    "<message><x password='s3cret'/></message>",
    "<message><invitation><item jid='s3cret'/><username>s3cret</username></invitation></message>", "<message p:to='s3cret' too='s3cret'/>",
    "<message><body>&#115;3cret &#x73;3cret <![CDATA[s3cret]]></body></message>", "<message><body>&s3cret;&s3cret</body></message>",
    "<message><x a='&#115;&#51;&#x63;ret'/></message>", "<iq><query><password a='s3cret'>&#115;3cret<b>s3cret</b></password></query></iq>",
    "<iq><query><item name='s3cret'><group>s3cret</group></item></query></iq>",
  ]) func whatIsNotListedIsMasked(stanza: String) {
    for text in [
      Self.redact(Self.header + stanza), Self.redact(Self.header + stanza, pieces: Array(repeating: 1, count: stanza.utf8.count)),
    ] {
      #expect(text.utf8.count == (Self.header + stanza).utf8.count)
      for trace in ["s3cr", "3cre", "cret", "&#115;", "&#x73;", "&#x63;"] { #expect(!text.contains(trace), "\(text)") }
    }
  }

  @Test func aReferenceStaysOneToACharacterOfTheSameSize() {
    let text = "<a>&#104;&#x68;&#60;&#x3c;&#228;&#x20ac;&#x1F600;&#0104;&amp;&#0;&foo;</a>"
    #expect(Self.redact(text) == "<a>&#120;&#x78;&#60;&#x3c;&#214;&#x0905;&#x10000;&#0120;&amp;&#x;&xxx;</a>")
  }

  /// The parser refuses a value without quotes only at the stanza's end; until then nothing may have been shown.
  @Test(arguments: [
    "<a b=s3cret>", "<a b= s3cret/>", "<a 's3cret'>", "<a b='1' ='s3cret'>", "<a></a s3cret>", "<?xml s3cret?>", "<?php s3cret?>",
  ])
  func whatStandsInTheWrongPlaceIsMasked(text: String) {
    let redacted = Self.redact(text)
    #expect(!redacted.contains("s3cret") && redacted.utf8.count == text.utf8.count, "\(redacted)")
  }

  /// The parser reads a declaration up to the first `>`, and refuses it there: a replay must see that bracket.
  @Test(arguments: [
    "<?xml version='1.0'/ s3cret?>", "<?xml version='1.0' <s3cret?>", "<?xml version='1.0' a='<s3cret'?>", "<?xml version='1.0?>",
    "<?xml's3cret'?>", "<?xml=s3cret?>", "<?xml/s3cret?>",
  ])
  func aDeclarationEndsWhereTheParserEndsIt(text: String) {
    let redacted = Self.redact(text)
    #expect(redacted.utf8.last == UInt8(ascii: ">") && !redacted.contains("s3cret"), "\(redacted)")
  }

  /// Splits make no difference: a pseudonym that depends on the whole text is put in once that is known.
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

  /// Why a text is refused must show in a replay, and nothing else of it.
  @Test(arguments: ["secret&nope;", "sec&ZQSECRET;ret", "a&b", "&;x", "x&#xZZ;y"])
  func aReferenceToNothingStaysOne(password: String) {
    let redacted = Self.redact("<iq><query><password>\(password)</password></query></iq>")
    let text = String(redacted.dropFirst("<iq><query><password>".count).dropLast("</password></query></iq>".count))
    #expect(text.utf8.count == password.utf8.count)
    for byte in "&;".utf8 { #expect(text.utf8.firstIndex(of: byte) == password.utf8.firstIndex(of: byte)) }
    for secret in ["secret", "ZQSECRET", "sec", "ret"] { #expect(!text.contains(secret)) }
  }

  @Test func equalPasswordsStayEqualAndOthersDiffer() {
    func pseudonym(_ password: String) -> String { Self.redact("<join><password>\(password)</password></join>") }
    #expect(pseudonym("rose") == pseudonym("rose"))
    #expect(pseudonym("rose") != pseudonym("nose"))
    #expect(pseudonym("rose") != "<join><password>xxxx</password></join>")
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
    var generator = RandomSource(key: [9])
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

  /// Once the parser has given up, everything is masked.
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
