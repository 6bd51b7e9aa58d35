import SASL
import Scenario
import ServerCore
import Testing
import XML
import XMPP

@testable import Simulation

struct ScriptWriterTests {
  private let user = JID("user0@localhost/d0")!
  private let spare = JID("spare@localhost")!
  private let session = SessionID(actor: 0, incarnation: 0)

  private func script(_ observations: [Observation]) -> String {
    let failure = RunReport.Failure(oracle: "rule", message: "broken", time: 0)
    return ScriptWriter(observations.map { Run.Moment(time: 0, observation: $0) }, failure: failure, seed: 1).script
  }

  private var began: [Observation] { [.connected(session), .began(session, user)] }
  private var said: Observation { .sent(session, Element("presence", NS.client)) }

  private func operations(_ requests: [(ControlRequest, ControlReply?)]) -> [String] {
    let password = Secret(Array("pw".utf8))
    var history: [Observation] = [.asked(0, .addAccount(user.bare, password: password)), .answered(0, .done)]
    for (index, (request, reply)) in requests.enumerated() {
      history.append(.asked(UInt64(index + 1), request))
      if let reply { history.append(.answered(UInt64(index + 1), reply)) }
    }
    return script(history + began + [said]).split(separator: "\n").filter { $0.hasPrefix("# OPERATOR") }.map(String.init)
  }

  /// A refused command has changed nothing, and neither has one that asks for what was so already.
  @Test func onlyCommandsThatChangedSomethingAreThere() {
    let password = Secret(Array("pw".utf8))
    let refused = ControlReply.refused("storage failed; nothing was changed")
    #expect(operations([]) == [], "the cast says which accounts there are")
    let many = (0..<242).map { _ in (ControlRequest.addAccount(spare, password: password), refused as ControlReply?) }
    #expect(operations(many + [(.addAccount(spare, password: password), .done)]) == ["# OPERATOR: add spare@localhost"])
    let twice: [(ControlRequest, ControlReply?)] = [
      (.disableAccount(user.bare), .done), (.disableAccount(user.bare), .done), (.enableAccount(user.bare), .done),
      (.enableAccount(user.bare), .done), (.enableAccount(spare), .done), (.deleteAccount(spare), refused), (.listAccounts, .accounts([])),
    ]
    #expect(operations(twice) == ["# OPERATOR: disable user0@localhost", "# OPERATOR: enable user0@localhost"])
    let again: [(ControlRequest, ControlReply?)] = [
      (.deleteAccount(user.bare), .done), (.addAccount(user.bare, password: password), .done),
    ]
    #expect(operations(again) == ["# OPERATOR: delete user0@localhost", "# OPERATOR: add user0@localhost"])
  }

  /// The server crashed before it could answer: it may have done it.
  @Test func aCommandWithoutAnAnswerStays() {
    #expect(operations([(.deleteAccount(user.bare), nil)]) == ["# OPERATOR: delete user0@localhost"])
  }

  /// The same number was given to another request in the meantime: its answer is not this one's.
  @Test func anAnswerBelongsToTheLastThatAsked() {
    let password = Secret(Array("pw".utf8))
    let history: [Observation] = [
      .asked(7, .addAccount(spare, password: password)), .answered(7, .refused("full")), .asked(7, .addAccount(spare, password: password)),
      .answered(7, .done),
    ]
    let text = script(history + began)
    #expect(text.split(separator: "\n").count { $0.hasPrefix("# OPERATOR: add spare") } == 1, "\(text)")
  }

  @Test func aFaultIsSaidOnce() throws {
    let text = script(began + [.fault("a commit fails"), .fault("a commit fails"), said, said, .fault("a commit fails"), said])
    #expect(text.split(separator: "\n").count { $0 == "# FAULT: a commit fails" } == 2, "\(text)")
    #expect(text.split(separator: "\n").count { $0.hasSuffix("sends:") } == 3, "what clients do is done as often as they did it")
    _ = try Script(parsing: text, name: "written")
  }
}
