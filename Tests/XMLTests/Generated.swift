import XML

/// Elements of all kinds from a seed: odd namespaces, attributes that share a name, text of everything that needs care.
struct ElementGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64.
  private mutating func draw(below bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((z ^ (z >> 31)) % UInt64(bound))
  }

  private mutating func pick<T>(_ choices: [T]) -> T { choices[draw(below: choices.count)] }

  private static let names: [Text] = [
    "a", "b", "body", "x-1.2_3", "\u{E9}l\u{E9}ment", "A\u{30A}", "\u{212B}", "\u{C5}", "stream", "xmlish", "_",
  ]
  private static let namespaces: [Text] = [
    "jabber:client", "jabber:server", "", "vcard-temp", "http://etherx.jabber.org/streams", "http://www.w3.org/XML/1998/namespace", "it's",
    "a\"b", "a<&>b",
    " ", "a\tb\nc\rd", "\u{E9}", "not a uri", "jabber:client2",
  ]
  private static let pieces: [String] = [
    "<", ">", "&", "'", "\"", "\t", "\n", "\r", "\r\n", " ", "]]>", "]]", "&amp;", "&#10;", "<![CDATA[", "<a/>", "x", "text", "\u{7F}",
    "\u{85}", "\u{2028}", "\u{E9}",
    "\u{FEFF}", "\u{FFFD}", "\u{1F600}", "e\u{301}", "\u{EF}", "\u{FFFC}", "\u{F000}",
  ]

  mutating func text() -> Text {
    var text = ""
    for _ in 0..<draw(below: 6) { text += pick(Self.pieces) }
    return Text(text)
  }

  mutating func element(depth: Int = 0) -> Element {
    var element = Element(pick(Self.names), pick(Self.namespaces))
    for _ in 0..<draw(below: 4) { element[pick(Self.names)] = text() }
    for _ in 0..<draw(below: 3) { element.set(pick(Self.names), pick(Self.namespaces), text()) }
    if draw(below: 4) == 0 { element.lang = pick(["en", "", "de-AT"]) }
    for _ in 0..<draw(below: depth > 3 ? 1 : 5) {
      if draw(below: 2) == 0 { element.append(text: text()) } else { element.append(self.element(depth: depth + 1)) }
    }
    return element
  }
}
