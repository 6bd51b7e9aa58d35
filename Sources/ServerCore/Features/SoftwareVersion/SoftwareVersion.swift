internal import XML
internal import XMPP

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

/// Marks: software version.
public enum SoftwareVersionMark: UInt16, CoverageMark {
  case versionAsked

  public static let offset = Mark.offset(of: SoftwareVersionMark.self)

  public var clause: String {
    "XEP-0092, 2"
  }
}
