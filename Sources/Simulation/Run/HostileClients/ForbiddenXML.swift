/// Input that ends a stream, near to what does not (RFC 6120, 4.9.3, 11.1, 11.3 and 11.7).
enum ForbiddenXML {
  /// Between stanzas, on any stream.
  static func input(_ roll: (Int) -> Int) -> String {
    let all = between + inside.map { "<iq type='get' id='x1'><ping xmlns='urn:xmpp:ping'>\($0)</ping></iq>" }
    return ActionContext.pick(all, roll)
  }

  private static let between = [
    "<!-- a -->", "<!---->", "<?pi?>", "<?xml version='1.0'?>", "<!DOCTYPE a>", "<!DOCTYPE a [<!ENTITY b 'c'>]>", "text",
    "<![CDATA[ ]]>", "&lt;",
    "<iq type='get' id='x2'><ping xmlns='urn:xmpp:ping'/></IQ>", "<iq type='get' id='x3'></iq type='get'>",
    "<iq type='get' type='get' id='x4'><ping xmlns='urn:xmpp:ping'/></iq>", "<iq type='get' id='<'><ping xmlns='urn:xmpp:ping'/></iq>",
    "<iq type='get' id=x5><ping xmlns='urn:xmpp:ping'/></iq>", "<iq type='get' id='&nbsp;'><ping xmlns='urn:xmpp:ping'/></iq>",
    "<iq type='get' id='x6'><p:ping/></iq>", "<iq type='get' p:id='x7'><ping xmlns='urn:xmpp:ping'/></iq>", "</iq>",
    "<message to='user0@localhost'><body>a<!-- b -->c</body></message>", "<message to='user0@localhost'><body>&eacute;</body></message>",
    "<message to='user0@localhost'><body>a<?b?></body></message>",
    "<presence><!-- a --></presence>", "<presence><status>&a;</status></presence>",
  ]

  private static let inside = [
    "<!-- a -->", "<!-- > -->", "<?pi a='b'?>", "<!DOCTYPE a>", "<!ENTITY a 'b'>", "<![IGNORE[a]]>", "&nbsp;", "&Lt;", "&;", "&#0;",
    "&#xD800;",
    "&",
    "<a></b>", "<a b='1' b='2'/>", "<p:a/>", "<a p:b='1'/>", "</a>", "<a", "<a b/>",
    // These are allowed.
    "<![CDATA[<!-- a -->]]>", "&#x41;&amp;&quot;&apos;&lt;&gt;", "<a b='&#10;'/>", "<p:a xmlns:p='urn:p'/>",
  ]
}
