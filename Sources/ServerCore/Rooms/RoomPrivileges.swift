// The rules for privileges: the tables of XEP-0045, 5.1 and 5.2, and the additions of sections 8 to 10 to them. Pure functions.

extension Room {
  /// Whether somebody may change an affiliation. That the last owner stays one is another question: it is about all changes
  /// of a request together.
  static func refusal(
    ofAffiliation new: Affiliation, insteadOf old: Affiliation, by actor: Affiliation, toSelf isSelf: Bool
  ) -> RoomRefusal? {
    guard actor >= .admin else { return .forbidden }
    // "If an admin or owner attempts to ban himself" (9.1).
    if isSelf, new == .outcast { return .conflict }
    if actor == .owner { return nil }
    // A ban by somebody with a lower or equal affiliation is not allowed (9.1); the lists of owners and admins
    // are for owners alone (10.5, 10.8).
    if old >= .admin { return new == .outcast ? .notAllowed : .forbidden }
    return new >= .admin ? .forbidden : nil
  }

  /// One of the two in a change of roles.
  struct Privileges: Sendable {
    var role: Role
    var affiliation: Affiliation
  }

  /// Whether somebody may change an occupant's role.
  static func refusal(ofRole new: Role, for target: Privileges, by actor: Privileges, toSelf isSelf: Bool) -> RoomRefusal? {
    guard actor.role == .moderator else { return .forbidden }
    if new == target.role { return nil }
    switch (target.role, new) {
    case (_, .none): return isSelf ? nil : refusalOfKick(target, by: actor)
    case (_, .moderator): return actor.affiliation >= .admin ? nil : .forbidden
    // Owners and admins are moderators by their affiliation (5.1.3, 9.7).
    case (.moderator, _):
      if target.affiliation >= .admin { return .notAllowed }
      return actor.affiliation >= .admin ? nil : .forbidden
    case (_, .participant): return nil
    // "From a user whose affiliation is at or above the moderator's level" (8.4). To have none is no level.
    case (_, .visitor):
      let isProtected = target.affiliation >= .admin || (target.affiliation >= actor.affiliation && target.affiliation > .none)
      return isProtected ? .notAllowed : nil
    }
  }

  /// 8.2 and the chart of roles in 5.1.3: nobody by who is below him, and moderators by admins and owners alone.
  private static func refusalOfKick(_ target: Privileges, by actor: Privileges) -> RoomRefusal? {
    if target.affiliation > actor.affiliation { return .notAllowed }
    return target.role == .moderator && actor.affiliation < .admin ? .notAllowed : nil
  }

  /// Whether somebody may see a list of affiliations. Where everybody's JID is open to all, so are the lists to members (9.5, 10.5, 10.8).
  static func mayList(_ list: Affiliation, by reader: Affiliation, isNonAnonymous: Bool) -> Bool {
    switch list {
    case .none: false
    case .outcast: reader >= .admin
    case .member: reader >= .admin || (isNonAnonymous && reader >= .member)
    case .admin, .owner: reader == .owner || (isNonAnonymous && reader >= .member)
    }
  }

  /// Whether somebody may see a list of roles: moderators' for admins (9.8), others' for moderators (8.5).
  static func mayList(_ list: Role, by reader: Privileges) -> Bool {
    switch list {
    case .none: false
    case .moderator: reader.affiliation >= .admin
    case .visitor, .participant: reader.role == .moderator
    }
  }
}
