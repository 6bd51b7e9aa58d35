internal import Storage
internal import XML

// Rows in a recording: their columns say how each content is treated.

extension TableRows: PrivateValue {
  func redacted(by pseudonyms: Pseudonyms) -> TableRows { TableRows(table: table, rows: rows.map { pseudonyms.row($0, of: table) }) }
}

extension Page: PrivateValue {
  func redacted(by pseudonyms: Pseudonyms) -> Page {
    Page(table: table, entries: entries.map { Entry(owner: $0.owner, values: pseudonyms.row($0.values, of: table)) }, hasMore: hasMore)
  }
}

extension Change: PrivateValue {
  func redacted(by pseudonyms: Pseudonyms) -> Change {
    guard case .put(let table, let owner, let row) = self else { return self }
    return .put(table, owner, pseudonyms.row(row, of: table))
  }
}

extension Pseudonyms {
  fileprivate func row(_ row: [ColumnValue], of name: TableName) -> [ColumnValue] {
    // Nobody knows the columns of a table that is not declared: nothing of it is shown.
    guard let table = TableCatalog.server[name] else { return row.map { _ in .null } }
    return zip(table.allColumns, row).map { value($1, $0.privacy) }
  }

  private func value(_ value: ColumnValue, _ privacy: Column.Privacy) -> ColumnValue {
    switch (value, privacy) {
    case (.null, _), (.integer, _), (.jid, _), (_, .shown): value
    case (.text(let text), _): .text(self.text(text, treatment(privacy)))
    case (.texts(let texts), _): .texts(texts.map { self.text($0, treatment(privacy)) })
    case (.xml(let xml), _): .xml(element(xml))
    case (.bytes(let bytes), .storedKey): .bytes(storedKey(bytes))
    case (.bytes(let bytes), .serverKey): .bytes(serverKey(bytes))
    case (.bytes(let bytes), _): .bytes(key(bytes))
    }
  }

  private func treatment(_ privacy: Column.Privacy) -> RedactionContext.Treatment {
    let place: RedactionContext = privacy == .name ? .group : privacy == .prose ? .prose : .password
    return privacy == .secret ? .mask : place.treatment(keepsText: keepsText)
  }
}
