internal import XML
internal import XMPP

/// The privileges of somebody towards a room, and what XEP-0045 (version 1.35.5) says in its tables of who may do what.
enum RoomRules {
  /// 5.2, from the least to the most.
  enum Affiliation: Int, Sendable, Comparable, CaseIterable {
    case outcast, none, member, admin, owner
    var text: Text { Self.names[rawValue] }
    private static let names: [Text] = allCases.map { Text(String(describing: $0)) }
    init?(_ text: Text) {
      guard let found = Self.allCases.first(where: { $0.text == text }) else { return nil }
      self = found
    }
    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }

  /// 5.1, from the least to the most.
  enum Role: Int, Sendable, Comparable, CaseIterable {
    case none, visitor, participant, moderator
    var text: Text { Self.names[rawValue] }
    private static let names: [Text] = allCases.map { Text(String(describing: $0)) }
    init?(_ text: Text) {
      guard let found = Self.allCases.first(where: { $0.text == text }) else { return nil }
      self = found
    }
    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }

  struct Privileges: Sendable {
    var role: Role
    var affiliation: Affiliation
  }
}

// MARK: - Entering

extension RoomRules {
  /// 5.1.2, "Initial Role Based on Affiliation". Room types combine: "members-only" is about who may come in, and is `mayEnter`.
  static func initialRole(of affiliation: Affiliation, inModerated isModerated: Bool) -> Role {
    switch (isModerated, affiliation) {
    case (_, .outcast): .none
    case (true, .none): .visitor
    case (true, .member): .participant
    case (true, .admin): .moderator
    case (true, .owner): .moderator
    case (false, .none): .participant
    case (false, .member): .participant
    case (false, .admin): .moderator
    case (false, .owner): .moderator
    }
  }

  /// 5.2.1, "Enter Open Room" and "Enter Members-Only Room".
  static func mayEnter(_ affiliation: Affiliation, membersOnly: Bool) -> Bool {
    switch affiliation {
    case .outcast: false
    case .none: !membersOnly
    case .member, .admin, .owner: true
    }
  }
}

// MARK: - Names

extension RoomRules {
  /// 17.1: no nick is empty or invisible. Chosen: one is invisible in which nothing has a glyph that shows; not the blank pattern of
  /// Braille, for one.
  static func mayBeNick(_ nick: Text) -> Bool {
    let blanks: [Unicode.Scalar] = ["\u{2800}", "\u{1107F}", "\u{13441}", "\u{13442}", "\u{16FE4}", "\u{1D159}"]
    return nick.string.unicodeScalars.contains { scalar in
      let properties = scalar.properties
      if properties.isWhitespace || properties.isDefaultIgnorableCodePoint || blanks.contains(scalar) { return false }
      switch properties.generalCategory {
      case .control, .format, .surrogate, .unassigned, .spaceSeparator, .lineSeparator, .paragraphSeparator: return false
      default: return true
      }
    }
  }

  /// Chosen: an address without a localpart can be banned (9.2), and is nobody who could be anything else. And an owner is a user of the server: of the
  /// end of other accounts it does not hear, and their rooms would be left without an owner.
  static func mayHave(_ affiliation: Affiliation, _ user: JID, of domains: [Text]) -> Bool {
    affiliation <= .none || (!user.local.isEmpty && (affiliation < .owner || domains.contains(user.domain)))
  }
}

// MARK: - Roles

extension RoomRules {
  private enum Needed { case nothing, moderator, adminOrOwner }

  /// 5.1.3, "Role State Chart": who moves an occupant from one role (row) to another (column).
  private static func needed(from old: Role, to new: Role) -> Needed {
    //              none           visitor        participant    moderator
    switch old {
    case .none: [.nothing, .nothing, .nothing, .nothing][new.rawValue]
    case .visitor: [.moderator, .nothing, .moderator, .adminOrOwner][new.rawValue]
    case .participant: [.moderator, .moderator, .nothing, .adminOrOwner][new.rawValue]
    case .moderator: [.adminOrOwner, .adminOrOwner, .adminOrOwner, .nothing][new.rawValue]
    }
  }

  /// Whether somebody may give an occupant a role; "none" is a kick.
  ///
  /// - Parameter isSelf: The occupant is the same user, if only with another client.
  static func mayChangeRole(of target: Privileges, to new: Role, by actor: Privileges, isSelf: Bool) -> Bool {
    // 8: an actor who isn't a moderator is refused in any case. A request for what is so already is answered with success.
    guard actor.role == .moderator else { return false }
    if new == target.role { return true }
    // 8.2: the service MAY refuse those who kick themselves. Chosen: they may go.
    if isSelf, new == .none { return true }
    // Not even the own status of a moderator, which ends with leaving: 9.7 notes no exception to what 9 says of all that it lists.
    if needed(from: target.role, to: new) == .adminOrOwner, actor.affiliation < .admin { return false }
    switch (target.role, new) {
    // 8.2: "A user cannot be kicked by a moderator with a lower affiliation."
    case (_, .none): return target.affiliation <= actor.affiliation
    // 9.7: "only from a user whose affiliation is 'member' or 'none'".
    case (.moderator, _): return target.affiliation < .admin
    // 8.4: not from who is "at or above the moderator's level", nor ever from admins and owners. "None" is "the absence of an
    // affiliation" (5.2), and so no level: else a moderator without one could silence nobody, against the table of 5.1.1.
    case (_, .visitor):
      return target.affiliation < .admin && (target.affiliation == .none || target.affiliation < actor.affiliation)
    default: return true
    }
  }

  /// The role that goes with a new affiliation (5.1.3, last note): one is gained with it for good, and what is lost is left open.
  /// Chosen: it is lost with the rank of an admin alone, down to what somebody would enter with.
  static func role(_ role: Role, after old: Affiliation, became new: Affiliation, inModerated isModerated: Bool) -> Role {
    let usual = initialRole(of: new, inModerated: isModerated)
    return old >= .admin && new < .admin ? usual : max(role, usual)
  }
}

// MARK: - Affiliations

extension RoomRules {
  /// 5.2.2, "Affiliation State Chart": whether it takes an owner to move somebody from one affiliation (row) to another (column).
  /// A change of nothing but a nick or a reason takes the privilege to edit the list (5.2.1).
  private static func takesOwner(from old: Affiliation, to new: Affiliation) -> Bool {
    //              outcast none   member admin  owner
    switch old {
    case .outcast: [false, false, false, true, true][new.rawValue]
    case .none: [false, false, false, true, true][new.rawValue]
    case .member: [false, false, false, true, true][new.rawValue]
    case .admin: [true, true, true, true, true][new.rawValue]
    case .owner: [true, true, true, true, true][new.rawValue]
    }
  }

  /// Whether somebody may give a user an affiliation. That an owner must stay is another question: it is about a request as a whole.
  static func mayChangeAffiliation(from old: Affiliation, to new: Affiliation, by actor: Affiliation, isSelf: Bool) -> Bool {
    guard actor >= .admin else { return false }
    // 9.1: "If an admin or owner attempts to ban himself".
    if isSelf, new == .outcast { return false }
    return actor == .owner || !takesOwner(from: old, to: new)
  }
}

// MARK: - What the XEP leaves to the service

extension RoomRules {
  /// Sizes in bytes that this server has chosen, and that nobody can configure.
  enum Chosen {
    static let name = 256
    static let description = 4 << 10
    static let secret = 256
    static let reason = 1 << 10
    static let subject = 8 << 10
    /// The length of an id that the room chooses.
    static let id: Text = "----------------"
  }
}
