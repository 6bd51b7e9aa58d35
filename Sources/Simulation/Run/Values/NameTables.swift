internal import XML
internal import XMPP

// Names: of users in rooms, of accounts, and secrets.

extension ValueTable {
  /// Nicknames (RFC 8266, 3; RFC 8265, 4.3), which are resourceparts (RFC 7622, 3.4).
  static let nicks = ValueTable(
    [
      // RFC 8266, 3: examples that a nickname profile would take for equal, and resourceparts that are not.
      "Foo", "foo", "Foo Bar", "foo bar", " Foo Bar ", "Foo  Bar", "\u{3A3}", "\u{3C3}", "\u{3C2}", "\u{265A}", "Richard \u{2163}",
      // RFC 7622, 3.5: with the delimiters of addresses.
      "foo bar", "foo@bar", "foo/bar", "/", "@", "b@example.net", "\"quoted\"", "<&>'",
      // Widths, spaces of other kinds, marks alone and in an order that normalization changes, compatibility characters, emoji.
      "\u{FF26}\u{FF4F}\u{FF4F}", "Foo\u{1680}Bar", "Foo\u{3000}Bar", "e\u{301}", "\u{E9}", "a\u{323}\u{307}", "a\u{307}\u{323}", "\u{301}",
      "\u{FB01}", "\u{212B}", "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}", "\u{1F1E9}\u{1F1EA}",
      // From right to left, and a mixture; the direction overridden.
      "\u{5D0}\u{5D1}\u{5D2}", "a\u{5D0}1", "\u{202E}nimda", "\u{200F}",
      // At the longest that a part may be, below and above; and what gets shorter by its preparation.
      .sized(1022), .sized(1023), .sized(1024), .sized(1023, ending: "\u{265A}"), .sized(1024, ending: "\u{265A}"),
      Text(String(repeating: "e\u{301}", count: 400)),
      // Empty, invisible, controls, characters that Unicode has not assigned or never will.
      "", " ", "  ", "\u{2800}", "\u{AD}", "\u{200B}", "\u{200D}", "\u{FEFF}", "tab\tstop", "\n", "\u{7F}", "\u{85}", "\u{378}",
      .scalar(0xFDD0), .scalar(0x1FFFE), "\u{FFFD}", "\u{E000}",
    ], spellings: [uppercased, fullwidth, spaced, spacedOtherwise, accented])

  /// Usernames (RFC 8265, 3.5).
  static let usernames = ValueTable(
    [
      nil, "juliet@example.com", "fussball", "fu\u{DF}ball", "\u{3C0}", "\u{3A3}", "\u{3C3}", "\u{3C2}", "foo bar", "", "henry\u{2163}",
      "\u{221E}", " user0", "user1\n", .sized(1023), .sized(1024), "\u{5D0}1", "1\u{5D0}", "a,b=c", "a\"b", "\u{130}", "\u{17F}",
    ], spellings: [uppercased, fullwidth, spaced, accented])

  /// Passwords (RFC 8265, 4.3).
  static let passwords = ValueTable(
    [
      nil, "correct horse battery staple", "Correct Horse Battery Staple", "\u{3C0}\u{DF}\u{E5}", "Jack of \u{2666}s", "foo\u{1680}bar", "",
      "my cat is a \tby", " ", "\u{AD}", "I\u{AD}X", "\u{AA}", "\u{2168}", "\u{627}1", "\u{7F}", "<&>\"'", .sized(256), .sized(257),
      .sized(1023), .sized(1024), .scalar(0xFDD0),
    ], spellings: [uppercased, fullwidth, spaced, spacedOtherwise])

  /// Addresses: table 1 of RFC 7622, 3.5, has valid ones, table 2 others; what follows is ours.
  static let addresses = ValueTable(
    [
      "juliet@example.com", "juliet@example.com/foo", "juliet@example.com/foo bar", "juliet@example.com/foo@bar",
      "foo\\20bar@example.com", "fussball@example.com", "fu\u{DF}ball@example.com", "\u{3C0}@example.com", "\u{3A3}@example.com/foo",
      "\u{3C3}@example.com/foo", "\u{3C2}@example.com/foo", "king@example.com/\u{265A}", "example.com", "example.com/foobar",
      "a.example.com/b@example.net",
      // Table 2.
      "\"juliet\"@example.com", "foo bar@example.com", "juliet@example.com/ foo", "@example.com/", "henry\u{2163}@example.com",
      "\u{265A}@example.com", "juliet@", "/foobar",
      // Domains: labels of other scripts, in either form, of 63 and 64 bytes, literal addresses, dots too many.
      "b\u{FC}cher.example", "xn--bcher-kva.example", "B\u{DC}CHER.example", "\u{5D0}.example", "a..example", ".example", "example.",
      "192.0.2.1", "[2001:db8::1]", "-a.example", "a_b.example", Text.sized(63) + ".example", Text.sized(64) + ".example",
      "user0@localhost/\u{A0}", "user1@localhost/d0 ", "user0@conference.localhost",
      // Parts at the longest that they may be, and above.
      Text.sized(1023) + "@localhost", Text.sized(1024) + "@localhost", "user0@localhost/" + Text.sized(1023),
      "user0@localhost/" + Text.sized(1024),
      nil, "", " ", "@", "/", "user0@@localhost", "user0@localhost/", "user0 @localhost", "user0@local host", "a\tb@localhost",
      "<&>@localhost", "user0@localhost\n",
    ], spellings: addressSpellings)

  /// Addresses of stanzas: what the ordinary address is otherwise written like.
  static let recipients = ValueTable([], spellings: addressSpellings)

  private static let addressSpellings: [@Sendable (Text) -> Text] = [
    bare(uppercased), local(fullwidth), local(accented), bare { $0 + "." }, bare(fullwidth), bare { $0 + "/" }, bare(spaced),
    resource(uppercased), resource(spaced), resource(fullwidth), bare { $0 + "/\u{265A}" },
  ]
}
