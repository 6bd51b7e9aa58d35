internal import XML
internal import XMPP

extension Element {
  private static let chatStates: Text = "http://jabber.org/protocol/chatstates"
  /// Receipts (XEP-0184), chat markers (XEP-0333), and what may stand beside them: hints (XEP-0334) and ids (XEP-0359).
  private static let signals: [Text] = [chatStates, "urn:xmpp:receipts", "urn:xmpp:chat-markers:0", NS.hints, "urn:xmpp:sid:0"]

  /// Whether the message says no more than what its sender does at the moment (XEP-0085), or nothing: of no use later.
  var isOnlyStates: Bool {
    children.allSatisfy { $0.has(name: "thread") || $0.has(namespace: Element.chatStates) || $0.has(namespace: NS.hints) }
  }

  /// Whether a program sent the message to say that another arrived or was read, and there is nothing in it for a person. (A receipt or a
  /// marker that is only asked for stands beside what it is for.)
  var isOnlySignals: Bool {
    children.allSatisfy { child in
      // Of events (XEP-0022) nobody needs to hear either.
      child.has(name: "thread") || child.has(namespace: "jabber:x:event") || Element.signals.contains { child.has(namespace: $0) }
    }
  }
}
