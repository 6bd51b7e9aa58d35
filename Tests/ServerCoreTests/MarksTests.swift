import Foundation
import Testing
import XML
import XMPP

@testable import ServerCore

struct MarksTests {
  @Test func aMarkIsCountedWhereItIsReached() {
    var marks = Marks()
    #expect(marks.unreached == Mark.allCases)
    marks.reach(.roomRoleKick)
    marks.reach(.roomRoleKick)
    let copy = marks
    marks.reach(.rosterFull)
    #expect(marks.count(of: .roomRoleKick) == 2)
    #expect(marks.count(of: .rosterFull) == 1)
    #expect(copy.count(of: .rosterFull) == 0)
    #expect(marks.unreached.count == Mark.allCases.count - 2)
  }

  @Test func countsOfSeveralServersAddUp() {
    var first = Marks()
    var second = Marks()
    second.reach(.roomRoleKick)
    first.merge(second)
    first.merge(second)
    first.merge(Marks())
    #expect(first.count(of: .roomRoleKick) == 2)
    #expect(first.unreached == second.unreached)
  }

  @Test func linksAndServerCountTogether() {
    var harness = EngineHarness { $0.limits.outboxBytes = 3_000 }
    harness.addAccount("romeo")
    let romeo = harness.session("romeo", resource: "r")
    #expect(harness.engine.marks.count(of: .pingHost) == 0)
    harness.send(OutputCommitTests.ping, on: romeo)
    #expect(harness.engine.marks.count(of: .pingHost) == 1)
    harness.peersRead = false
    for _ in 0..<50 { harness.send(OutputCommitTests.ping, on: romeo) }
    #expect(harness.engine.marks.count(of: .linkOutboxOverrun) == 1)
    #expect(harness.engine.marks.count(of: .streamLostBound) == 1)
  }

  /// A step has the server's counts while it lasts. Were there two owners for a moment, each event would copy all of them.
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
    #expect(harness.engine.marks.count(of: .tableMatchUnavailable) == 10)
  }
}

/// The catalogue itself.
struct MarkTests {
  @Test func aMarkNamesItsClause() {
    for mark in Mark.allCases {
      for part in mark.clause.split(separator: "; ", omittingEmptySubsequences: false) {
        let isOurs = Mark.ownRules.contains(String(part))
        let isClause = part.wholeMatch(of: /(RFC \d{4}|XEP-\d{4}), (A|\d+)(\.\d+)*|limit (rooms\.)?\w+/) != nil
        #expect(isOurs || isClause, "\(mark.name): '\(part)' names no clause")
      }
      #expect(mark.description == "\(mark.name) (\(mark.clause))")
    }
  }

  @Test func namesAreUnique() {
    #expect(Set(Mark.allCases.map(\.name)).count == Mark.allCases.count)
  }

  @Test func everyLimitHasAMark() throws {
    let text = try String(contentsOf: Self.sources.appendingPathComponent("Configuration.swift"), encoding: .utf8)
    let limits = text[text.range(of: "struct Limits")!.lowerBound...]
    let rooms = limits.range(of: "struct Rooms")!.lowerBound
    func names(in part: Substring) -> [String] { part.matches(of: /public var (\w+) =/).map { String($0.1) } }
    let all = names(in: limits[..<rooms]).filter { $0 != "rooms" } + names(in: limits[rooms...]).map { "rooms." + $0 }
    #expect(all.count > 25)
    let named = Set(Mark.allCases.flatMap { $0.clause.matches(of: /limit ([\w.]+)/).map { String($0.1) } })
    #expect(named == Set(all))
    #expect(LimitOutcome.all.map(\.limit) == all, "what happens at each limit is to be written down")
    for outcome in LimitOutcome.all { #expect(!outcome.marks.isEmpty) }
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
        #expect(type.markSent(in: item.state).name == "sent" + type.rawValue.capitalized + name)
        #expect(type.markGot(in: item.state).name == "got" + type.rawValue.capitalized + name)
      }
    }
  }

  private func item(_ subscription: RosterItem.Subscription, out: Bool = false, in: Bool = false) -> RosterItem {
    let request = Element("presence", NS.client, ["type": "subscribe"])
    return RosterItem(jid: JID("juliet@localhost")!, subscription: subscription, isAsking: out, request: `in` ? request : nil)
  }

  /// A mark that no branch reaches would stand in every campaign's list for nothing.
  @Test func everyMarkIsReachedSomewhere() throws {
    var words: Set<Substring> = []
    for file in try Self.files() where !file.path.contains("/Marks/") {
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
        let code = line.range(of: "//").map { line[..<$0.lowerBound] } ?? line
        for match in code.matches(of: /\.(\w+)/) { words.insert(match.1) }
      }
    }
    for mark in Mark.allCases { #expect(words.contains(mark.name[...]), "nothing reaches \(mark.name)") }
  }

  private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Sources/ServerCore")

  private static func files() throws -> [URL] {
    let found = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
    return found.filter { $0.pathExtension == "swift" }
  }
}
