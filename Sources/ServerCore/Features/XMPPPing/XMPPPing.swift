internal import XML
internal import XMPP

/// XMPP Ping, XEP-0199.
enum XMPPPing {
  static let feature = Feature(
    xep: 199, version: "2.0.1", name: "Ping", hostFeatures: [NS.ping], accountFeatures: [NS.ping],
    marks: [PingMark.self],
    requests: [
      Request("ping", NS.ping, from: .owner, .account { _, request, _, transaction in answer(request, .pingAccount, &transaction) }),
      Request("ping", NS.ping, .host { _, request, _, transaction in answer(request, .pingHost, &transaction) }),
    ])

  private static func answer(_ request: Stanza, _ mark: PingMark, _ transaction: inout Transaction) {
    transaction.reach(mark)
    transaction.reply(request)
  }
}

/// Marks: ping.
public enum PingMark: UInt16, CoverageMark {
  case pingHost, pingAccount

  public static let offset = Mark.offset(of: PingMark.self)

  public var clause: String {
    "XEP-0199, 4.2"
  }
}
