internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// Accounts that are deleted and made anew where names stay reserved for a while: users who remove their own beside the operators, who do so
/// anyway, and everybody whose contact is gone.
enum TombstonesUse {
  static let feature = SimulatedFeature(
    actions: actions, choice: RunChoice(1001, configure), patience: patience, oracles: [NamesStayReserved.self],
    commonAnswers: [CommonAnswer(places: [.account], answer: .error(.gone))],
    absentAccountAnswers: answers)

  private static let actions: [UserAction] = [
    UserAction(.accounts, 1) { context, roll in
      roll(3) == 2 ? context.iq("set", nil, "query", NS.register, [Element("remove", NS.register)]) : nil
    },
    // To everybody's account, whether it is there or not: most of what users do is for devices.
    UserAction(.accounts, 3) { context, roll in
      let to = context.other(roll).account.text
      switch roll(3) {
      case 1: return Element("presence", NS.client, ["to": to, "type": "probe"])
      case 2: return context.iq("get", to, "ping", NS.ping)
      default: return Element("presence", NS.client, ["to": to])
      }
    },
  ]

  /// Most runs reserve nothing. A reservation ends while a run goes on, or outlasts it.
  private static func configure(_ configuration: inout Configuration, _ roll: (Int) -> Int) {
    let times: [Int64] = [0, 0, 0, 0, 0, .seconds(1), .seconds(3), .seconds(3600)]
    configuration.limits[time: .tombstoneTime] = times[roll(times.count)]
  }

  private static func patience(_ world: World) -> Int64 {
    var query = RowQuery(Tombstone.self, .everywhere)
    (query.rowLimit, query.byteLimit) = (nil, nil)
    guard case .page(let page) = world.durable.answer(.rows(query)), let rows = try? page.rows(Tombstone.self) else { return 0 }
    let time = world.settings.configuration.limits[time: .tombstoneTime]
    return rows.map { $0.row.deletedAt + time - world.instant.wall }.max() ?? 0
  }

  /// RFC 6121, 3.3: a user who shows presence to a subscriber that is gone is told that it no longer listens. (A prober hears
  /// "unsubscribed" from every account that is not there, and the model does not look at errors.)
  private static func answers(_ letter: ModelStanza, _ rows: OwnerRows, _ configuration: Configuration, _ time: Instant) -> [ModelStanza] {
    let limit = configuration.limits[time: .tombstoneTime]
    guard letter.element.stanzaKind == .presence, letter.element.type == nil, letter.to.isBare,
      let last = try? rows.rows(Tombstone.self).last, time.wall - last.deletedAt < limit
    else { return [] }
    return [.presence("unsubscribe", from: letter.to, to: letter.from.bare, isOwed: letter.isOwed)]
  }
}
