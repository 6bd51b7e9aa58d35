public import Storage
public import XML
public import XMPP

/// The root row of a persistent room: its configuration and subject.
public struct RoomRow: StoredRow {
  /// For the list of rooms; the whole configuration stands in `configuration`.
  public var name: Text
  public var isPublic: Bool
  /// The configuration as a form of type `submit` (XEP-0045, 10).
  public var configuration: Element
  /// The subject's message as last broadcast, if there is one.
  public var subject: Element?
  public init(name: Text, isPublic: Bool, configuration: Element, subject: Element?) {
    self.name = name
    self.isPublic = isPublic
    self.configuration = configuration
    self.subject = subject
  }

  static let publicColumn = Column.boolean("public")
  public static let table = StoredTable.root(
    "room", of: .room, columns: [.text("name", .name), publicColumn, .xml("configuration"), .xml("subject", isOptional: true)])

  public var values: [ColumnValue] { [.text(name), .boolean(isPublic), .xml(configuration), .xml(subject)] }
  public init(_ row: inout RowReader) throws(RowProblem) {
    self.init(name: try row.text(), isPublic: try row.boolean(), configuration: try row.xml(), subject: try row.optionalXML())
  }

  /// The public rooms of a service's domain.
  public static func listed(at domain: Text) -> RowQuery {
    RowQuery(RoomRow.self, .domain(domain)).with(publicColumn, .boolean(true), in: RoomRow.self)
  }
}

/// The affiliation of a user or of a whole domain with a room.
public struct AffiliationRow: StoredRow {
  /// Bare, or a domain.
  public var jid: JID
  /// "owner", "admin", "member", "outcast"; "none" where only a nick is reserved.
  public var affiliation: Text
  /// The reserved nick (XEP-0045, 7.10).
  public var nick: Text?
  public var reason: Text?
  public init(jid: JID, affiliation: Text, nick: Text? = nil, reason: Text? = nil) {
    self.jid = jid
    self.affiliation = affiliation
    self.nick = nick
    self.reason = reason
  }

  private static let affiliationColumn = Column.text("affiliation", .shown)
  /// With the account goes its affiliation, and the room with the last owner, admin or member. (A room that loses its last owner alone passes on
  /// when it is loaded: `Room.keepOwner`.)
  public static let table = StoredTable(
    "affiliation", owner: .room, key: [.jid("jid")],
    columns: [affiliationColumn, .text("nick", .shown, isOptional: true), .text("reason", .prose, isOptional: true)],
    reference: .init(to: .account, keepsOwner: (affiliationColumn, [.text("owner"), .text("admin"), .text("member")])))

  public var values: [ColumnValue] { [.jid(jid), .text(affiliation), .text(nick), .text(reason)] }
  public init(_ row: inout RowReader) throws(RowProblem) {
    self.init(jid: try row.jid(), affiliation: try row.text(), nick: try row.optionalText(), reason: try row.optionalText())
  }
}

/// A line of the list of rooms.
public struct RoomListing: Sendable, Hashable, Codable {
  public var jid: JID
  @PrivateName public var name: Text
  public init(jid: JID, name: Text) {
    self.jid = jid
    self.name = name
  }
}
