import Storage
import Testing

@testable import ServerCore

/// Every table of the server as an administrator finds it, and how a recording treats each column.
struct TablesTests {
  @Test func everyTable() {
    #expect(
      TableCatalog.server.tables.map(Self.describe) == [
        "account of account, resident, version 1: [] disabled integer shown",
        "credential of account, resident, version 1: [hash text] salt bytes shown, rounds integer shown, stored_key bytes storedKey, server_key bytes serverKey",
        "roster of account, resident, version 1: [jid jid] name text? name, groups texts name, subscription text shown, pending_out integer shown, pending_in xml? secret, listed integer shown",
        "blocked of account, resident, version 1: [jid jid] ",
        "offline of account, summarised, version 1: [sequence integer] stanza xml secret",
        "room of room, resident, version 1: [] name text name, public integer shown, configuration xml secret, subject xml? secret",
        "affiliation of room, resident, version 1: [jid jid] affiliation text shown, nick text? shown, reason text? prose, goes with account, keeps the owner: text(\"owner\") text(\"admin\") text(\"member\")",
        "private_xml of account, onDemand, version 1: [namespace text, name text] element xml secret",
        "private_xml_size of account, resident, version 1: [namespace text, name text] bytes integer shown",
        "tombstone of account, lasting, version 1: [deleted_at integer] ",
      ])
  }

  private static func describe(_ table: StoredTable) -> String {
    let columns = table.columns.map { "\($0.name) \($0.type)\($0.isOptional ? "?" : "") \($0.privacy)" }
    let key = table.key.map { "\($0.name) \($0.type)" }
    let reference = table.reference.map { reference in
      ", goes with \(reference.target)"
        + (reference.keepsOwner.map { ", keeps the owner: \($0.values.map { "\($0)" }.joined(separator: " "))" } ?? "")
    }
    return
      "\(table.name) of \(table.owner), \(table.residency), version \(table.version): [\(key.joined(separator: ", "))] \(columns.joined(separator: ", "))\(reference ?? "")"
  }
}
