internal import XML
internal import XMPP

/// The verdict of RFC 6120, 8.2.3 on an IQ stanza by itself, before and after a login.
enum IQVerdict {
  /// With an id, and one child.
  case request
  case response
  /// An answer that is none: it goes nowhere, and is not answered, since no answer is.
  case dropped
  case refused(StanzaError)
}

extension Transaction {
  /// Looks at type, id and children.
  mutating func check(iq: Element) -> IQVerdict {
    let hasID = !(iq.id?.isEmpty ?? true)
    switch iq.type {
    case "get", "set":
      guard hasID else { return .refused(reach(StanzaMark.iqIDMissing, StanzaError(.badRequest))) }
      var children = iq.children
      return children.next() != nil && children.next() == nil
        ? .request : .refused(reach(StanzaMark.iqChildrenWrong, StanzaError(.badRequest)))
    case "result":
      var children = iq.children
      // None or one.
      let isSound = children.next() == nil || children.next() == nil
      return hasID && isSound ? .response : reach(StanzaMark.iqResultMalformed, .dropped)
    case "error":
      // With or without the one child of the request.
      let errors = iq.children.filter { $0.is("error", iq.namespace) }.count
      let isSound = errors == 1 && Array(iq.children).count <= 2
      return hasID && isSound ? .response : reach(StanzaMark.iqErrorMalformed, .dropped)
    default: return .refused(reach(StanzaMark.iqTypeUnknown, StanzaError(.badRequest)))
    }
  }
}
