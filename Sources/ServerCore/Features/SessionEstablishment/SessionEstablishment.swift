internal import XML
internal import XMPP

/// Session establishment, from RFC 3921, section 3. A session is there when the resource is bound; old clients ask for it all the same.
enum SessionEstablishment {
  static let feature = Feature(
    name: "Session Establishment",
    requests: [
      Request("session", NS.session, from: .owner, .account { _, request, _, transaction in transaction.reply(request) }),
      Request("session", NS.session, .host { _, request, _, transaction in transaction.reply(request) }),
    ],
    streamFeatures: [StreamFeature(stage: .binding, offer: { _ in offer })])

  /// `optional` tells clients that know RFC 3921 that they need not ask.
  private static let offer = Element("session", NS.session, children: [Element("optional", NS.session)])
}
