internal import XML
internal import XMPP

/// XMPP Ping, XEP-0199.
enum Ping {
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

/// Software Version, XEP-0092. The operating system is nobody's business.
enum SoftwareVersion {
  static let feature = Feature(
    xep: 92, version: "1.1", name: "Software Version", hostFeatures: [NS.version], marks: [SoftwareVersionMark.self],
    requests: [
      Request(
        "query", NS.version,
        .host { host, request, _, transaction in
          guard request.type == "get" else { return transaction.bounce(request, StanzaError(.notAllowed)) }
          transaction.reach(SoftwareVersionMark.versionAsked)
          var answer = Element("query", NS.version)
          answer.append("name", NS.version, text: "Spondee")
          answer.append("version", NS.version, text: host.configuration.softwareVersion)
          transaction.reply(request, answer)
        })
    ])
}

/// Entity Time, XEP-0202.
enum EntityTime {
  static let feature = Feature(
    xep: 202, version: "2.0", name: "Entity Time", hostFeatures: [NS.time], marks: [EntityTimeMark.self],
    requests: [
      Request(
        "time", NS.time,
        .host { _, request, _, transaction in
          guard request.type == "get" else { return transaction.bounce(request, StanzaError(.notAllowed)) }
          transaction.reach(EntityTimeMark.timeAsked)
          var answer = Element("time", NS.time)
          answer.append("tzo", NS.time, text: "+00:00")
          answer.append("utc", NS.time, text: DateTime.format(nanosecondsSince1970: transaction.now.wall))
          transaction.reply(request, answer)
        })
    ])
}

/// Marks: ping.
public enum PingMark: UInt16, CoverageMark {
  case pingHost, pingAccount

  public static let offset = Mark.offset(of: PingMark.self)

  public var clause: String {
    "XEP-0199, 4.2"
  }
}

/// Marks: software version.
public enum SoftwareVersionMark: UInt16, CoverageMark {
  case versionAsked

  public static let offset = Mark.offset(of: SoftwareVersionMark.self)

  public var clause: String {
    "XEP-0092, 2"
  }
}

/// Marks: entity time.
public enum EntityTimeMark: UInt16, CoverageMark {
  case timeAsked

  public static let offset = Mark.offset(of: EntityTimeMark.self)

  public var clause: String {
    "XEP-0202, 2"
  }
}
