internal import Storage
internal import XML
internal import XMPP

// A room has an owner who can act (XEP-0045, 10 and 10.4).
//
// 10.4 forbids the last owner to give up the room, and has no word for the end of the last owner's account. Chosen: the room passes to
// the highest affiliation that remains, among users of this server if there is one. All admins become owners, or all members if there are
// no admins: the list knows no seniority, and whom the last owner had made equal stay equal. A room to which nobody belongs is destroyed.
//
// The rule depends on the stored list alone. So a room in memory passes on at once, and a stored one when it is next loaded: nobody can
// see it in between, and another deletion in between leads to the same owners. A stored room without any owner, admin or member goes
// with the account's rows (`AffiliationRow.table`), so that no list of rooms names a room that would be gone when it is looked at.

extension Room {
  /// Whether an address may be given an affiliation: without a localpart it is a whole domain, which can be banned (9.2) but not act. An owner
  /// must be able to act here: be a user of this server, as long as there is no federation.
  static func mayHave(_ affiliation: Affiliation, _ user: JID, _ configuration: Configuration) -> Bool {
    affiliation <= .none || (user.hasLocal && (affiliation < .owner || isOfThisServer(user, configuration)))
  }

  private static func isOfThisServer(_ user: JID, _ configuration: Configuration) -> Bool {
    configuration.domains.contains { user.isAt(domain: $0) }
  }

  /// Forgets the affiliation of an account that is gone. (Its stored rows go with the account.)
  mutating func forget(_ account: JID, _ transaction: inout Transaction) {
    affiliations.set(account, nil)
    transaction.touch(jid)
    keepOwner(&transaction)
  }

  /// Removes from a list that an older version stored what may not be in it.
  mutating func mendList(_ transaction: inout Transaction) {
    for (user, entry) in affiliations.sorted {
      if entry.affiliation > .none, !user.hasLocal {
        affiliations.set(user, nil)
        transaction.persist(.delete(AffiliationRow.self, key: .jid(user), of: jid))
      } else if let nick = entry.nick, !Room.isNick(nick) {
        var mended = entry
        mended.nick = nil
        affiliations.set(user, mended)
        transaction.persist(.put(mended.row(of: user), of: jid))
      }
    }
  }

  /// Passes a room without an owner on, or destroys it.
  mutating func keepOwner(_ transaction: inout Transaction) {
    guard affiliations.ownerCount == 0, !isDestroyed else { return }
    // Heirs of this server, who can act here, come before others.
    let ranks = [affiliations.list(.admin), affiliations.list(.member)]
    let here = ranks.map { rank in rank.filter { Room.isOfThisServer($0.jid, transaction.configuration) } }
    let heirs = (here + ranks).first { !$0.isEmpty } ?? []
    guard !heirs.isEmpty else {
      transaction.reach(RoomMark.roomWithoutHeir)
      return destroy(Destruction(reason: "The last owner's account was deleted."), &transaction)
    }
    transaction.reach(heirs[0].entry.affiliation == .member ? RoomMark.roomPassedToMembers : .roomPassedToAdmins)
    for (user, _) in heirs {
      setAffiliation(.owner, of: user, nick: .keep, by: nil, reason: "The last owner's account was deleted.", &transaction)
    }
  }
}
