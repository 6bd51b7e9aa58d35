import Testing

@testable import ServerCore

/// The tables of XEP-0045, 5.1.3 and 5.2.2, whole.
@Suite struct RoomPrivilegeTests {
  /// For each actor, a row for what the target is and a column for what it becomes: both outcast, none, member, admin, owner.
  /// `.` allowed, `f` forbidden, `n` not-allowed, `c` conflict.
  @Test(
    arguments: [
      (.outcast, ["fffff", "fffff", "fffff", "fffff", "fffff"]),
      (.none, ["fffff", "fffff", "fffff", "fffff", "fffff"]),
      (.member, ["fffff", "fffff", "fffff", "fffff", "fffff"]),
      (.admin, ["...ff", "...ff", "...ff", "nffff", "nffff"]),
      (.owner, [".....", ".....", ".....", ".....", "....."]),
    ] as [(Room.Affiliation, [String])])
  func affiliations(_ actor: Room.Affiliation, _ table: [String]) {
    let found = Room.Affiliation.allCases.map { old in
      Room.Affiliation.allCases.map { new in
        letter(Room.refusal(ofAffiliation: new, insteadOf: old, by: actor, toSelf: false))
      }.joined()
    }
    #expect(found == table)
  }

  /// 9.1: nobody can ban himself; who may not ban at all hears that first.
  @Test(arguments: [(.member, "f"), (.admin, "c"), (.owner, "c")] as [(Room.Affiliation, String)])
  func ownBan(_ actor: Room.Affiliation, _ expected: String) {
    #expect(letter(Room.refusal(ofAffiliation: .outcast, insteadOf: actor, by: actor, toSelf: true)) == expected)
  }

  /// For moderators of each affiliation, a row for the target's role (visitor, participant, moderator), in it a word for each of its
  /// affiliations (none, member, admin, owner) with a letter for each role that it could get: none, visitor, participant, moderator.
  @Test(
    arguments: [
      (.none, ["...f n..f n..f n..f", "...f nn.f nn.f nn.f", "nff. nff. nnn. nnn."]),
      (.member, ["...f ...f n..f n..f", "...f .n.f nn.f nn.f", "nff. nff. nnn. nnn."]),
      (.admin, [".... .... .... n...", ".... .... .n.. nn..", ".... .... .nn. nnn."]),
      (.owner, [".... .... .... ....", ".... .... .n.. .n..", ".... .... .nn. .nn."]),
    ] as [(Room.Affiliation, [String])])
  func roles(_ actor: Room.Affiliation, _ table: [String]) {
    let privileges = Room.Privileges(role: .moderator, affiliation: actor)
    let found = [Room.Role.visitor, .participant, .moderator].map { role in
      [Room.Affiliation.none, .member, .admin, .owner].map { affiliation in
        Room.Role.allCases.map { new in
          let target = Room.Privileges(role: role, affiliation: affiliation)
          return letter(Room.refusal(ofRole: new, for: target, by: privileges, toSelf: false))
        }.joined()
      }.joined(separator: " ")
    }
    #expect(found == table)
  }

  /// Everybody may kick himself (8.2, MAY), and nobody below an admin gives up what only admins give and take (9, 9.7).
  @Test(
    arguments: [(.none, ".ff."), (.member, ".ff."), (.admin, ".nn."), (.owner, ".nn.")] as [(Room.Affiliation, String)])
  func moderatorsThemselves(_ affiliation: Room.Affiliation, _ expected: String) {
    let privileges = Room.Privileges(role: .moderator, affiliation: affiliation)
    let found = Room.Role.allCases.map { letter(Room.refusal(ofRole: $0, for: privileges, by: privileges, toSelf: true)) }
    #expect(found.joined() == expected)
  }

  /// Changing roles takes a moderator, whatever the affiliation (8).
  @Test(arguments: [Room.Role.none, .visitor, .participant])
  func onlyModerators(_ role: Room.Role) {
    let privileges = Room.Privileges(role: role, affiliation: .owner)
    let target = Room.Privileges(role: .visitor, affiliation: .none)
    #expect(
      Room.Role.allCases.map { letter(Room.refusal(ofRole: $0, for: target, by: privileges, toSelf: false)) } == ["f", "f", "f", "f"])
  }

  /// Rows for the requester, from outcast to owner; columns for the list, in the same order.
  @Test(
    arguments: [
      (false, ["-----", "-----", "-----", "+-+--", "+-+++"]),
      (true, ["-----", "-----", "--+++", "+-+++", "+-+++"]),
    ] as [(Bool, [String])])
  func affiliationLists(_ isNonAnonymous: Bool, _ table: [String]) {
    let found = Room.Affiliation.allCases.map { reader in
      Room.Affiliation.allCases.map { Room.mayList($0, by: reader, isNonAnonymous: isNonAnonymous) ? "+" : "-" }.joined()
    }
    #expect(found == table)
  }

  /// 5.1.2.
  @Test func defaultRoles() {
    let affiliations = Room.Affiliation.allCases
    #expect(affiliations.map { $0.defaultRole(inModerated: true) } == [.none, .visitor, .participant, .moderator, .moderator])
    #expect(affiliations.map { $0.defaultRole(inModerated: false) } == [.none, .participant, .participant, .moderator, .moderator])
  }

  private func letter(_ refusal: RoomRefusal?) -> String {
    switch refusal {
    case nil: "."
    case .forbidden: "f"
    case .notAllowed: "n"
    case .conflict: "c"
    }
  }
}
