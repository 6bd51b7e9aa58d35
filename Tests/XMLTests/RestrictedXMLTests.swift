import Testing
import XML

/// RFC 6120, section 11: what may stand in a stream, and what the answer is otherwise.
@Suite struct RestrictedXMLTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var bytes: [UInt8]
    var failure: StreamParser.Failure
    var testDescription: String { String(decoding: bytes, as: UTF8.self) }

    init(_ bytes: [UInt8], _ failure: StreamParser.Failure) {
      self.bytes = bytes
      self.failure = failure
    }
    init(_ text: String, _ failure: StreamParser.Failure) { self.init(Array(text.utf8), failure) }
  }

  static let atTheStart = [
    Case("<!DOCTYPE s [<!ENTITY x 'y'>]>" + clientHeader, .restricted),
    Case("<!DOCTYPE s>" + clientHeader, .restricted),
    Case("<!ENTITY x 'y'>", .restricted),
    Case("<!-- c -->" + clientHeader, .restricted),
    Case("<?pi x?>" + clientHeader, .restricted),
    Case("<?xmlish version='1.0'?>" + clientHeader, .restricted),
    Case("<?xml version='1.0'?><?xml version='1.0'?>" + clientHeader, .restricted),
    Case("<?xml version='1.0'?><?pi x?>" + clientHeader, .restricted),
    Case("<?xml version='1.0'?><!DOCTYPE s>" + clientHeader, .restricted),
    Case("<?xml version='1.0' encoding='ISO-8859-1'?>" + clientHeader, .unsupportedEncoding),
    Case("<?xml version='1.0' encoding=\"UTF-16\"?>" + clientHeader, .unsupportedEncoding),
    Case("<?xml version='1.0' encoding='US-ASCII'?>" + clientHeader, .unsupportedEncoding),
    Case("<?xml version='1.0' encoding='UTF-8 '?>" + clientHeader, .notWellFormed),
    Case("<?xml version='1.0' encoding=''?>" + clientHeader, .notWellFormed),
    Case("<?xml version='1.0' encoding=UTF-8?>" + clientHeader, .notWellFormed),
    Case("<?xml version='1.0'encoding='UTF-8'?>" + clientHeader, .notWellFormed),
    Case("<?xml encoding='UTF-8' version='1.0'?>" + clientHeader, .notWellFormed),
    Case("<?xml encoding='UTF-8'?>" + clientHeader, .notWellFormed),
    Case("<?xml version='1.0' version='1.0'?>" + clientHeader, .notWellFormed),
    Case("<?xml version='2.0'?>" + clientHeader, .notWellFormed),
    Case("<?xml version='1.0' standalone='maybe'?>" + clientHeader, .notWellFormed),
    Case("<?xml?>" + clientHeader, .notWellFormed),
    // XML 1.0, 2.8: nothing may stand before it.
    Case(" <?xml version='1.0'?>" + clientHeader, .notWellFormed),
    Case("\r\n<?xml version='1.0'?>" + clientHeader, .notWellFormed),
    Case(String(repeating: "\n", count: 300) + "<?xml version='1.0'?>" + clientHeader, .notWellFormed),
    Case(" <?pi x?>" + clientHeader, .restricted),
    Case("<?xml >" + clientHeader, .notWellFormed),
    Case("\u{FEFF}" + clientHeader, .notWellFormed),
    Case([0xFF, 0xFE] + utf16(clientHeader), .unsupportedEncoding),
    Case(utf16(clientHeader), .unsupportedEncoding),
    Case([0xFE, 0xFF, 0x00, 0x3C], .unsupportedEncoding),
    Case([0x00, 0x3C, 0x00, 0x73], .unsupportedEncoding),
    Case("hello" + clientHeader, .notWellFormed),
    Case("</stream:stream>", .notWellFormed),
    Case("<stream:stream xmlns:stream='http://etherx.jabber.org/streams'/>", .badFormat),
    Case("<stream:stream xmlns='jabber:client'>", .badNamespacePrefix),
    Case("<s a='1' a='2'>", .notWellFormed),
    Case("<s a='&undefined;'>", .restricted),
    Case("<s a=1>", .notWellFormed),
    Case("<s a='\u{1}'>", .notWellFormed),
    Case(Array("<s a='".utf8) + [0xC3, 0x28] + Array("'>".utf8), .unsupportedEncoding),
    Case("GET / HTTP/1.1\r\n", .notWellFormed),
    Case([0x16, 0x03, 0x01, 0x02, 0x00], .notWellFormed),
  ]

  static func utf16(_ text: String) -> [UInt8] { text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] } }

  @Test(arguments: atTheStart)
  func streamIsRefusedBeforeItsHeader(input: Case) {
    #expect(events(input.bytes) == [.failure(input.failure)])
  }

  static let inside = [
    Case("<!DOCTYPE s>", .restricted),
    Case("<!ENTITY x 'y'>", .restricted),
    Case("<!-- c -->", .restricted),
    Case("<a><!-- c --></a>", .restricted),
    Case("<a><!ENTITY x 'y'></a>", .restricted),
    Case("<a><!></a>", .restricted),
    Case("<![CDATA[ ]]>", .restricted),
    Case("<a><![cdata[ ]]></a>", .restricted),
    Case("<?pi x?>", .restricted),
    Case("<a><?pi x?></a>", .restricted),
    Case("<?xml version='1.0'?>", .restricted),
    Case("<a>&undefined;</a>", .restricted),
    Case("<a b='&undefined;'/>", .restricted),
    Case("<a>&nbsp;</a>", .restricted),
    Case("<a>&amp</a>", .notWellFormed),
    Case("<a>&</a>", .notWellFormed),
    Case("<a>& b</a>", .notWellFormed),
    Case("<a>&;</a>", .notWellFormed),
    Case("<a>&#;</a>", .notWellFormed),
    Case("<a>&#x;</a>", .notWellFormed),
    Case("<a>&#X41;</a>", .notWellFormed),
    Case("<a>&#0;</a>", .notWellFormed),
    Case("<a>&#1;</a>", .notWellFormed),
    Case("<a>&#xB;</a>", .notWellFormed),
    Case("<a>&#xD800;</a>", .notWellFormed),
    Case("<a>&#xFFFE;</a>", .notWellFormed),
    Case("<a b='&#xFFFF;'/>", .notWellFormed),
    Case("<a>&#x110000;</a>", .notWellFormed),
    Case("<a>&#4294967361;</a>", .notWellFormed),
    Case("<a>&#99999999999999999999999;</a>", .notWellFormed),
    Case("<a>]]></a>", .notWellFormed),
    Case("<a>x]]>y</a>", .notWellFormed),
    Case("<a>\u{0}</a>", .notWellFormed),
    Case("<a>x\u{0}y</a>", .notWellFormed),
    Case("<a>\u{1}</a>", .notWellFormed),
    Case("<a>\u{B}</a>", .notWellFormed),
    Case("<a>\u{1F}</a>", .notWellFormed),
    Case("<a b='\u{0}'/>", .notWellFormed),
    Case("<a b='\u{8}'/>", .notWellFormed),
    Case("<a \u{0} b='c'/>", .notWellFormed),
    Case("<a\u{0}/>", .notWellFormed),
    Case("<a><![CDATA[\u{0}]]></a>", .notWellFormed),
    Case("<a><![CDATA[x\u{1}]]></a>", .notWellFormed),
    Case("<a>\u{FFFE}</a>", .notWellFormed),
    Case("<a>\u{FFFF}</a>", .notWellFormed),
    Case("<a b='\u{FFFE}'/>", .notWellFormed),
    Case("<a><![CDATA[\u{FFFE}]]></a>", .notWellFormed),
    Case("text", .badFormat),
    Case("&amp;", .badFormat),
    Case("\u{A0}", .badFormat),
    Case("\u{FEFF}", .badFormat),
    Case("\u{0}", .badFormat),
    Case("<a></b>", .notWellFormed),
    Case("<a></A>", .notWellFormed),
    Case("<a><b></a></b>", .notWellFormed),
    Case("<a></stream:stream>", .notWellFormed),
    Case("</a>", .notWellFormed),
    Case("</stream>", .notWellFormed),
    Case("<a/ >", .notWellFormed),
    Case("< a/>", .notWellFormed),
    Case("<>", .notWellFormed),
    Case("<a b/>", .notWellFormed),
    Case("<a b=/>", .notWellFormed),
    Case("<a b=c/>", .notWellFormed),
    Case("<a b='<'/>", .notWellFormed),
    Case("<a b='1'c='2'/>", .notWellFormed),
    Case("<a b='1' b='2'/>", .notWellFormed),
    Case("<a'b'/>", .notWellFormed),
    Case("<1/>", .notWellFormed),
    Case("<a></a b='c'>", .notWellFormed),
    Case("<a></a/>", .notWellFormed),
    Case("<a>< /a>", .notWellFormed),
    Case("<a></ a>", .notWellFormed),
    Case("<a <b/></a>", .notWellFormed),
  ]

  @Test(arguments: inside)
  func streamIsRefusedInTheMiddle(input: Case) {
    let before = StreamParser.Event.stanza(Element("before", "jabber:client"))
    let found = inStream(Array("<before/>".utf8) + input.bytes + Array("<after/>".utf8))
    #expect(found == [before, .failure(input.failure)])
  }

  static let badUTF8: [[UInt8]] = [
    [0x80], [0xBF], [0xC0, 0x80], [0xC0, 0xBC], [0xC1, 0x81], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0xBC], [0xE0, 0x9F, 0xBF], [0xE2, 0x82],
    [0xED, 0xA0, 0x80], [0xED, 0xB0, 0x80], [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], [0xF0, 0x80, 0x80, 0xBC], [0xF0, 0x8F, 0xBF, 0xBF],
    [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFE], [0xFF],
  ]

  /// RFC 6120, 4.9.3.22: that UTF-8's rules are broken is an encoding that is not supported.
  @Test(arguments: badUTF8)
  func invalidUTF8IsRefusedEverywhere(bytes: [UInt8]) {
    for (before, after) in [
      ("<a>", "</a>"), ("<a>x", "y</a>"), ("<a b='", "'/>"), ("<a><![CDATA[", "]]></a>"), ("<a><![CDATA[x", "y]]></a>"), ("<a x", "='1'/>"),
    ] {
      let found = inStream(Array(before.utf8) + bytes + Array(after.utf8) + Array("<after/>".utf8))
      #expect(found == [.failure(.unsupportedEncoding)], "in \(before)…\(after)")
    }
    #expect(inStream(bytes) == [.failure(.badFormat)])
  }

  @Test(arguments: [
    "<?xml version='1.0'?>", "<?xml version=\"1.0\" encoding=\"utf-8\"?>", "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>",
    "<?xml\tversion = '1.0'\n?>", "<?xml version='1.1'?>\r\n", "", " \n",
  ])
  func declarationThatSaysUTF8IsTaken(declaration: String) {
    guard case .header(let header)? = events(declaration + clientHeader).first else {
      Issue.record("\(events(declaration + clientHeader))")
      return
    }
    #expect(header.element.is("stream", Writer.streamsNamespace))
    #expect(header.contentNamespace == "jabber:client")
  }
}
