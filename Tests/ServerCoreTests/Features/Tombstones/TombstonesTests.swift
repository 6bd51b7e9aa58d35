import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// Names of deleted accounts, by input and whole answer. Romeo's account is deleted, and Juliet talks to it.
struct TombstonesTests {
  private static let romeo = JID("romeo@localhost")!
  private static let second: Int64 = 1_000_000_000
  private static let gone =
    "<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
    + "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>the account was deleted</text></error>"
  private static let unavailable =
    "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
  private static let conflict = "<error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
  private static let busy = "<error type='wait'><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
  private static func reserved(until end: String) -> ControlReply {
    .refused("the name belonged to an account that was deleted, and is reserved until \(end); wait, or lower tombstone_seconds")
  }

  /// How an account of Romeo's may come into being, and go.
  enum Way: CaseIterable { case control, stream }

  private var harness: EngineHarness
  private let juliet: ConnectionID

  init(seconds: Int64 = 60) {
    harness = EngineHarness {
      $0.limits[time: .tombstoneTime] = .seconds(seconds)
      $0[flag: .openRegistration] = true
    }
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    juliet = harness.session("juliet", resource: "j")
  }

  private mutating func delete() { harness.input(.control(1, .deleteAccount(Self.romeo))) }

  private mutating func add() -> ControlReply? {
    let before = harness.replies.count
    harness.addAccount("romeo")
    return harness.replies.dropFirst(before).first
  }

  /// The answer to a stranger who registers the name.
  private mutating func register() -> String {
    let connection = harness.openStream()
    _ = harness.read(connection)
    harness.send(
      "<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>romeo</username><password>new</password></query></iq>",
      on: connection)
    return harness.read(connection)
  }
  private static func registration(_ error: String) -> String { "<iq type='error' id='r' from='localhost'>\(error)</iq>" }
  private static let registered = "<iq type='result' id='r' from='localhost'/>"

  private mutating func answer(_ stanza: String) -> String {
    harness.send(stanza, on: juliet)
    return harness.read(juliet)
  }

  private var tombstones: [Tombstone] { harness.rows(Tombstone.self, of: Self.romeo) }

  // MARK: Deleted accounts leave one

  @Test func byDefaultNothingIsReserved() {
    var test = TombstonesTests(seconds: 0)
    test.delete()
    #expect(test.tombstones.isEmpty)
    #expect(test.answer("<message id='m' to='romeo@localhost'/>").contains(Self.unavailable))
    #expect(test.add() == .done)
  }

  /// In the one transaction that deletes the account, whoever deletes it.
  @Test(arguments: Way.allCases) func theRowIsPartOfTheDeletion(_ way: Way) {
    var test = TombstonesTests(seconds: 60)
    test.harness.now = 5 * Self.second
    test.harness.wallOffset = 1_000 * Self.second
    switch way {
    case .control: test.delete()
    case .stream:
      let romeo = test.harness.session("romeo", resource: "r")
      test.harness.send("<iq type='set' id='g'><query xmlns='jabber:iq:register'><remove/></query></iq>", on: romeo)
    }
    let row = Tombstone(deletedAt: 1_005 * Self.second)
    #expect(test.harness.commits.last?.changes == [.deleteOwner(.account(Self.romeo)), .put(row, of: Self.romeo)])
    #expect(test.tombstones == [row])
  }

  @Test func aDeletionThatFailsReservesNothing() {
    var test = TombstonesTests(seconds: 60)
    test.harness.commitsAtOnce = false
    test.delete()
    test.harness.input(.commitFailed(from: test.harness.commits.last!.number))
    test.harness.commitsAtOnce = true
    #expect(test.tombstones.isEmpty)
    #expect(test.add() == .refused("there is such an account already"))
  }

  // MARK: Nobody gets the name

  /// The reservation covers its last nanosecond and not the next one.
  @Test(arguments: Way.allCases) func theNameIsRefusedUntilTheTimeIsOver(_ way: Way) {
    var test = TombstonesTests(seconds: 60)
    test.delete()
    for now in [0, Self.second, 60 * Self.second - 1] {
      test.harness.now = now
      switch way {
      case .control: #expect(test.add() == Self.reserved(until: "1970-01-01T00:01:00Z"))
      case .stream: #expect(test.register() == Self.registration(Self.conflict))
      }
      #expect(test.tombstones == [Tombstone(deletedAt: 0)])
    }
    test.harness.now = 60 * Self.second
    switch way {
    case .control: #expect(test.add() == .done)
    case .stream: #expect(test.register() == Self.registered)
    }
    #expect(test.tombstones.isEmpty)
  }

