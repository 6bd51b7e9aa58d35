public import XML
internal import XMPP

extension Setting {
  public static let rooms = flag("rooms", standard: true)
  /// Rooms live at this label below each domain.
  public static let conferenceLabel = text(
    "conference_label", standard: "conference", wanted: "one label of a domain name, such as conference"
  ) { text in
    guard let jid = JID(text), jid.isDomain, !jid.domain.utf8.contains(UInt8(ascii: ".")) else { return nil }
    return jid.domain
  }
}

extension Configuration {
  public var conferenceLabel: Text {
    get { self[text: .conferenceLabel] }
    set { self[text: .conferenceLabel] = newValue }
  }
}

/// The state that visitors can make one room keep. Names, subjects and the like have bounds of their own (`Room.Limits`).
extension Limit {
  static let rooms: [Limit] = [
    roomAffiliations, roomSessions, roomAdminSessions, roomHistoryMessages, roomHistoryBytes, roomPendingIQs, roomInvitations,
    roomOpenInvitations, roomLockTime,
  ]

  /// At least one: a room has an owner.
  public static let roomAffiliations = count(
    "room_affiliations", 10_000, settable: 1...,
    effect: "a change that would add an entry is answered with resource-constraint; nothing is changed", trial: .low(63, 3, 1))
  /// Clients in the room. Admins and owners may go `roomAdminSessions` beyond it (XEP-0045, 7.2.9). At least one: whoever makes a room is
  /// in it.
  public static let roomSessions = count(
    "room_sessions", 5_000, settable: 1..., effect: "who wants to join gets service-unavailable, unless admin or owner",
    trial: .low(64, 3, 1))
  public static let roomAdminSessions = count(
    "room_admin_sessions", 100, effect: "admins and owners join a full room so many times, then get service-unavailable like others",
    trial: .low(65, 1, 0), formerName: "room_spare_sessions")
  /// The most that an owner can have shown to who joins.
  public static let roomHistoryMessages = count(
    "room_history_messages", 100, effect: "the oldest message leaves the room's history", trial: .low(66, 3, 0))
  public static let roomHistoryBytes = bytes(
    "room_history_bytes", 256 << 10, effect: "the oldest messages leave the room's history", trial: .low(67, 1_000, 300))
  /// Requests between occupants that have no answer yet.
  public static let roomPendingIQs = count(
    "room_pending_iqs", 256, settable: 1...,
    effect: "the oldest request that has no answer is given up: whoever asked gets an error", trial: .low(68, 2, 1),
    formerName: "room_relays")
  /// In one message.
  public static let roomInvitations = count(
    "room_invitations", 20, settable: 1...,
    effect: "the message with the invitations is answered with resource-constraint; nobody is invited", trial: .low(69, 2, 1))
  /// Invitations that have not been declined or followed.
  public static let roomOpenInvitations = count(
    "room_open_invitations", 256, effect: "the oldest invitation is forgotten: whoever declines it gets not-acceptable",
    trial: .low(95, 2, 1))
  /// How long the creator has to configure a new room (XEP-0045, 10.1.1 transaction 5).
  public static let roomLockTime = time(
    "room_lock_seconds", seconds: 300, effect: "a room that its creator did not configure is destroyed",
    trial: .low(70, milliseconds: 2_000, 500))
}
