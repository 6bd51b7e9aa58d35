internal import OrderedCollections
internal import XML
internal import XMPP

/// `from` is the one who sent it: for messages the sender's full address, or in rooms the nick behind which it is.
public struct SenderIsAuthentic: Oracle {
  public static let name = "sender"
  public static let clause = "RFC 6120, 8.1.2.1; XEP-0045, 7.4"
  public static let scope: OracleScope = [.runs, .smallWorlds, .recordings]

  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  private var senders: OrderedDictionary<Text, JID> = [:]
  private var addressees: OrderedDictionary<Text, JID> = [:]
  /// The nicks under which an account came in, or tried to: several of its sessions may share one, and change it together.
  private var nicks: OrderedDictionary<JID, OrderedSet<Text>> = [:]

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .began(let session, let jid): addresses[session] = jid
    case .sent(let session, let element):
      if let id = StanzaLedger.ledgerID(element) {
        senders[id] = addresses[session]
        addressees[id] = element["to"].flatMap { JID($0) }
      }
      if element.is("presence", NS.client), let jid = addresses[session], let to = element["to"].flatMap({ JID($0) }), to.isFull {
        nicks[jid.bare, default: []].append(to.resource)
      }
    case .received(let session, let element):
      guard let jid = addresses[session] else { return nil }
      if let to = element["to"].flatMap({ JID($0) }), to.bare != jid.bare { return "\(jid) got what was for \(to): \(element)" }
      // A client that shares its nick with another gets a new nick together with it.
      if element.is("presence", NS.client), let from = element["from"].flatMap({ JID($0) }),
        element.child("x", NS.mucUser)?.children.contains(where: { $0["code"] == "110" }) ?? false
      {
        nicks[jid.bare, default: []].append(from.resource)
      }
      guard let id = StanzaLedger.ledgerID(element), let sender = senders[id] else { return nil }
      let from = element["from"].flatMap { JID($0) }
      if element.type == "error" {
        // An error comes from where the message went (RFC 6120, 8.3.1).
        guard let addressee = addressees[id], from != addressee else { return nil }
        return "message \(id) was for \(addressee), and its error came from \(from?.text ?? "nobody")"
      }
      let isTrue =
        element.type == "groupchat"
        ? from.map { nicks[sender.bare]?.contains($0.resource) ?? false && $0.domain.hasPrefix("conference.") } ?? false : from == sender
      return isTrue ? nil : "message \(id) of \(sender) came to \(jid) from \(from?.text ?? "nobody")"
    default: break
    }
    return nil
  }

  /// The same stanza from the right address, if it was at least for its receiver.
  public func expectations(after observation: Observation) -> [ClientExpectation] {
    guard case .received(let session, var element) = observation, let id = StanzaLedger.ledgerID(element), element.type != "groupchat",
      let jid = addresses[session], element["to"].flatMap({ JID($0) })?.bare ?? jid.bare == jid.bare
    else { return [] }
    element["from"] = element.type == "error" ? addressees[id]?.text : senders[id]?.text
    return [.instead(element)]
  }

  public func atRest(_ state: RestState) -> String? { nil }
}
