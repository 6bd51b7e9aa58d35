import OrderedCollections
import Storage
import Testing
import XML
import XMPP

@testable import ServerCore
@testable import Simulation

/// RFC 6121, appendix A, as it is printed there, against the model's tables and against the server.
struct SubscriptionTableTests {
  typealias Row = (existing: String, passes: String, new: String)

  static let outbound: [(SubscriptionStanza, String)] = [
    (
      .subscribe,
      """
      |  "None"                  |  MUST [1] |  "None + Pending Out"     |
      |  "None + Pending Out"    |  MUST     |  no state change          |
      |  "None + Pending In"     |  MUST [1] |  "None + Pending Out+In"  |
      |  "None + Pending Out+In" |  MUST     |  no state change          |
      |  "To"                    |  MUST     |  no state change          |
      |  "To + Pending In"       |  MUST     |  no state change          |
      |  "From"                  |  MUST [1] |  "From + Pending Out"     |
      |  "From + Pending Out"    |  MUST     |  no state change          |
      |  "Both"                  |  MUST     |  no state change          |
      """
    ),
    (
      .unsubscribe,
      """
      |  "None"                  |  MUST     |  no state change          |
      |  "None + Pending Out"    |  MUST     |  "None"                   |
      |  "None + Pending In"     |  MUST     |  no state change          |
      |  "None + Pending Out+In" |  MUST     |  "None + Pending In"      |
      |  "To"                    |  MUST     |  "None"                   |
      |  "To + Pending In"       |  MUST     |  "None + Pending In"      |
      |  "From"                  |  MUST     |  no state change          |
      |  "From + Pending Out"    |  MUST     |  "From"                   |
      |  "Both"                  |  MUST     |  "From"                   |
      """
    ),
    (
      .subscribed,
      """
      |  "None"                  |  M.N.     |  pre-approval [1]         |
      |  "None + Pending Out"    |  M.N.     |  pre-approval [1]         |
      |  "None + Pending In"     |  MUST     |  "From"                   |
      |  "None + Pending Out+In" |  MUST     |  "From + Pending Out"     |
      |  "To"                    |  M.N.     |  pre-approval [1]         |
      |  "To + Pending In"       |  MUST     |  "Both"                   |
      |  "From"                  |  M.N.     |  no state change          |
      |  "From + Pending Out"    |  M.N.     |  no state change          |
      |  "Both"                  |  M.N.     |  no state change          |
      """
    ),
    (
      .unsubscribed,
      """
      |  "None"                  |  S.N.     |  no state change [1]      |
      |  "None + Pending Out"    |  S.N.     |  no state change [1]      |
      |  "None + Pending In"     |  MUST     |  "None"                   |
      |  "None + Pending Out+In" |  MUST     |  "None + Pending Out"     |
      |  "To"                    |  S.N.     |  no state change [1]      |
      |  "To + Pending In"       |  MUST     |  "To"                     |
      |  "From"                  |  MUST     |  "None"                   |
      |  "From + Pending Out"    |  MUST     |  "None + Pending Out"     |
      |  "Both"                  |  MUST     |  "To"                     |
      """
    ),
  ]

