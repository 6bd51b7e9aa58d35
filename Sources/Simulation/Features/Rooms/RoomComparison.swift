internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

// Differences between the model and a server in a room.

extension RoomModel {
  func disagreement(with server: Server) -> String? {
    let inside = server.occupants(of: jid)
    for occupant in inside {
      guard let nick = nick(of: occupant.jid), let expected = occupants[nick] else {
        return "\(occupant.jid) is in \(jid) as \(occupant.nick), and should not be"
      }
      if nick != occupant.nick { return "\(occupant.jid) is in \(jid) as \(occupant.nick), and should be \(nick)" }
      let affiliation = affiliation(of: occupant.jid)
      if occupant.role != expected.role.text || occupant.affiliation != affiliation.text {
        return "\(occupant.nick) in \(jid) is \(occupant.affiliation)/\(occupant.role), and should be \(affiliation)/\(expected.role)"
      }
    }
    if inside.count != occupants.values.reduce(0, { $0 + $1.clients.count }) {
      for (nick, occupant) in occupants {
        for client in occupant.clients where !inside.contains(where: { $0.jid == client }) {
          return "\(client) is not in \(jid), and should be, as \(nick)"
        }
      }
    }
    if server.isLocked(room: jid) != isLocked {
      return "\(jid) is \(isLocked ? "not locked, and should be" : "still locked")"
    }
    let stored = server.affiliations(of: jid)
    let isSame =
      stored.count == list.count
      && stored.allSatisfy { list[$0.jid]?.affiliation.text == $0.affiliation && list[$0.jid]?.nick == $0.nick }
    if isSame { return nil }
    let actual = stored.map { "\($0.jid) \($0.affiliation) \($0.nick ?? "")" }
    let expected = list.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.affiliation) \($0.value.nick ?? "")" }
    return "\(jid) has the list \(actual), and should have \(expected)"
  }
}
