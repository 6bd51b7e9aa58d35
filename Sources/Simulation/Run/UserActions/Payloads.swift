internal import XML
internal import XMPP

/// Content of messages beside their bodies, of every shape that XML and its namespaces allow: who passes a message on changes none of it.
enum Payloads {
  /// - Parameter number: of the message. Most have none.
  static func content(of number: Int) -> [Element] { number % 3 == 0 ? samples[number / 3 % samples.count] : [] }

  private static let any: Text = "urn:x:any"

  private static let samples: [[Element]] = [
    [Element("thread", NS.client, ["parent": "t1"], text: "t2")],
    [Element("subject", NS.client, text: "Wherefore"), Element("subject", NS.client, text: "Again")],
    // White space, quotes and references, in attributes and in text.
    [Element("a", any, ["b": " \"'<&>\t\n\r ", "c": ""], text: " \"'<&>]]>\t\n\r ")],
    // Namespaces within each other, and back again.
    [
      Element(
        "a", any,
        children: [
          Element("b", "urn:y:any", children: [Element("a", any), Element("c", NS.client, text: "inner")])
        ])
    ],
    // Names that mean something elsewhere.
    [Element("message", any), Element("body", any, text: "no body"), Element("error", any), Element("presence", NS.client)],
    // Text and elements by turns; characters of all lengths in UTF-8.
    [mixed],
    [Element("a", "urn:x:a&b?c=d", ["ä\u{10000}": "é"]), Element("active", "http://jabber.org/protocol/chatstates")],
    [Element("a", any, children: [Element("a", any, children: [Element("a", any, children: [Element("a", any)])])])],
  ]

  private static let mixed: Element = {
    var element = Element("html", "http://jabber.org/protocol/xhtml-im", text: "e\u{301} ")
    element.append("b", "http://www.w3.org/1999/xhtml", text: "\u{10FFFD}\u{FFFD}\u{80}")
    element.append(text: " \u{202E}tail")
    return element
  }()
}
