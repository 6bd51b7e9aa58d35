internal import XML
internal import XMPP

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

/// Marks: entity time.
public enum EntityTimeMark: UInt16, CoverageMark {
  case timeAsked

  public static let offset = Mark.offset(of: EntityTimeMark.self)

  public var clause: String {
    "XEP-0202, 2"
  }
}