  static let inbound: [(SubscriptionStanza, String)] = [
    (
      .subscribe,
      """
      |  "None"                  |  MUST [1] |  "None + Pending In"      |
      |  "None + Pending Out"    |  MUST     |  "None + Pending Out+In"  |
      |  "None + Pending In"     |  S.N.     |  no state change          |
      |  "None + Pending Out+In" |  S.N.     |  no state change          |
      |  "To"                    |  MUST     |  "To + Pending In"        |
      |  "To + Pending In"       |  S.N.     |  no state change          |
      |  "From"                  |  S.N. [2] |  no state change          |
      |  "From + Pending Out"    |  S.N. [2] |  no state change          |
      |  "Both"                  |  S.N. [2] |  no state change          |
      """
    ),
    (
      .unsubscribe,
      """
      |  "None"                  |  S.N.     |  no state change          |
      |  "None + Pending Out"    |  S.N.     |  no state change          |
      |  "None + Pending In"     |  MUST [1] |  "None"                   |
      |  "None + Pending Out+In" |  MUST [1] |  "None + Pending Out"     |
      |  "To"                    |  S.N.     |  no state change          |
      |  "To + Pending In"       |  MUST [1] |  "To"                     |
      |  "From"                  |  MUST [1] |  "None"                   |
      |  "From + Pending Out"    |  MUST [1] |  "None + Pending Out"     |
      |  "Both"                  |  MUST [1] |  "To"                     |
      """
    ),
    (
      .subscribed,
      """
      |  "None"                  |  S.N.     |  no state change          |
      |  "None + Pending Out"    |  MUST     |  "To"                     |
      |  "None + Pending In"     |  S.N.     |  no state change          |
      |  "None + Pending Out+In" |  MUST     |  "To + Pending In"        |
      |  "To"                    |  S.N.     |  no state change          |
      |  "To + Pending In"       |  S.N.     |  no state change          |
      |  "From"                  |  S.N.     |  no state change          |
      |  "From + Pending Out"    |  MUST     |  "Both"                   |
      |  "Both"                  |  S.N.     |  no state change          |
      """
    ),
    (
      .unsubscribed,
      """
      |  "None"                  |  S.N.     |  no state change          |
      |  "None + Pending Out"    |  MUST     |  "None"                   |
      |  "None + Pending In"     |  S.N.     |  no state change          |
      |  "None + Pending Out+In" |  MUST     |  "None + Pending In"      |
      |  "To"                    |  MUST     |  "None"                   |
      |  "To + Pending In"       |  MUST     |  "None + Pending In"      |
      |  "From"                  |  S.N.     |  no state change          |
      |  "From + Pending Out"    |  MUST     |  "From"                   |
      |  "Both"                  |  MUST     |  "From"                   |
      """
    ),
  ]

  private static func rows(_ table: String) -> [Row] {
    table.split(separator: "\n").map { line in
      let cells = line.split(separator: "|").map { $0.filter { $0 != "\"" }.trimmingCharacters(" ") }.filter { !$0.isEmpty }
      // Footnotes apart, the last of which is that of pre-approval (3.4), which is not offered.
      let isChange = cells[2] != "no state change" && !cells[2].hasSuffix("[1]")
      return (cells[0], String(cells[1].prefix { $0 != "[" }).trimmingCharacters(" "), isChange ? cells[2] : cells[0])
    }
  }

  @Test func theModelHasEveryRow() {
    for (isOutbound, tables) in [(true, Self.outbound), (false, Self.inbound)] {
      for (stanza, table) in tables {
        let printed = Self.rows(table)
        let written = isOutbound ? SubscriptionModel.outbound(stanza) : SubscriptionModel.inbound(stanza)
        #expect(printed.map(\.existing) == SubscriptionState.allCases.map(\.rawValue))
        #expect(written.map(\.existing.rawValue) == printed.map(\.existing))
        #expect(written.map(\.passes.printed) == printed.map(\.passes), "\(isOutbound ? "outbound" : "inbound") \(stanza)")
        #expect(written.map(\.new.rawValue) == printed.map(\.new), "\(isOutbound ? "outbound" : "inbound") \(stanza)")
      }
    }
  }

  /// The footnotes of A.3.1 and A.3.2: who may hear already is told so, and who unsubscribes has it confirmed.
  @Test func answersAreThoseOfTheFootnotes() {
    for (stanza, table) in Self.inbound {
      let notes = table.split(separator: "\n").map { $0.contains(stanza == .subscribe ? "S.N. [2]" : "MUST [1]") }
      for (row, hasNote) in zip(SubscriptionModel.inbound(stanza), notes) {
        let answer: SubscriptionStanza? =
          stanza == .subscribe ? .subscribed : KnownDeviations.unsubscribeIsNotConfirmed ? nil : .unsubscribed
        #expect(row.answer == (hasNote ? answer : nil), "\(stanza) in \(row.existing)")
      }
    }
  }

