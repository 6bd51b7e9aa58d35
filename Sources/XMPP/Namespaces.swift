public import XML

/// The namespaces that the server speaks, each with the document that defines it.
public enum NS {
  // MARK: RFC 6120

  /// Stanzas between client and server (RFC 6120, 4.8.2).
  public static let client: Text = "jabber:client"
  /// Stanzas between servers (RFC 6120, 4.8.2).
  public static let server: Text = "jabber:server"
  /// The stream itself (RFC 6120, 4.8.1).
  public static let streams: Text = "http://etherx.jabber.org/streams"
  /// Conditions of stream errors (RFC 6120, 4.9.2).
  public static let streamErrors: Text = "urn:ietf:params:xml:ns:xmpp-streams"
  /// Conditions of stanza errors (RFC 6120, 8.3.2).
  public static let stanzaErrors: Text = "urn:ietf:params:xml:ns:xmpp-stanzas"
  /// STARTTLS (RFC 6120, 5).
  public static let tls: Text = "urn:ietf:params:xml:ns:xmpp-tls"
  /// SASL negotiation (RFC 6120, 6).
  public static let sasl: Text = "urn:ietf:params:xml:ns:xmpp-sasl"
  /// Resource binding (RFC 6120, 7).
  public static let bind: Text = "urn:ietf:params:xml:ns:xmpp-bind"

  // MARK: RFC 6121

  /// Session establishment, of no effect since RFC 6121 (RFC 3921, 3).
  public static let session: Text = "urn:ietf:params:xml:ns:xmpp-session"
  /// The roster (RFC 6121, 2).
  public static let roster: Text = "jabber:iq:roster"
  /// The stream feature of roster versions (RFC 6121, 2.6.1).
  public static let rosterVersioning: Text = "urn:xmpp:features:rosterver"
  /// The stream feature of subscriptions approved beforehand (RFC 6121, 3.4).
  public static let subscriptionPreApproval: Text = "urn:xmpp:features:pre-approval"

  // MARK: Extensions

  /// Data forms (XEP-0004).
  public static let dataForms: Text = "jabber:x:data"
  /// Service discovery: the identities and features of an entity (XEP-0030).
  public static let discoInfo: Text = "http://jabber.org/protocol/disco#info"
  /// Service discovery: the items that belong to an entity (XEP-0030).
  public static let discoItems: Text = "http://jabber.org/protocol/disco#items"
  /// Multi-user chat: entering a room (XEP-0045).
  public static let muc: Text = "http://jabber.org/protocol/muc"
  /// Information that rooms send to occupants (XEP-0045).
  public static let mucUser: Text = "http://jabber.org/protocol/muc#user"
  /// Roles and affiliations (XEP-0045, 8 and 9).
  public static let mucAdmin: Text = "http://jabber.org/protocol/muc#admin"
  /// Configuring and destroying rooms (XEP-0045, 10).
  public static let mucOwner: Text = "http://jabber.org/protocol/muc#owner"
  /// The form that asks for voice (XEP-0045, 8.6).
  public static let mucRequest: Text = "http://jabber.org/protocol/muc#request"
  /// The form that registers with a room (XEP-0045, 7.10).
  public static let mucRegister: Text = "http://jabber.org/protocol/muc#register"
  /// The form that configures a room (XEP-0045, 10.2).
  public static let mucRoomConfig: Text = "http://jabber.org/protocol/muc#roomconfig"
  /// The form that describes a room (XEP-0045, 6.4).
  public static let mucRoomInfo: Text = "http://jabber.org/protocol/muc#roominfo"
  /// Private XML storage (XEP-0049).
  public static let `private`: Text = "jabber:iq:private"
  /// In-band registration (XEP-0077).
  public static let register: Text = "jabber:iq:register"
  /// The stream feature of in-band registration (XEP-0077, 6).
  public static let registerFeature: Text = "http://jabber.org/features/iq-register"
  /// Software version (XEP-0092).
  public static let version: Text = "jabber:iq:version"
  /// Entity capabilities (XEP-0115).
  public static let caps: Text = "http://jabber.org/protocol/caps"
  /// Ping (XEP-0199).
  public static let ping: Text = "urn:xmpp:ping"
  /// Entity time (XEP-0202).
  public static let time: Text = "urn:xmpp:time"
  /// Delayed delivery (XEP-0203).
  public static let delay: Text = "urn:xmpp:delay"
  /// Direct invitations to rooms (XEP-0249).
  public static let conference: Text = "jabber:x:conference"
  /// Hints how to treat a message (XEP-0334).
  public static let hints: Text = "urn:xmpp:hints"
}
