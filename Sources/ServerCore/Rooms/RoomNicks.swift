internal import XML
internal import XMPP

// Which nicks a room allows (XEP-0045, 17.1).

extension Room {
  /// Whether an occupant may have this nick: "a MUC service MUST NOT allow empty or invisible Room Nicknames". The XEP's example of an
  /// invisible nick is one of spaces; here it is any nick without a character that can be seen.
  static func isNick(_ nick: Text) -> Bool { nick.isVisible }

  /// The address in the room under this nick, prepared; `nil` if no occupant may have the nick.
  func address(under nick: Text) -> JID? {
    guard let address = JID(bare: jid, resource: nick), Room.isNick(address.resource) else { return nil }
    return address
  }

  /// Refuses an available presence to an address that no occupant can have: without a nick (7.2.1) or with one that can't be seen.
  static func refuseNick(_ stanza: Stanza, _ transaction: inout Transaction) {
    transaction.bounce(stanza, StanzaError(.jidMalformed, by: stanza.to.bare), payload: true)
  }
}