  @Test func theServerFollowsEveryRow() {
    for (stanza, table) in Self.outbound {
      for row in Self.rows(table) {
        var (account, transaction) = Self.account(in: row.existing)
        account.sendPresence(Self.stanza(stanza, from: Self.user, to: Self.contact), isDirected: true, &transaction)
        let routed = transaction.routed.contains {
          $0.element.type == Text(stanza.rawValue) && $0.to == [Self.contact.bare] && $0.from == Self.user.bare
        }
        #expect(routed == (row.passes == "MUST"), "outbound \(stanza) in \(row.existing)")
        #expect(Self.state(of: account) == row.new, "outbound \(stanza) in \(row.existing)")
      }
    }
    for (stanza, table) in Self.inbound {
      for row in Self.rows(table) {
        var (account, transaction) = Self.account(in: row.existing)
        account.receive(Self.stanza(stanza, from: Self.contact.bare, to: Self.user.bare), &transaction)
        transaction.outputs.close()
        let written = transaction.outputs.effects.contains {
          if case .write(let element, _, _) = $0 { element.type == Text(stanza.rawValue) } else { false }
        }
        let answers = transaction.routed.compactMap { $0.element.type.flatMap { SubscriptionStanza(rawValue: $0.string) } }
        #expect(answers.first == SubscriptionModel.inbound(stanza, in: SubscriptionState(rawValue: row.existing)!).answer)
        #expect(written == (row.passes == "MUST"), "inbound \(stanza) in \(row.existing)")
        #expect(Self.state(of: account) == row.new, "inbound \(stanza) in \(row.existing)")
      }
    }
  }

  private static let user = JID("romeo@example.net/orchard")!
  private static let contact = JID("juliet@example.com/balcony")!

  private static func stanza(_ type: SubscriptionStanza, from: JID, to: JID) -> Stanza {
    Stanza(Element("presence", NS.client, ["type": Text(type.rawValue)]), from: from, to: to)
  }

  /// An account that knows one contact, and has one available session that asked for the roster.
  private static func account(in state: String) -> (Account, Transaction) {
    let state = SubscriptionState(rawValue: state)!
    let subscription: RosterItem.Subscription =
      state.userHears ? (state.contactHears ? .both : .to) : (state.contactHears ? .from : .none)
    let request = Element("presence", NS.client, ["type": "subscribe"])
    let item = RosterItem(
      jid: contact.bare, subscription: subscription, isPendingOut: state.isPendingOut, request: state.isPendingIn ? request : nil)
    let now = Instant(monotonic: 0, wall: 0)
    let record = StoredAccount(jid: user.bare, credentials: [])
    var account = Account(record, now: now)
    account.setItem(item, for: item.jid)
    var session = Session(connection: ConnectionID(1), jid: user, language: nil)
    session.presence = Element("presence", NS.client)
    session.wantsRoster = true
    account.sessions[user.resource] = session
    var transaction = Transaction(now: now, setting: SharedConfiguration(Configuration(domains: ["example.net"])))
    transaction.random = RandomSource(key: [1])
    return (account, transaction)
  }

  private static func state(of account: Account) -> String {
    account.roster[contact.bare].map { PresenceModel.Contact($0).state.rawValue } ?? "None"
  }
}

extension SubscriptionModel.Passing {
  fileprivate var printed: String {
    switch self {
    case .must: "MUST"
    case .mustNot: "M.N."
    case .shouldNot: "S.N."
    }
  }
}

extension String {
  fileprivate func trimmingCharacters(_ unwanted: Character) -> String {
    String(drop { $0 == unwanted }.reversed().drop { $0 == unwanted }.reversed())
  }
}
