internal import XML
internal import XMPP

/// XMPP Ping, XEP-0199.
enum Ping {
  static let feature = Feature(
    xep: 199, version: "2.0.1", name: "Ping", hostFeatures: [NS.ping], accountFeatures: [NS.ping],
    requests: [
      Request("ping", NS.ping, from: .owner, .account { _, request, _, step in answer(request, .pingAccount, &step) }),
      Request("ping", NS.ping, .host { _, request, _, step in answer(request, .pingHost, &step) }),
    ])

  private static func answer(_ request: Stanza, _ mark: Mark, _ step: inout Step) {
    step.reach(mark)
    step.reply(request)
  }
}

/// Session establishment, from RFC 3921, section 3. A session is there when the resource is bound; old clients ask for it all the same.
enum SessionEstablishment {
  static let feature = Feature(
    name: "Session Establishment",
    requests: [
      Request("session", NS.session, from: .owner, .account { _, request, _, step in step.reply(request) }),
      Request("session", NS.session, .host { _, request, _, step in step.reply(request) }),
    ])
}

/// Software Version, XEP-0092. The operating system is nobody's business.
enum SoftwareVersion {
  static let feature = Feature(
    xep: 92, version: "1.1", name: "Software Version", hostFeatures: [NS.version],
    requests: [
      Request(
        "query", NS.version,
        .host { host, request, _, step in
          guard request.type == "get" else { return step.bounce(request, StanzaError(.notAllowed)) }
          step.reach(.versionAsked)
          var answer = Element("query", NS.version)
          answer.append("name", NS.version, text: "Spondee")
          answer.append("version", NS.version, text: host.configuration.softwareVersion)
          step.reply(request, answer)
        })
    ])
}

/// Entity Time, XEP-0202.
enum EntityTime {
  static let feature = Feature(
    xep: 202, version: "2.0", name: "Entity Time", hostFeatures: [NS.time],
    requests: [
      Request(
        "time", NS.time,
        .host { _, request, _, step in
          guard request.type == "get" else { return step.bounce(request, StanzaError(.notAllowed)) }
          step.reach(.timeAsked)
          var answer = Element("time", NS.time)
          answer.append("tzo", NS.time, text: "+00:00")
          answer.append("utc", NS.time, text: DateTime.format(nanosecondsSince1970: step.now.wall))
          step.reply(request, answer)
        })
    ])
}
