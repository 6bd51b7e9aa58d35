internal import OrderedCollections
public import Storage
public import XML
public import XMPP

/// A contact as an account knows it (RFC 6121, 2.1 and appendix A).
public struct RosterItem: Sendable, Hashable, Codable {
  public enum Subscription: String, Sendable, Hashable, CaseIterable, Codable { case none, to, from, both }

  /// Bare, or as the user gave it.
  public var jid: JID
  @PrivateName public var name: Text?
  @PrivateName public var groups: [Text]
  public var subscription: Subscription
  /// The user asked to subscribe and has no answer ("Pending Out").
  public var isAsking: Bool
  /// The contact's request that the user has not answered ("Pending In"), as it came (RFC 6121, 3.1.3).
  public var request: Element?
  /// Whether the user sees it: a mere request is not part of the roster.
  public var isListed: Bool

  public init(
    jid: JID, name: Text? = nil, groups: [Text] = [], subscription: Subscription = .none, isAsking: Bool = false, request: Element? = nil,
    isListed: Bool = true
  ) {
    self.jid = jid
    self.name = name
    self.groups = groups
    self.subscription = subscription
    self.isAsking = isAsking
    self.request = request
    self.isListed = isListed
  }
}

extension RosterItem: StoredRow {
  public static let table = StoredTable(
    "roster", owner: .account, key: [.jid("jid")],
    columns: [
      .text("name", .name, isOptional: true), .texts("groups", .name), .text("subscription", .shown), .boolean("pending_out"),
      .xml("pending_in", isOptional: true), .boolean("listed"),
    ])

  public var values: [ColumnValue] {
    [
      .jid(jid), .text(name), .texts(groups), .text(Text(subscription.rawValue)), .boolean(isAsking), .xml(request), .boolean(isListed),
    ]
  }
  public init(_ row: inout RowReader) throws(RowProblem) {
    let (jid, name, groups) = (try row.jid(), try row.optionalText(), try row.texts())
    guard let subscription = Subscription(rawValue: try row.text().string) else { throw row.problem() }
    self.init(
      jid: jid, name: name, groups: groups, subscription: subscription, isAsking: try row.boolean(), request: try row.optionalXML(),
      isListed: try row.boolean())
  }
}

extension RosterItem {
  /// As the user sees it (RFC 6121, 2.1.2).
  var element: Element {
    var element = Element(
      "item", NS.roster,
      ["jid": jid.text, "name": name, "subscription": Text(subscription.rawValue), "ask": isAsking ? "subscribe" : nil])
    for group in groups { element.append("group", NS.roster, text: group) }
    return element
  }

  /// The contact hears of the user's presence.
  var hears: Bool { subscription == .from || subscription == .both }
  /// The user hears of the contact's presence.
  var isHeard: Bool { subscription == .to || subscription == .both }

  mutating func setHears(_ hears: Bool) { subscription = Self.state(hears: hears, isHeard: isHeard) }
  mutating func setHeard(_ isHeard: Bool) { subscription = Self.state(hears: hears, isHeard: isHeard) }

  private static func state(hears: Bool, isHeard: Bool) -> Subscription {
    hears ? (isHeard ? .both : .from) : (isHeard ? .to : .none)
  }
}
