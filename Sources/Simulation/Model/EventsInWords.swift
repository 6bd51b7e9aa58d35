internal import ServerCore
internal import XML
internal import XMPP

extension Event {
  /// For reports.
  var summary: String {
    switch self {
    case .stanza(let link, let element): "link \(link.number) sent \(element)"
    case .closed(let link): "link \(link.number) closed"
    case .streamEnd(let link): "link \(link.number) ended its stream"
    case .streamFailure(let link, _): "link \(link.number) sent what can't be read"
    case .loaded(let key, _): "storage had \(key)"
    case .commitFailed(let number): "commit \(number) failed"
    case .committed(let number): "commit \(number) was durable"
    case .opened, .header, .encrypted, .derived, .control, .deadline, .shutdown: "\(self)"
    }
  }
}

extension Record {
  /// Whom it is about: an account or a room.
  var subject: JID {
    switch self {
    case .account(let account): account.jid
    case .room(let room): room.jid
    case .deleteAccount(let jid), .deleteRoom(let jid), .rosterItem(let jid, _), .deleteRosterItem(let jid, _), .blocklist(let jid, _),
      .offline(let jid, _, _), .deleteOffline(let jid, _), .affiliation(let jid, _, _):
      jid
    }
  }
}