  @Test func theNameIsRefusedAfterARestart() {
    var test = TombstonesTests(seconds: 60)
    test.delete()
    test.harness.restart()
    #expect(test.add() == Self.reserved(until: "1970-01-01T00:01:00Z"))
    #expect(test.register() == Self.registration(Self.conflict))
    test.harness.now = 60 * Self.second
    #expect(test.add() == .done)
  }

  /// The deletion is under way: what is asked then is held back, and is void if the deletion fails.
  @Test func theNameIsRefusedBeforeTheDeletionIsDurable() {
    var test = TombstonesTests(seconds: 60)
    test.harness.commitsAtOnce = false
    test.delete()
    #expect(test.add() == nil)
    test.harness.commit()
    #expect(test.harness.replies.suffix(2) == [.done, Self.reserved(until: "1970-01-01T00:01:00Z")])
  }

  /// While the keys of a new account are being derived, somebody else creates it and deletes it again.
  @Test func theNameIsRefusedToWhoAskedBeforeTheDeletion() {
    var test = TombstonesTests(seconds: 60)
    test.delete()
    test.harness.now = 60 * Self.second
    test.harness.derivesAtOnce = false
    #expect(test.add() == nil)
    test.harness.derivesAtOnce = true
    #expect(test.add() == .done)
    test.delete()
    test.harness.derive()
    #expect(test.harness.replies.last == Self.reserved(until: "1970-01-01T00:02:00Z"))
    #expect(test.tombstones == [Tombstone(deletedAt: 60 * Self.second)])
  }

  /// A clock that is set back prolongs the reservation; one that is set forward ends it.
  @Test func theWallClockCounts() {
    var test = TombstonesTests(seconds: 60)
    test.delete()
    test.harness.wallOffset = -3_600 * Self.second
    test.harness.now = 100 * Self.second
    #expect(test.add() == Self.reserved(until: "1970-01-01T00:01:00Z"))
    test.harness.wallOffset = -40 * Self.second
    #expect(test.add() == .done)
  }

  @Test func whoIsDeletedAgainIsReservedAgain() {
    var test = TombstonesTests(seconds: 60)
    test.delete()
    test.harness.now = 60 * Self.second
    #expect(test.add() == .done)
    test.harness.now = 70 * Self.second
    test.delete()
    #expect(test.tombstones == [Tombstone(deletedAt: 70 * Self.second)])
    #expect(test.add() == Self.reserved(until: "1970-01-01T00:02:10Z"))
  }

  // MARK: Storage that fails

  /// No answer, and rows that can't be read: nobody gets the name.
  @Test(arguments: Way.allCases, [false, true]) func whatCanNotBeReadIsReserved(_ way: Way, _ hasAnswer: Bool) {
    var test = TombstonesTests(seconds: 60)
    test.delete()
    test.harness.now = 60 * Self.second
    test.harness.loadsAtOnce = false
    let connection: ConnectionID?
    switch way {
    case .control:
      connection = nil
      #expect(test.add() == nil)
    case .stream:
      connection = test.harness.openStream()
      _ = test.harness.read(connection!)
      test.harness.send(
        "<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>romeo</username><password>new</password></query></iq>",
        on: connection!)
    }
    var rows = OwnerRows(.account(Self.romeo))
    rows.tables = [TableRows(table: Tombstone.table.name, rows: [[.text("1970")]])]
    let answer: Answer = hasAnswer ? .result(.owner(rows)) : .failed("unreadable")
    test.harness.input(.answered(test.harness.open(.account(Self.romeo))!, answer))
    switch way {
    case .control: #expect(test.harness.replies.last == .refused("storage does not answer; look into the server's log"))
    case .stream: #expect(test.harness.read(connection!) == Self.registration(Self.busy))
    }
  }

  // MARK: Stanzas to a deleted account

  private static let fromRomeo = "from='romeo@localhost' to='juliet@localhost/j'"

  @Test(arguments: [
    (
      "<message id='m' to='romeo@localhost' type='chat'><body>b</body></message>",
      "<message type='error' id='m' \(fromRomeo)>\(gone)</message>"
    ),
    ("<message id='m' to='romeo@localhost' type='headline'/>", "<message type='error' id='m' \(fromRomeo)>\(gone)</message>"),
    ("<message id='m' to='romeo@localhost' type='error'/>", ""),
    (
      "<iq id='i' type='get' to='romeo@localhost'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
      "<iq type='error' id='i' \(fromRomeo)>\(gone)</iq>"
    ),
    ("<iq id='i' type='result' to='romeo@localhost'/>", ""),
    ("<presence to='romeo@localhost'/>", "<presence type='error' \(fromRomeo)>\(gone)</presence>"),
    ("<presence type='probe' to='romeo@localhost'/>", "<presence type='error' \(fromRomeo)>\(gone)</presence>"),
    ("<presence type='unavailable' to='romeo@localhost'/>", ""), ("<presence type='error' to='romeo@localhost'/>", ""),
    ("<presence type='unsubscribe' to='romeo@localhost'/>", ""),
  ])
  func whoTalksToItIsTold(_ stanza: String, _ expected: String) {
    var test = TombstonesTests(seconds: 60)
    test.delete()
    #expect(test.answer(stanza) == expected)
    // Until the time is over; then nobody ever was.
    test.harness.now = 60 * Self.second
    let never = test.answer(stanza.replacing("romeo", with: "nobody"))
    #expect(test.answer(stanza).replacing("romeo", with: "nobody") == never)
    #expect(test.tombstones.isEmpty)
  }

