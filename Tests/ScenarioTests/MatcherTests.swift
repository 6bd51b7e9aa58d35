import Testing
import XML

@testable import Scenario

@Suite("Matching")
struct MatcherTests {
  private var values: Values

  init() throws {
    values = Values(cast: try script("").cast)
    values.bound("Romeo", to: "romeo@localhost/orchard")
  }

  /// The expected stanza, the one that comes, and why it does not match; nil where it does.
  @Test(
    arguments: [
      // In the stream's namespace there may be more than the script names.
      ("<presence/>", "<presence from='a' to='b'><show/></presence>", nil),
      ("<presence from='a'/>", "<presence to='b' from='a'/>", nil),
      ("<presence from='a'/>", "<presence from='b'/>", "attribute 'from' is 'b', expected 'a'"),
      ("<presence from='a'/>", "<presence/>", "attribute 'from' is missing, expected 'a'"),
      ("<presence type=''/>", "<presence/>", "attribute 'type' is missing"),
      ("<presence/>", "<message/>", "it is <message/>, expected <presence/>"),
      ("<presence/>", "<presence xmlns='urn:o'/>", "it is <presence xmlns='urn:o'/>, expected <presence/>"),
      ("<message xml:lang='en'/>", "<message lang='en'/>", "attribute 'lang' is missing"),
      ("<message id='\u{C5}'/>", "<message id='A\u{30A}'/>", "attribute 'id'"),
      ("<message><body/></message>", "<message><subject/><body/></message>", nil),
      ("<message><body/></message>", "<message><subject/></message>", "there is no <body/>"),
      // In a namespace that an element declares, the same and no more; also further in.
      ("<message><x xmlns='urn:n' a='1'/></message>", "<message><y xmlns='urn:n'/><x xmlns='urn:n' a='1'/></message>", nil),
      (
        "<message><x xmlns='urn:n'/></message>", "<message><x xmlns='urn:n' a='1'/></message>",
        "in <x xmlns='urn:n'/>: attribute 'a' is '1', expected none"
      ),
      ("<message><x xmlns='urn:n'/></message>", "<message><x xmlns='urn:n'><y/></x></message>", "<y xmlns='urn:n'/> was not expected"),
      ("<message><x xmlns='urn:n'><y/></x></message>", "<message><x xmlns='urn:n'/></message>", "there is no <y xmlns='urn:n'/>"),
      (
        "<message><x xmlns='urn:n'><y/></x></message>",
        "<message><x xmlns='urn:n'><y a='1'/></x></message>", "attribute 'a' is '1', expected none"
      ),
      ("<message><x xmlns='urn:n'><y xmlns='urn:n'/></x></message>", "<message><x xmlns='urn:n'><y a='1'/></x></message>", "expected none"),
      (
        "<message><x xmlns='urn:n'><y xmlns='urn:m'/></x></message>",
        "<message><x xmlns='urn:n'><y xmlns='urn:m' a='1'/></x></message>", "expected none"
      ),
      // A stanza inside of something else is in the stream's namespace again.
      (
        "<iq><f xmlns='urn:n'><message xmlns='jabber:client'/></f></iq>",
        "<iq><f xmlns='urn:n'><message xmlns='jabber:client' a='1'><body/></message></f></iq>", nil
      ),
      // Unless the script says otherwise, for an element and what goes with it.
      ("<message><x xmlns='urn:n' scansion:strict='false'/></message>", "<message><x xmlns='urn:n' a='1'><y/></x></message>", nil),
      ("<message><x xmlns='urn:n' scansion:strict='false'><y/></x></message>", "<message><x xmlns='urn:n'><y a='1'/></x></message>", nil),
      (
        "<message><x xmlns='urn:n' scansion:strict='false'><y scansion:strict='true'/></x></message>",
        "<message><x xmlns='urn:n' b=''><y a='1'/></x></message>", "attribute 'a' is '1', expected none"
      ),
      (
        "<message><x xmlns='urn:n' scansion:strict='false'><y xmlns='urn:m'/></x></message>",
        "<message><x xmlns='urn:n'><y xmlns='urn:m' a='1'/></x></message>", "attribute 'a' is '1', expected none"
      ),
      ("<message scansion:strict='true'/>", "<message id='1'/>", "attribute 'id' is '1', expected none"),
      ("<message scansion:strict='true'><body/></message>", "<message><body id='1'/></message>", nil),
      // Text.
      ("<m><body>hi</body></m>", "<m><body>\n hi\t</body></m>", nil),
      ("<m><body>\n  hi\n</body></m>", "<m><body>hi</body></m>", nil),
      ("<m><body>hi</body></m>", "<m><body>hi!</body></m>", "in <body/>: the text is 'hi!', expected 'hi'"),
      ("<m><body>hi</body></m>", "<m><body/></m>", "the text is '', expected 'hi'"),
      ("<m><body/></m>", "<m><body>anything</body></m>", nil),
      ("<m><x xmlns='urn:n'/></m>", "<m><x xmlns='urn:n'>anything</x></m>", nil),
      // Order and number.
      ("<m a='1' b='2'><x/><y/></m>", "<m b='2' a='1'><y/><x/></m>", nil),
      ("<m><x/><x/></m>", "<m><x/></m>", "there are 1 children, expected 2"),
      ("<m><x/><x/></m>", "<m><x/><y/></m>", "one by one"),
      ("<m><x/><x a='1'/></m>", "<m><x a='1'/><x/></m>", nil),
      ("<m><x a='1'/><x b='1'/></m>", "<m><x a='1' b='1'/><y/></m>", "one by one"),
      ("<m><x/><x a='1'/><x a='1' b='1'/></m>", "<m><x a='1' b='1'/><x a='1'/><x/></m>", nil),
      ("<m><x/><x a='1'/><x a='1' b='1'/></m>", "<m><x a='1' b='1'/><x/><x/></m>", "one by one"),
      ("<m><q xmlns='urn:n'><x/><x/></q></m>", "<m><q xmlns='urn:n'><x/><x/><x/></q></m>", "there are 3 children, expected 2"),
      // Placeholders.
      ("<m id='{scansion:any}'/>", "<m id='7'/>", nil),
      ("<m id='{scansion:any}'/>", "<m id=''/>", nil),
      ("<m id='{scansion:any}'/>", "<m/>", "attribute 'id' is missing"),
      ("<m><body>{scansion:any}</body></m>", "<m><body>x</body></m>", nil),
      ("<m><body>{scansion:any}</body></m>", "<m><body> </body></m>", "the text is '', expected '{scansion:any}'"),
      ("<m id='a-{scansion:any}-b'/>", "<m id='a-1-2-b'/>", nil),
      ("<m id='a-{scansion:any}-b'/>", "<m id='a-b'/>", "expected 'a-{scansion:any}-b'"),
      ("<m to=\"${Romeo's JID}\"/>", "<m to='romeo@localhost'/>", nil),
      ("<m to=\"${Juliet's phone's JID}/x\"/>", "<m to='juliet@localhost/x'/>", nil),
      ("<m to=\"${Romeo's full JID}\"/>", "<m to='romeo@localhost/orchard'/>", nil),
      ("<m to=\"${Romeo's full JID}\"/>", "<m to='romeo@localhost'/>", "expected 'romeo@localhost/orchard'"),
      ("<m to=\"${Juliet's full JID}\"/>", "<m to='juliet@localhost'/>", "expected '${Juliet's full JID}'"),
      ("<m><body>I am ${Romeo's JID}.</body></m>", "<m><body>I am romeo@localhost.</body></m>", nil),
      ("<m a='{scansion:capture:X}' b='{scansion:capture:X}'/>", "<m a='1' b='1'/>", nil),
      ("<m a='{scansion:capture:X}' b='{scansion:capture:X}'/>", "<m a='1' b='2'/>", "attribute 'b' is '2', expected '1'"),
      // A capture in one child decides which other child fits: the first choice is not the right one.
      ("<m><x a='{scansion:capture:X}'/><y a='{scansion:capture:X}'/></m>", "<m><x a='1'/><x a='2'/><y a='2'/></m>", nil),
      ("<m><x a='{scansion:capture:X}'/><y a='{scansion:capture:X}'/></m>", "<m><x a='1'/><x a='2'/><y a='3'/></m>", "one by one"),
      (
        "<m><x><i a='{scansion:capture:X}'/></x><y><i a='{scansion:capture:X}'/></y></m>",
        "<m><x><i a='1'/><i a='2'/></x><y><i a='2'/></y></m>", nil
      ),
    ] as [(String, String, String?)])
  func table(_ expected: String, _ received: String, _ reason: String?) throws {
    let pattern = try template(expected).pattern
    let element = try element(received)
    let explanation = Explanation(of: element, against: pattern, values)
    #expect((Matcher.match(pattern, element, values) == nil) == (reason != nil))
    if let reason {
      let reasons = try #require(explanation).reasons
      #expect(reasons.joined(separator: "; ").contains(reason), "\(reasons)")
    } else {
      #expect(explanation == nil)
    }
  }

