internal import OrderedCollections
internal import XML
internal import XMPP

/// A user who is told that an invitation was declined did invite the decliner: otherwise a room could be made to carry anybody's words.
public struct DeclinesAreInvited: Oracle {
  public static let name = "invitations"
  public static let clause = "XEP-0045, 7.8.2"

  private struct Invitation: Hashable, Sendable {
    var room: JID
    var inviter: JID
    var invitee: JID
  }
  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  /// All that were ever sent, as far as the clients know.
  private var invitations: OrderedSet<Invitation> = []

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .began(let session, let jid): addresses[session] = jid
    case .sent(let session, let element): if let jid = addresses[session] { sent(element, by: jid.bare) }
    case .received(let session, let element):
      guard let jid = addresses[session]?.bare, element.is("message", NS.client), element.type != "error",
        let room = element["from"].flatMap({ JID($0) }), room.isBare,
        let declined = element.child("x", NS.mucUser)?.child("decline", NS.mucUser)?["from"].flatMap({ JID($0) })
      else { return nil }
      let invitation = Invitation(room: room, inviter: jid, invitee: declined.bare)
      return invitations.contains(invitation) ? nil : "\(jid) never invited \(declined) to \(room) and hears that it declines"
    default: break
    }
    return nil
  }

  /// Invitations, and affiliations that are granted: in a members-only room they invite (9.5).
  private mutating func sent(_ element: Element, by inviter: JID) {
    guard let room = element["to"].flatMap({ JID($0) })?.bare else { return }
    let invited = element.child("x", NS.mucUser)?.children.filter { $0.is("invite", NS.mucUser) }.compactMap { $0["to"] } ?? []
    let granted = element.child("query", NS.mucAdmin)?.children.compactMap { $0["jid"] } ?? []
    for invitee in (invited + granted).compactMap({ JID($0) }) {
      invitations.append(Invitation(room: room, inviter: inviter, invitee: invitee.bare))
    }
  }

  public func atRest(_ state: RestState) -> String? { nil }
}
