import Foundation
import Testing
import XML
import XMPP

@testable import ServerCore

struct MarksTests {
  @Test func aMarkIsCountedWhereItIsReached() {
    var marks = Marks()
    #expect(marks.unreached == Mark.all)
    marks.reach(RoomRoleMark.roomRoleKick)
    marks.reach(RoomRoleMark.roomRoleKick)
    let copy = marks
    marks.reach(RosterMark.rosterFull)
    #expect(marks.count(of: RoomRoleMark.roomRoleKick) == 2)
    #expect(marks.count(of: RosterMark.rosterFull) == 1)
    #expect(copy.count(of: RosterMark.rosterFull) == 0)
    #expect(marks.unreached.count == Mark.all.count - 2)
  }

  @Test func countsOfSeveralServersAddUp() {
    var first = Marks()
    var second = Marks()
    second.reach(RoomRoleMark.roomRoleKick)
    first.merge(second)
    first.merge(second)
    first.merge(Marks())
    #expect(first.count(of: RoomRoleMark.roomRoleKick) == 2)
    #expect(first.unreached == second.unreached)
  }

  @Test func connectionsAndServerCountTogether() {
    var harness = EngineHarness { $0.limits[.outboxBytes] = 3_000 }
    harness.addAccount("romeo")
    let romeo = harness.session("romeo", resource: "r")
    #expect(harness.engine.marks.count(of: PingMark.pingHost) == 0)
    harness.send(OutputCommitTests.ping, on: romeo)
    #expect(harness.engine.marks.count(of: PingMark.pingHost) == 1)
    harness.peersRead = false
    for _ in 0..<50 { harness.send(OutputCommitTests.ping, on: romeo) }
    #expect(harness.engine.marks.count(of: ConnectionMark.connectionOutboxOverrun) == 1)
    #expect(harness.engine.marks.count(of: StreamMark.streamLostBound) == 1)
  }

  /// A transaction has the server's counts while it lasts. Were there two owners for a moment, each event would copy all of them.
  @Test func countsStayWhereTheyAre() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    let romeo = harness.session("romeo", resource: "r")
    harness.send(OutputCommitTests.ping, on: romeo)
    let place = harness.engine.server.marks.counts.withUnsafeBufferPointer { $0.baseAddress }
    for _ in 0..<10 {
      harness.send("<message to='romeo@localhost/r' type='chat'><body>hi</body></message>", on: romeo)
      #expect(harness.engine.server.marks.counts.withUnsafeBufferPointer { $0.baseAddress } == place)
    }
    #expect(harness.engine.marks.count(of: MessageDeliveryMark.tableMatchUnavailable) == 10)
  }
}

/// The catalogue itself.
struct MarkTests {
  @Test func aMarkNamesItsClause() {
    for mark in Mark.all {
      for part in mark.clause.split(separator: "; ", omittingEmptySubsequences: false) {
        let isOurs = Mark.ownRules.contains(String(part))
        let isClause = part.wholeMatch(of: /(RFC \d{4}|XEP-\d{4}), (A|\d+)(\.\d+)*|limit \w+/) != nil
        #expect(isOurs || isClause, "\(mark.name): '\(part)' names no clause")
      }
      #expect(mark.description == "\(mark.name) (\(mark.clause))")
    }
  }

  @Test func namesAreUnique() {
    #expect(Set(Mark.all.map(\.name)).count == Mark.all.count)
  }

  /// In the order of appendix A's tables, so that no row stands where another belongs.
  @Test func transitionsAreNamedAfterTheirStates() {
    let items: [(name: String, item: RosterItem)] = [
      ("None", item(.none)), ("PendingOut", item(.none, out: true)), ("PendingIn", item(.none, in: true)),
      ("PendingOutIn", item(.none, out: true, in: true)), ("To", item(.to)), ("ToPendingIn", item(.to, in: true)), ("From", item(.from)),
      ("FromPendingOut", item(.from, out: true)), ("Both", item(.both)),
    ]
    for (name, item) in items {
      for type: SubscriptionType in [.subscribe, .subscribed, .unsubscribe, .unsubscribed] {
        #expect(type.markSent(in: item.state).mark.name == "sent" + type.rawValue.capitalized + name)
        #expect(type.markGot(in: item.state).mark.name == "got" + type.rawValue.capitalized + name)
      }
    }
  }

  private func item(_ subscription: RosterItem.Subscription, out: Bool = false, in: Bool = false) -> RosterItem {
    let request = Element("presence", NS.client, ["type": "subscribe"])
    return RosterItem(jid: JID("juliet@localhost")!, subscription: subscription, isPendingOut: out, request: `in` ? request : nil)
  }

  /// A mark that no branch reaches would stand in every campaign's list for nothing. (That it has a clause reaches nothing.)
  @Test func everyMarkIsReachedSomewhere() throws {
    var words: Set<Substring> = []
    for file in try Self.files() {
      var isClause = false
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
        if line.contains("var clause: String {") { isClause = true }
        if isClause, line == "  }" { isClause = false }
        guard !isClause else { continue }
        let code = line.range(of: "//").map { line[..<$0.lowerBound] } ?? line
        for match in code.matches(of: /\.(\w+)/) { words.insert(match.1) }
      }
    }
    for mark in Mark.all { #expect(words.contains(mark.name[...]), "nothing reaches \(mark.name)") }
  }

  /// Marks of one enum stand together, in the order of its cases, and no two enums share a place.
  @Test func everyEnumHasItsPlaces() {
    #expect(Mark.all.first == ConnectionMark.connectionOutboxOverrun.mark)
    // The marks of the last feature that has any come last.
    #expect(Mark.all.last?.name == Feature.all.last { !$0.marks.isEmpty }?.marks.last.map { Self.lastName(of: $0) })
    for mark in RoutingMark.allCases { #expect(mark.mark.name == "\(mark)" && mark.mark.clause == mark.clause) }
    #expect(Set(Mark.all).count == Mark.all.count)
  }

  private static func lastName<Places: CoverageMark>(of _: Places.Type) -> String {
    Array(Places.allCases).last.map { "\($0)" } ?? ""
  }

  private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Sources/ServerCore")

  private static func files() throws -> [URL] {
    let found = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
    return found.filter { $0.pathExtension == "swift" }
  }
}