  /// A subscription that outlived the account, as after a crash between the two sides' commits, is unwound on both its sides.
  @Test func aStaleSubscriptionEnds() {
    var test = TombstonesTests(seconds: 60)
    test.delete()
    test.harness.input(.closed(test.juliet))
    test.harness.advance(seconds: 61)
    #expect(test.harness.engine.server.accountsInMemory.isEmpty)
    let juliet = JID("juliet@localhost")!
    test.harness.write([.put(RosterItem(jid: Self.romeo, subscription: .both), of: juliet)])
    test.harness.now = 0
    let connection = test.harness.session("juliet", resource: "j")
    test.harness.send("<iq type='get' id='q'><query xmlns='jabber:iq:roster'/></iq>", on: connection)
    _ = test.harness.read(connection)
    test.harness.send("<presence/>", on: connection)
    let told = test.harness.read(connection)
    #expect(told.contains("<item jid='romeo@localhost' subscription='none'/>"))
    #expect(told.contains("<presence type='unsubscribe' from='romeo@localhost' to='juliet@localhost'/>"))
    #expect(told.contains("<presence type='unsubscribed' from='romeo@localhost' to='juliet@localhost'/>"))
    #expect(test.harness.rows(RosterItem.self, of: juliet).map(\.subscription) == [.none])
  }

  /// Stanzas that wait behind the deletion find what it has left, and so does one that lined up behind stored messages.
  @Test func whatWaitsBehindTheDeletionIsTold() {
    var test = TombstonesTests(seconds: 60)
    test.harness.advance(seconds: 61)
    test.harness.loadsAtOnce = false
    test.delete()
    for id in ["a", "b"] { test.harness.send("<message id='\(id)' to='romeo@localhost'/>", on: test.juliet) }
    #expect(test.add() == nil)
    test.harness.answerLoads()
    #expect(test.harness.replies.last == .done)
    test.harness.answerLoads()
    let told = ["a", "b"].map { "<message type='error' id='\($0)' \(Self.fromRomeo)>\(Self.gone)</message>" }.joined()
    #expect(test.harness.read(test.juliet) == told)
    #expect(test.harness.replies.last == Self.reserved(until: "1970-01-01T00:02:01Z"))
    #expect(test.harness.engine.server.shards[0].parkedCount == 0)
  }

  @Test func whatLinedUpIsTold() {
    var test = TombstonesTests(seconds: 60)
    test.harness.send(EngineHarness.chat(to: "romeo@localhost", "stored"), on: test.juliet)
    let romeo = test.harness.session("romeo", resource: "r")
    test.harness.loadsAtOnce = false
    test.harness.send("<presence/>", on: romeo)
    test.harness.send("<message id='m' to='romeo@localhost' type='chat'><body>lined up</body></message>", on: test.juliet)
    #expect(test.harness.read(test.juliet) == "")
    test.delete()
    #expect(test.harness.read(test.juliet) == "<message type='error' id='m' \(Self.fromRomeo)>\(Self.gone)</message>")
  }

  // MARK: The row

  @Test(arguments: [
    (Int64.max, Int64.min, Int64.seconds(60), true), (.min, .max, .seconds(60), false), (0, 59, 60, true), (0, 60, 60, false),
    (100, 0, 60, true), (.max, .max, 1, true), (0, 0, 0, false),
  ])
  func timesFarApartDoNotOverflow(_ deletedAt: Int64, _ now: Int64, _ time: Int64, _ stands: Bool) {
    let row = Tombstone(deletedAt: deletedAt)
    #expect(row.stands(at: now, for: time) == stands)
    #expect(row.end(after: time) >= deletedAt)
  }

  @Test func theRowIsReadAsItIsWritten() throws {
    let row = Tombstone(deletedAt: .min)
    #expect(try Tombstone(values: row.values) == row)
    #expect(throws: RowProblem.self) { try Tombstone(values: [.text("1970")]) }
  }
}
