import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// Questions to the world outside: each is answered once, in time, or fails.
struct InquiryTests {
  static let juliet = JID("juliet@localhost")!

  /// An engine that has asked for juliet's account because of a message from romeo.
  private func asking(_ change: (inout Configuration) -> Void = { _ in }) -> (EngineHarness, ConnectionID, InquiryID) {
    var harness = EngineHarness(change)
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let romeo = harness.session("romeo", resource: "r")
    harness.advance(seconds: 61)
    harness.loadsAtOnce = false
    harness.send(EngineHarness.chat(to: "juliet@localhost", "one"), on: romeo)
    return (harness, romeo, harness.open(.account(Self.juliet))!)
  }

  private let busy = "<error type='wait'><internal-server-error"

  @Test func aQuestionThatGetsNoAnswerFails() {
    var (harness, romeo, id) = asking()
    harness.advance(seconds: 59)
    #expect(harness.read(romeo) == "")
    harness.advance(seconds: 1)
    #expect(harness.read(romeo).contains(busy))
    #expect(harness.gauges("open questions").isEmpty)
    // An answer that comes too late changes nothing.
    harness.input(.answered(id, .result(.owner(nil))))
    #expect(harness.read(romeo) == "" && harness.engine.marks.count(of: InquiryMark.inquiryAnswerIgnored) == 1)
  }

  @Test func aFailedAnswerIsNotTheEnd() {
    var (harness, romeo, id) = asking()
    harness.input(.answered(id, .failed("unreadable")))
    #expect(harness.read(romeo).contains(busy))
    harness.loadsAtOnce = true
    harness.send(EngineHarness.chat(to: "juliet@localhost", "two"), on: romeo)
    #expect(harness.stored(for: "juliet") == ["two"])
  }

  @Test func theSecondOfTwoAnswersIsIgnored() {
    var (harness, romeo, id) = asking()
    let account = MemoryDatabase(.server).answer(.account(Self.juliet))
    harness.input(.answered(id, .result(account)))
    #expect(harness.read(romeo).contains("<service-unavailable"))
    harness.input(.answered(id, .result(account)))
    #expect(harness.read(romeo) == "")
  }

  /// Rows of another owner, of another kind, or rows that can't be read are no answer.
  @Test func anAnswerToAnotherQuestionIsAFailure() {
    let other = JID("other@localhost")!
    var broken = OwnerRows(.account(Self.juliet))
    broken.tables = [TableRows(table: AccountRow.table.name, rows: [[.text("yes")]])]
    for wrong: Answer in [
      .result(.page(Page([AccountRow()], of: Self.juliet))), .result(.owner(OwnerRows(.account(other)))), .keys([]),
      .result(.owner(broken)),
    ] {
      var (harness, romeo, id) = asking()
      harness.input(.answered(id, wrong))
      #expect(harness.read(romeo).contains(busy))
      #expect(harness.engine.server.accountsInMemory == [JID("romeo@localhost")!])
    }
  }

  @Test func openQuestionsAreBounded() {
    var (harness, romeo, _) = asking { $0.limits[.inquiries] = 2 }
    harness.send(EngineHarness.chat(to: "a@localhost", "one"), on: romeo)
    #expect(harness.read(romeo) == "" && harness.waitingLoads.count == 2)
    harness.send(EngineHarness.chat(to: "b@localhost", "one"), on: romeo)
    #expect(harness.read(romeo).contains(busy) && harness.waitingLoads.count == 2)
    // One more for an account that is asked for already needs no other question.
    harness.send(EngineHarness.chat(to: "a@localhost", "two"), on: romeo)
    harness.answerLoads()
    #expect(harness.gauges("open questions").isEmpty)
  }

  /// One question that stays open does not keep the numbers of all that came after it.
  @Test func answeredQuestionsLeaveNothing() {
    var inquiries = Inquiries()
    func inquiry(_ deadline: Int64) -> Inquiry { Inquiry(purpose: .login(ConnectionID(1)), deadline: deadline) }
    let first = inquiries.add(inquiry(1))
    for _ in 0..<1000 {
      let next = inquiries.add(inquiry(2))
      #expect(inquiries.close(next) != nil && inquiries.close(next) == nil)
    }
    let size = Mirror(reflecting: inquiries).children.first { $0.label == "order" }.map { Mirror(reflecting: $0.value).children.count }
    #expect(size.map { $0 < 20 } == true)
    #expect(inquiries.count == 1 && inquiries.derivations == 1 && inquiries.nextDeadline == 1)
    #expect(inquiries.expired(at: 0) == nil && inquiries.expired(at: 1) == first)
  }
}
