internal import GRDB

/// The tables of schema 1, which were not declared by features. Their rows move once, in the transaction that makes their successors.
///
/// This was released and never changes.
enum FirstSchema {
  private static let renamed = ["account", "credential", "offline", "room", "affiliation", "blocked"]

  /// Gives the old tables other names, so that the new ones can be made.
  static func setAside(_ db: Database) throws {
    try db.execute(sql: "DROP INDEX public_room")
    for name in renamed { try db.execute(sql: "ALTER TABLE \(name) RENAME TO old_\(name)") }
  }

  static func moveRows(_ db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO account (id, jid, domain, disabled) SELECT id, jid, substr(jid, instr(jid, '@') + 1), disabled FROM old_account;
        INSERT INTO credential (account, hash, salt, rounds, stored_key, server_key)
          SELECT account, hash, salt, rounds, stored_key, server_key FROM old_credential;
        INSERT INTO roster (account, jid, name, groups, subscription, pending_out, pending_in, listed)
          SELECT account, jid, name,
            (SELECT json_group_array(g.name) FROM (
              SELECT name FROM contact_group WHERE account = contact.account AND jid = contact.jid ORDER BY position) AS g),
            subscription, asking, request, listed
          FROM contact;
        INSERT INTO blocked (account, jid) SELECT account, jid FROM old_blocked;
        INSERT INTO offline (account, sequence, stanza) SELECT account, sequence, stanza FROM old_offline ORDER BY account, sequence;
        INSERT INTO room (id, jid, domain, name, public, configuration, subject)
          SELECT id, jid, domain, name, public, configuration, subject FROM old_room;
        INSERT INTO affiliation (room, jid, affiliation, nick, reason) SELECT room, jid, affiliation, nick, reason FROM old_affiliation;
        DROP TABLE old_affiliation; DROP TABLE old_room; DROP TABLE old_offline; DROP TABLE old_blocked; DROP TABLE contact_group;
        DROP TABLE contact; DROP TABLE old_credential; DROP TABLE old_account;
        """)
  }
}
