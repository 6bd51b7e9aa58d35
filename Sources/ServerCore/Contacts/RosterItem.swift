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
  public var isPendingOut: Bool
  /// The contact's request that the user has not answered ("Pending In"), as it came (RFC 6121, 3.1.3).
  public var request: Element?
  /// Whether the user sees it: a mere request is not part of the roster.
  public var isInRoster: Bool

  public init(
    jid: JID, name: Text? = nil, groups: [Text] = [], subscription: Subscription = .none, isPendingOut: Bool = false,
    request: Element? = nil,
    isInRoster: Bool = true
  ) {
    self.jid = jid
    self.name = name
    self.groups = groups
    self.subscription = subscription
    self.isPendingOut = isPendingOut
    self.request = request
    self.isInRoster = isInRoster
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
      .jid(jid), .text(name), .texts(groups), .text(Text(subscription.rawValue)), .boolean(isPendingOut), .xml(request),
      .boolean(isInRoster),
    ]
  }
  public init(_ row: inout RowReader) throws(RowProblem) {
    let (jid, name, groups) = (try row.jid(), try row.optionalText(), try row.texts())
    guard let subscription = Subscription(rawValue: try row.text().string) else { throw row.problem() }
    self.init(
      jid: jid, name: name, groups: groups, subscription: subscription, isPendingOut: try row.boolean(), request: try row.optionalXML(),
      isInRoster: try row.boolean())
  }
}

extension RosterItem {
  /// As the user sees it (RFC 6121, 2.1.2).
  var element: Element {
    var element = Element(
      "item", NS.roster,
      ["jid": jid.text, "name": name, "subscription": Text(subscription.rawValue), "ask": isPendingOut ? "subscribe" : nil])
    for group in groups { element.append("group", NS.roster, text: group) }
    return element
  }

  /// The contact hears of the user's presence.
  var isSubscribedFrom: Bool { subscription == .from || subscription == .both }
  /// The user hears of the contact's presence.
  var isSubscribedTo: Bool { subscription == .to || subscription == .both }

  mutating func setSubscribedFrom(_ isSubscribedFrom: Bool) {
    subscription = Self.state(isSubscribedFrom: isSubscribedFrom, isSubscribedTo: isSubscribedTo)
  }
  mutating func setSubscribedTo(_ isSubscribedTo: Bool) {
    subscription = Self.state(isSubscribedFrom: isSubscribedFrom, isSubscribedTo: isSubscribedTo)
  }

  private static func state(isSubscribedFrom: Bool, isSubscribedTo: Bool) -> Subscription {
    isSubscribedFrom ? (isSubscribedTo ? .both : .from) : (isSubscribedTo ? .to : .none)
  }
}
