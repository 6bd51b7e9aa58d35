public import XML
internal import XMPP

/// The kind of entity on the other side of a stream, which decides how the stream speaks with it.
public enum StreamRole: Sendable, Hashable, Codable {
  /// A client that connected, for the session of an account (RFC 6120, 2.2).
  case client
  /// A server that connected, for the domains that it proves to be of (RFC 6120, 2.3).
  case incomingServer
  /// A server that we connected to, on behalf of one of our domains.
  case outgoingServer

  /// The namespace of stanzas on the stream (RFC 6120, 4.8.2). The header declares it as the default, so it stands in no stanza: inside the server
  /// all stanzas are in `NS.client`.
  public var contentNamespace: Text {
    switch self {
    case .client: NS.client
    case .incomingServer, .outgoingServer: NS.server
    }
  }

  /// The name of the stream's protocol in TLS handshakes (ALPN; XEP-0368, 3).
  public var protocolName: Text {
    switch self {
    case .client: "xmpp-client"
    case .incomingServer, .outgoingServer: "xmpp-server"
    }
  }
}
