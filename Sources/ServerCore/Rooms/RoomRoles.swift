internal import OrderedCollections
internal import XML
internal import XMPP

extension Room {
  /// A user's lasting relation to the room (XEP-0045, 5.2), from the least to the most.
  enum Affiliation: Int, Sendable, Comparable, CaseIterable, Codable {
    case outcast, none, member, admin, owner

    var text: Text {
      switch self {
      case .outcast: "outcast"
      case .none: "none"
      case .member: "member"
      case .admin: "admin"
      case .owner: "owner"
      }
    }
    init?(_ text: Text) {
      guard let found = Self.allCases.first(where: { $0.text == text }) else { return nil }
      self = found
    }
    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

    /// 5.1.2, "Initial Role Based on Affiliation".
    func defaultRole(inModerated isModerated: Bool) -> Role {
      switch self {
      case .outcast: .none
      case .none: isModerated ? .visitor : .participant
      case .member: .participant
      case .admin, .owner: .moderator
      }
    }
  }

  /// An occupant's privileges while in the room (XEP-0045, 5.1), from the least to the most.
  enum Role: Int, Sendable, Comparable, CaseIterable, Codable {
    case none, visitor, participant, moderator

    var text: Text {
      switch self {
      case .none: "none"
      case .visitor: "visitor"
      case .participant: "participant"
      case .moderator: "moderator"
      }
    }
    init?(_ text: Text) {
      guard let found = Self.allCases.first(where: { $0.text == text }) else { return nil }
      self = found
    }
    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }

  /// Somebody in the room under one nick, perhaps with several clients (XEP-0045, 7.2.8).
  struct Occupant: Sendable, Codable {
    /// The room's address with the nick.
    var address: JID
    /// The bare JID of who it is.
    let user: JID
    var role: Role
    /// The clients and the presence that each showed last. The one that spoke last stands last: it is the one shown.
    var sessions: OrderedDictionary<JID, Element>

    var nick: Text { address.resource }
    /// The JID that those who may see it are shown.
    var shownJID: JID { sessions.keys.last ?? user }
    var presence: Element { sessions.values.last ?? Element("presence", NS.client) }

    mutating func show(_ presence: Element, of session: JID) {
      sessions.removeValue(forKey: session)
      sessions[session] = presence
    }
  }

  /// The user who did something to somebody: shown to those whom it concerns.
  struct Actor: Sendable {
    var jid: JID
    /// `nil` for somebody who is not in the room.
    var nick: Text?
  }

  /// Bounds on single things that visitors can make a room keep. How many of them it keeps is in `RoomDeclarations.swift`.
  enum Limits {
    /// Bytes and nodes of the presence that is kept of a client and shown to everybody who joins.
    static let presenceWeight = 8 << 10
    static let statusBytes = 1 << 10
    static let nameBytes = 256
    static let descriptionBytes = 4 << 10
    static let secretBytes = 256
    static let subjectBytes = 8 << 10
    static let reasonBytes = 1 << 10
  }
}

/// Why the room says no to a change of role or affiliation.
enum RoomRefusal: Sendable, Hashable {
  case forbidden, notAllowed, conflict
}
