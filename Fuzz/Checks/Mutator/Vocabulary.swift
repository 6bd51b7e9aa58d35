/// The vocabulary of XMPP's streams and the edges of XML: the words that the mutator of streams puts in.
enum Vocabulary {
  static let names = words(
    "stream:stream stream:features stream:error message presence iq query body subject thread show status priority item x field value "
      + "error auth response challenge success failure abort starttls proceed bind session resource jid p:a a a-b.c_d xml:a :a a: a:b:c é "
      + "-a 1a ab")
  static let attributeNames = words(
    "xmlns xmlns:stream xmlns:p xmlns:a xmlns:xml xmlns:xmlns xmlns: to from id type xml:lang xml:space version mechanism node var p:a "
      + "a:b a é 1a nonce xml:base")
  static let namespaces = words(
    "jabber:client jabber:server http://etherx.jabber.org/streams jabber:iq:roster jabber:iq:private jabber:x:data "
      + "urn:ietf:params:xml:ns:xmpp-sasl urn:ietf:params:xml:ns:xmpp-tls urn:ietf:params:xml:ns:xmpp-bind "
      + "urn:ietf:params:xml:ns:xmpp-stanzas http://jabber.org/protocol/disco#info http://jabber.org/protocol/muc urn:xmpp:ping p:p vcard-temp "
      + "http://www.w3.org/XML/1998/namespace http://www.w3.org/2000/xmlns/")
  static let values =
    words(
      "1.0 get set result error chat groupchat headline normal unavailable subscribe subscribed probe en de-AT PLAIN SCRAM-SHA-256 = romeo@example.net/a juliet@example.com"
    )
    + namespaces + [[], [0x20], Array("%a'".utf8.prefix(2))]
  /// References and texts with an edge of XML's grammar.
  static let texts =
    words(
      "&lt; &gt; &amp; &apos; &quot; &#x41; &#65; &#0; &#x0; &#xD; &#10; &#9; &#x10FFFF; &#x110000; &#xD800; &#xFFFE; &#xFFFFFFFFF; &undefined; & &; &# &#; &#x; &lt ]]> ]] > \" '"
    )
    + [
      Array("\r\n".utf8), [0x0D], [0x0A], [0x09], [0], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xEF, 0xBF, 0xBE], [0xEF, 0xBB, 0xBF],
      [0xF4, 0x8F, 0xBF, 0xBF],
      [0xF4, 0x90, 0x80, 0x80], [0xC3], [0xFF, 0xFE],
    ]
  /// Constructs that are no tags; most of them are forbidden in streams (RFC 6120, 11.1).
  static let others = [
    "<![CDATA[a]]>", "<![CDATA[]]>", "<![CDATA[ < & ]] ]]]>", "<!-- a -->", "<?a b?>", "<?xml version='1.0'?>",
    "<?xml version='1.0' encoding='UTF-8'?>",
    "<?xml version='1.1' standalone='no'?>", "<?xml version=\"1.0\" encoding='ISO-8859-1'?>", "<!DOCTYPE a>",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>", "<![CDATA[", "<!", "<?",
  ].map { Array($0.utf8) }
  /// Whole elements.
  static let stanzas = [
    "<message to='a@b' type='chat'><body>a</body></message>", "<presence/>", "<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>",
    "<iq type='set' id='2'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>a</resource></bind></iq>",
    "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>",
    "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    "<x xmlns='jabber:x:data' type='submit'><field var='a'><value>b</value></field></x>", "<p:a xmlns:p='p:p' p:b='c' b='d'><p:a/></p:a>",
    "<stream:error><a xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='b' version='1.0'>",
    "</stream:stream>",
  ].map { Array($0.utf8) }

  private static func words(_ text: String) -> [[UInt8]] { text.utf8.split(separator: 0x20).map { Array($0) } }
}
