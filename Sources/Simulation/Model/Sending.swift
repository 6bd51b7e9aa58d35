internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

// Stanzas that sessions send, as they are taken from them.

extension ReferenceModel {
  /// RFC 6120, 8.1.2.1 and 8.2.3, of what is not routed at all; and nothing goes through a door that the user has shut.
  mutating func send(_ element: Element, as sender: JID, on connection: ConnectionID) {
    guard let kind = element.stanzaKind else { return end(connection) }
    if let from = element["from"], JID(from).map({ $0 != sender && $0 != sender.bare }) ?? true { return end(connection) }
    let address = element["to"].flatMap { JID($0) }
    guard element["to"] == nil || address != nil, kind != .iq || isSound(element) else { return }
    let to = address ?? sender.bare
    guard let account = accounts[sender.bare] else { return }
    guard !account.isShut(to: to) else { return refuse(element, to: to, on: connection) }
    switch kind {
    case .presence:
      let presence = routed(element, from: connection)
      accounts[sender.bare]?.send(presence, of: sender, to: address, &mailbox)
    case .message: mailbox.send(ModelStanza(element: routed(element, from: connection), from: sender, to: to))
    case .iq: mailbox.send(ModelStanza(element: element, from: sender, to: to))
    }
  }

  /// As it is handed on: without addresses, which are written anew, and with the language of its stream (RFC 6120, 8.1.5).
  private func routed(_ stanza: Element, from connection: ConnectionID) -> Element {
    var copy = stanza
    copy["from"] = nil
    copy["to"] = nil
    copy.removeLanguages { !LanguageTag.isWellFormed($0) }
    if copy.lang == nil { copy.lang = languages[connection] }
    return copy
  }

  private func isSound(_ iq: Element) -> Bool {
    guard let id = iq.id, !id.isEmpty else { return false }
    switch iq.type {
    case "get", "set": return Array(iq.children).count == 1
    case "result": return Array(iq.children).count <= 1
    case "error": return Array(iq.children).count { $0.is("error", NS.client) } == 1 && Array(iq.children).count <= 2
    default: return false
    }
  }
}
