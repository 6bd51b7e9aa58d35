internal import XML
internal import XMPP

/// XEP-0077, 3.2: a user removes the own account, by a request to it or to its host.
struct InBandRegistrationModel: AccountPart {
  init(_ account: JID) {}

  mutating func answer(_ request: AccountRequest, _ mailbox: inout ModelMailbox) -> AccountConsequence {
    let payload = request.payload
    let isRemoval = payload.child("remove", NS.register) != nil && Array(payload.children).count == 1
    return request.type == "set" && payload.is("query", NS.register) && isRemoval ? .end : .nothing
  }
}
