internal import Storage
internal import XML
internal import XMPP

// Declarations of features for the oracles that compare the server's words with its state.

/// Things that a feature keeps on the disk once it has said so, each of which has one value at a time.
struct KeptThing: Sendable {
  struct Change: Sendable {
    /// The owner of the thing.
    var owner: JID
    /// Which of the owner's things; `nil` where there is but one.
    var thing: Text?
    var value: Text?
    /// Any value may come of it: nothing that is known of the thing counts any more.
    var isUnknown = false
  }

  /// One word, for reports.
  let name: Text
  /// It is the account's that asks for changes, and goes with it.
  let isOwnAccounts: Bool
  /// The changes of an account's request when it is answered with a result. `known` are the things that the account ever asked for.
  let changes: @Sendable (_ request: Element, _ account: JID, _ known: () -> [Text]) -> [Change]
  /// The value that the disk holds.
  let stored: @Sendable (_ owner: JID, _ thing: JID?, _ database: MemoryDatabase) -> Text?
  /// A request whose answer shows the value to a client; `nil` if no answer does.
  var question: (@Sendable (_ owner: JID, _ thing: JID?, _ value: Text?) -> (request: Element, answer: Element)?)?

  func shown(
    by question: @escaping @Sendable (_ owner: JID, _ thing: JID?, _ value: Text?) -> (request: Element, answer: Element)?
  ) -> KeptThing {
    var copy = self
    copy.question = question
    return copy
  }
}

extension Element {
  /// A question to the own account or to an address, and a result of which more may be said than this.
  static func question(
    _ id: Text, to: Text? = nil, _ payload: Element, answered children: [Element]
  ) -> (request: Element, answer: Element) {
    let request = Element("iq", NS.client, ["type": "get", "id": id, "to": to], children: [payload])
    let said = Element(payload.name, payload.namespace, children: children)
    return (request, Element("iq", NS.client, ["type": "result", "id": id], children: [said]))
  }
}

/// A question of an account in peace, with nothing under way: the answer is the content of the disk.
struct PeaceQuestion: Sendable {
  /// In words, as in "the roster of Juliet".
  let name: String
  let id: Text
  let payload: Element
  /// The content of an answer's payload, in lines.
  let said: @Sendable (_ payload: Element) -> [Text]
  /// The same of the disk.
  let stored: @Sendable (_ account: JID, _ database: MemoryDatabase) -> [Text]

  static let all: [PeaceQuestion] = SimulatedFeature.all.flatMap(\.peaceQuestions)
}

/// News that a session gets of its account only after it has asked once.
struct Push: Sendable {
  /// In words, as in "never asked for the roster".
  let name: String
  let isQuestion: @Sendable (_ request: Element) -> Bool
  let isNews: @Sendable (_ request: Element) -> Bool
}
