public import XML
public import XMPP

/// The violated part of a rule as a client sees it: by this a script that shows a failure ends.
public enum ClientExpectation: Sendable {
  /// In the place of the last stanza that came, its receiver should have received this one.
  case instead(Element)
  /// The last stanza that came should have come before the one with this id, to the same receiver.
  case before(id: Text)
  /// A session of this address, bare or full, should have received this stanza by now.
  case stanza(Element, at: JID)
  /// The session with this full address should not receive this stanza.
  case not(Element, at: JID)
  /// Nobody should be able to log in to this account.
  case noLogin(of: JID)
  /// Some session of this account (`nil`: of any) should get this answer to this request, also after the server has started anew.
  case answer(Element, to: Element, of: JID?)
}
