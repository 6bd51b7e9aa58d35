internal import XML
internal import XMPP

/// The answers of rooms to requests. A room that is not there, or that is locked, answers `item-not-found` to everything.
enum RoomAnswers {
  static let rows: [AnswerRow] = questions + ruling

  private static let questions: [AnswerRow] = [
    AnswerRow("get", "query", NS.discoInfo, to: [.place], "XEP-0045, 6.4, 7.12 and 18.1.1") { query, _ in
      switch query["node"] {
      case nil, "", "x-roomuser-item": [.content, .error(.itemNotFound)]
      case "http://jabber.org/protocol/muc#traffic": [.error(.serviceUnavailable), .error(.itemNotFound)]
      default: [.error(.itemNotFound)]
      }
    },
    AnswerRow("get", "query", NS.discoItems, to: [.place], "XEP-0045, 6.5") { query, _ in
      query["node"]?.isEmpty ?? true ? [.content, .error(.itemNotFound)] : [.error(.itemNotFound)]
    },
    AnswerRow("get", "ping", NS.ping, to: [.place], "XEP-0199, 4.2", .done, .error(.itemNotFound)),
    AnswerRow(
      "get", "query", NS.register, to: [.place], "XEP-0045, 7.10", .content, .error(.itemNotFound), .error(.registrationRequired),
      .error(.forbidden)),
    AnswerRow("set", "query", NS.register, to: [.place], "XEP-0045, 7.10 and XEP-0077, 3.2") { query, _ in
      let refusals: [ExpectedAnswer] = [.error(.itemNotFound), .error(.registrationRequired), .error(.forbidden)]
      if query.child("remove", NS.register) != nil { return refusals + [.done] }
      let form = query.child("x", NS.dataForms).flatMap { DataForm($0) }
      guard let form, form.kind == .submit, let nick = form.value("muc#register_roomnick"), !nick.isEmpty else {
        return refusals + [.error(.badRequest), .error(.notAcceptable)]
      }
      return refusals + [.done, .error(.conflict), .error(.jidMalformed), .error(.badRequest)]
    },
  ]

  private static let ruling: [AnswerRow] = [
    AnswerRow("get", "query", NS.mucAdmin, to: [.place], "XEP-0045, 9.5, 9.8, 10.5, 10.8") { query, _ in
      guard let item = query.child("item", NS.mucAdmin), isKnown(item["role"], roles) != isKnown(item["affiliation"], ranks) else {
        return [.error(.badRequest), .error(.itemNotFound)]
      }
      return [.content, .error(.forbidden), .error(.itemNotFound)]
    },
    AnswerRow("set", "query", NS.mucAdmin, to: [.place], "XEP-0045, 8 to 10") { query, _ in
      let items = query.children.filter { $0.is("item", NS.mucAdmin) }
      guard !items.isEmpty, items.allSatisfy({ ($0["role"] == nil) != ($0["affiliation"] == nil) }) else {
        // Which of several faults an item is refused for is left open.
        return [.badRequest, .itemNotFound, .notAcceptable, .jidMalformed].map { .error($0) }
      }
      let refusals: [StanzaError.Condition] = [
        .forbidden, .notAllowed, .conflict, .itemNotFound, .notAcceptable, .jidMalformed, .badRequest,
      ]
      let areUnknown = items.contains {
        ($0["role"].map { !roles.contains($0) } ?? false) || ($0["affiliation"].map { !ranks.contains($0) } ?? false)
      }
      return refusals.map { .error($0) } + (areUnknown ? [] : [.done])
    },
    AnswerRow("get", "query", NS.mucOwner, to: [.place], "XEP-0045, 10.2", .content, .error(.forbidden), .error(.itemNotFound)),
    AnswerRow("set", "query", NS.mucOwner, to: [.place], "XEP-0045, 10.1 to 10.9") { query, _ in
      let refusals: [ExpectedAnswer] = [.error(.forbidden), .error(.itemNotFound)]
      if let destroy = query.child("destroy", NS.mucOwner) {
        let isSound = destroy["jid"].map { JID($0) != nil } ?? true
        return refusals + (isSound ? [.done, .error(.notAcceptable)] : [.error(.notAcceptable), .error(.jidMalformed)])
      }
      switch query.child("x", NS.dataForms).flatMap({ DataForm($0) })?.kind {
      case .cancel: return refusals + [.done]
      case .submit: return refusals + [.done, .error(.notAcceptable), .error(.badRequest)]
      case .form, .result, nil: return refusals + [.error(.badRequest)]
      }
    },
  ]

  private static let roles: [Text] = ["moderator", "participant", "visitor", "none"]
  private static let ranks: [Text] = ["owner", "admin", "member", "outcast", "none"]

  private static func isKnown(_ value: Text?, _ values: [Text]) -> Bool { value.map { values.contains($0) } ?? false }
}