  @Test func whatIsCapturedMustStayTheSame() throws {
    let pattern = try template("<m id='{scansion:capture:ID}'><body>{scansion:capture:TEXT}</body></m>").pattern
    let first = try #require(Matcher.match(pattern, try element("<m id='1'><body> hi </body></m>"), values))
    #expect(first[.capture("ID")] == "1")
    #expect(first[.capture("TEXT")] == "hi")
    #expect(Matcher.match(pattern, try element("<m id='1'><body>hi</body></m>"), first) != nil)
    #expect(Matcher.match(pattern, try element("<m id='2'><body>hi</body></m>"), first) == nil)
    #expect(Matcher.match(pattern, try element("<m id='1'><body>ho</body></m>"), first) == nil)
  }

  /// One too few of many alike: trying every order would take longer than anybody waits.
  @Test func manyChildrenAlikeTakeNoTime() throws {
    let expected = try template("<m>" + String(repeating: "<x/>", count: 40) + "</m>").pattern
    let received = try element("<m>" + String(repeating: "<x/>", count: 39) + "<y/></m>")
    #expect(Matcher.match(expected, received, values) == nil)
  }
}

@Suite("Sending")
struct RenderingTests {
  @Test(arguments: [
    ("<m a='1'  b='2'>\n <x/>\n</m>", "<m a='1' b='2'>\n <x/>\n</m>"),
    ("<m to=\"${Romeo's full JID}\" z='1'/>", "<m to='romeo@localhost/&lt;o&gt;' z='1'/>"),
    ("<m xml:lang='en' id='{scansion:capture:ID}-2'/>", "<m xml:lang='en' id='7-2'/>"),
    ("<m scansion:strict='true'><x xmlns='urn:n' a='1' scansion:strict='false'/></m>", "<m><x xmlns='urn:n' a='1'/></m>"),
    (
      "<m><b>I am <i>not</i> &lt;${Romeo's JID}&gt;<br/> &amp;c.</b></m>",
      "<m><b>I am <i>not</i> &lt;romeo@localhost&gt;<br/> &amp;c.</b></m>"
    ),
    ("<m><b><i><u/>a</i><i>${Romeo's JID}</i>z</b></m>", "<m><b><i><u/>a</i><i>romeo@localhost</i>z</b></m>"),
  ])
  func putsValuesInAndLeavesTheRest(_ written: String, _ sent: String) throws {
    var values = Values(cast: try script("").cast)
    values.bound("Romeo", to: "romeo@localhost/<o>")
    values.capture("ID", "7")
    #expect(try template(written).pattern.rendered(with: values).description == sent)
  }

  @Test func whatIsNotKnownCanNotBeSent() throws {
    let values = Values(cast: try script("").cast)
    let pattern = try template("<m id='{scansion:capture:ID}' to=\"${Romeo's JID}\"/>").pattern
    #expect(throws: UnknownValue.self) { try pattern.rendered(with: values) }
    #expect(pattern.shown(with: values).description == "<m id='{scansion:capture:ID}' to='romeo@localhost'/>")
  }
}
