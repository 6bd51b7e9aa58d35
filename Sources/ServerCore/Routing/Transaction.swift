internal import DequeModule
internal import Storage
internal import XML
internal import XMPP

/// A stanza on its way. Its element carries neither `from` nor `to`: both are written when it leaves, so one element serves
/// every addressee.
struct Stanza: Sendable, Codable {
  var element: Element
  var from: JID
  var to: JID

  init(_ element: Element, from: JID, to: JID) {
    self.element = element
    self.from = from
    self.to = to
  }
  var kind: StanzaKind? { element.stanzaKind }
  var type: Text? { element.type }
  var id: Text? { element.id }
}

/// The transaction of one event: the stanzas that it routes, the changes that it makes durable, and what leaves. Features get it
/// as their only way to act.
struct Transaction {
  let now: Instant
  private let setting: SharedConfiguration
  var configuration: Configuration { _read { yield setting.configuration } }
  /// The offers that streams make under it.
  var offers: StreamOffers { _read { yield setting.offers } }
  /// The server's, lent for as long as the transaction lasts.
  var random = RandomSource(key: [])
  /// Routed and not yet delivered. The server works it off in order before the transaction ends.
  var routed: Deque<Envelope> = []
  private(set) var changes: [Change] = []
  /// Their weight together, in bytes.
  private(set) var changedBytes = 0
  /// The effects that leave in order, and behind every commit before them.
  var outputs = Outputs()
  /// Whether there is a message to another shard among them.
  private(set) var hasMessages = false
  /// Effects that nobody outside can see, and that need not wait: questions, and orders to the connections' parsers.
  var immediate: [Effect] = []
  /// The server's open questions, lent for as long as the transaction lasts.
  var inquiries = Inquiries()
  /// Tasks of accounts (bare) that a feature leaves to the server, which loads the account first if need be.
  var tasks: Deque<(account: JID, task: PendingTask)> = []
  /// Accounts and rooms (bare) that this transaction changed: what a failed commit takes back.
  private(set) var touched: [JID] = []
  /// The server's, lent for as long as the transaction lasts.
  var marks = Marks()

  /// A stanza for one or many.
  struct Envelope: Sendable {
    var element: Element
    var from: JID
    var to: [JID]
  }

  init(now: Instant, setting: SharedConfiguration) {
    self.now = now
    self.setting = setting
  }

  mutating func reach(_ mark: some CoverageMark) { marks.reach(mark) }
  mutating func reach(_ mark: Mark) { marks.reach(mark) }
  /// Counts a place on the way to what is said there: `transaction.bounce(stanza, transaction.reach(RosterMark.rosterFull, StanzaError(.conflict)))`.
  mutating func reach<Answer>(_ mark: some CoverageMark, _ answer: Answer) -> Answer {
    marks.reach(mark)
    return answer
  }
  mutating func reach<Answer>(_ mark: Mark, _ answer: Answer) -> Answer {
    marks.reach(mark)
    return answer
  }

  /// Sends a stanza on its way, as if over a network: nothing is delivered before the caller returns.
  mutating func route(_ element: Element, from: JID, to: JID) {
    routed.append(Envelope(element: element, from: from, to: [to]))
  }
  /// The same stanza to many: it is serialised once.
  mutating func route(_ element: Element, from: JID, to: [JID]) {
    guard !to.isEmpty else { return }
    routed.append(Envelope(element: element, from: from, to: to))
  }

  /// Answers a stanza with an error (RFC 6120, 8.3), unless it is one itself or a result, which is never answered.
  mutating func bounce(_ stanza: Stanza, _ error: StanzaError, payload: Bool = false) {
    guard stanza.type != "error", !(stanza.kind == .iq && stanza.type == "result") else { return reach(StanzaMark.stanzaErrorUnanswered) }
    route(stanza.element.errorReply(error, payload: payload), from: stanza.to, to: stanza.from)
  }
  /// Answers an IQ request.
  mutating func reply(_ stanza: Stanza, _ payload: Element? = nil) {
    route(stanza.element.resultReply(payload), from: stanza.to, to: stanza.from)
  }

  /// Sends something to another shard, behind all that this transaction and those before it said.
  mutating func pass(_ content: ShardMessage.Content, to shard: Int) {
    hasMessages = true
    outputs.append(.pass(ShardMessage(content, to: shard)))
  }

  /// Makes a change durable. Outputs of this transaction and of later ones leave only once it is.
  mutating func persist(_ change: Change) {
    changes.append(change)
    changedBytes += change.weight
    touch(change.owner.jid)
  }
  /// The account or room is to be read anew if a commit fails that this transaction makes or stands behind.
  mutating func touch(_ jid: JID) {
    if !touched.contains(jid) { touched.append(jid) }
  }
}
