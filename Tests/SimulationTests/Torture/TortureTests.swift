import Foundation
import Scenario
import Testing

@testable import Simulation

struct TortureTests {
  private static func script(_ actions: String, cast: [String] = ["Ada", "Ben"]) throws -> Script {
    let characters = cast.map { "[Client] \($0)\n\tjid: \($0.lowercased())@localhost/d\n\tpassword: pw\n" }
    return try Script(parsing: "# Title\n\n\(characters.joined(separator: "\n"))\n-----\n\n\(actions)", name: "script")
  }

  /// The two subscribe to each other, and Ada's roster has Ben in it. A message finds Ben, and then his account alone.
  private static let contacts = """
    Ada connects
    Ada sends:
    	<iq type='set' id='r1'><query xmlns='jabber:iq:roster'><item jid='ben@localhost' name='Ben'/></query></iq>
    Ada receives:
    	<iq type='result' id='r1'/>
    Ben connects
    Ben sends:
    	<presence/>
    Ben receives:
    	<presence from='ben@localhost/d'/>
    Ada sends:
    	<message id='m1' type='chat' to='ben@localhost'><body>Hello</body></message>
    Ben receives:
    	<message id='m1'><body>Hello</body></message>
    Ben disconnects
    Ada sends:
    	<message id='m2' type='chat' to='ben@localhost'><body>Later</body></message>
    Ben connects
    Ben sends:
    	<presence/>
    Ben receives:
    	<message id='m2'><body>Later</body></message>
    """

  private static func entry(_ name: String) -> String {
    """
    \(name) connects
    \(name) sends:
    	<presence to='tea@conference.localhost/\(name)'><x xmlns='http://jabber.org/protocol/muc'/></presence>
    \(name) receives:
    	<message type='groupchat'><subject/></message>

    """
  }

  private static let configuration = """
    Ada sends:
    	<iq type='set' id='c1' to='tea@conference.localhost'>
    		<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query>
    	</iq>
    Ada receives:
    	<iq type='result' id='c1'/>

    """

  private static let talk = """
    Ben sends:
    	<message id='g1' type='groupchat' to='tea@conference.localhost'><body>Tea?</body></message>
    Cat receives:
    	<message id='g1'><body>Tea?</body></message>
    """

  /// Cat stays in a room that Ada makes and Ben visits.
  private static let room = entry("Ada") + configuration + entry("Cat") + entry("Ben") + talk

  @Test(
    arguments: [
      .crash(keeping: 0), .crash(keeping: 12), .crashAfter(actions: 3), .commitFails, .commitLate, .answerLate, .answerTwice, .answerFails,
      .answerLost, .reset("Ada"), .stall("Ben's phone"), .unread("Ada"),
    ] as [TortureFault])
  func faultsHaveNames(fault: TortureFault) { #expect(TortureFault(fault.description) == fault) }

  @Test(arguments: ["", "crash", "crash-keeping-", "crash-keeping--1", "crash-after-0", "commit", "resets:Ada"])
  func othersAreNone(name: String) { #expect(TortureFault(name) == nil) }

  @Test func timesDoNotCount() {
    #expect(Experiences.withoutTimes("a 2027-01-15T08:00:00.25Z b 12T") == "a (time)Z b 12T")
    #expect(Experiences.withoutTimes("<x stamp='2027-01-15T08:00:00Z'/>") == "<x stamp='(time)Z'/>")
    #expect(Experiences.withoutTimes("2027-01-15 08:00:00 and Tea") == "2027-01-15 08:00:00 and Tea")
  }

  /// A login, and a request that makes a commit.
  @Test func positionsAndFaults() throws {
    let actions = """
      Ada connects
      Ada sends:
      	<iq type='set' id='r1'><query xmlns='jabber:iq:roster'><item jid='ben@localhost'/></query></iq>
      Ada receives:
      	<iq type='result' id='r1'/>
      """
    let torture = Torture(try Self.script(actions, cast: ["Ada"]))
    #expect(torture.problem == nil)
    let segments = ["135", "51", "", "135", "100", "query", "166", "135", "106", "95", "disk"].map { size in
      switch size {
      case "": "a TLS handshake from Ada arrives at the server"
      case "query": "storage answers the query of account ada@localhost"
      case "disk": "the disk ends a transaction"
      default: "a segment of \(size) bytes from Ada arrives at the server"
      }
    }
    #expect(torture.positions.map(\.event) == segments)
    let faults = torture.positions.map { position in
      torture.cases.filter { $0.position == position.number }.map(\.fault.description).joined(separator: " ")
    }
    let plain = "crash-keeping-0 reset:Ada stall:Ada"
    #expect(
      faults == [
        plain + " unread:Ada",
        // The answer to the header is two actions: the process may die between them.
        "crash-keeping-0 crash-after-1 reset:Ada stall:Ada", plain, plain, plain,
        "crash-keeping-0 answer-late answer-twice answer-fails answer-lost reset:Ada stall:Ada", plain, plain, plain, plain + " unread:Ada",
        "crash-keeping-0 crash-keeping-1 commit-fails commit-late reset:Ada stall:Ada",
      ])
  }

  @Test(arguments: [contacts, room], [1, 4])
  func everyFaultIsBorne(actions: String, shards: Int) throws {
    var torture = Torture(try Self.script(actions, cast: ["Ada", "Ben", "Cat"]), shards: shards)
    #expect(torture.problem == nil)
    for (place, tried) in torture.cases.enumerated() where place % 7 == 0 {
      let failure = torture.judge(tried)
      #expect(failure == nil, "\(tried): \(failure?.expectation ?? "")")
    }
  }

  /// The server takes leave of a contact for a user whose client has said nothing: when storage fails then, the user is told nothing.
  @Test func aDepartureThatCannotArriveIsNotAnswered() throws {
    let file = SimulatedDriverTests.spec.appendingPathComponent("registration_removal.scs")
    var torture = Torture(try Script(parsing: String(contentsOf: file, encoding: .utf8), name: "registration_removal"))
    let failures = torture.cases.filter { $0.fault == .answerFails }.compactMap { torture.judge($0)?.expectation }
    #expect(failures == [])
  }

  /// A script that fails by itself is no measure.
  @Test func aScriptMustPassWithoutFaults() throws {
    let script = try Self.script("Ada connects\nAda receives:\n\t<presence/>", cast: ["Ada"])
    let problem = Torture(script).problem
    #expect(problem?.hasPrefix("line \(script.actions[1].line): expected") ?? false)
  }

  /// A position that the run does not have is no success.
  @Test func aPositionMustBeThere() throws {
    var torture = Torture(try Self.script("Ada connects", cast: ["Ada"]))
    #expect(torture.judge(TortureCase(position: 500, fault: .answerLate))?.expectation == "the run has no such position")
  }

  /// Bugs that only a fault shows.
  @Test(arguments: [
    ("failureUnheard", contacts, "commit-fails"), ("crashForgets", contacts, "crash-keeping"), ("syncPromised", contacts, "crash-keeping"),
    ("endUnheard", room, "reset"),
  ])
  func plantedBugsAreFound(name: String, actions: String, fault: String) throws {
    let mutation = try #require(Mutation(rawValue: name))
    var torture = Torture(try Self.script(actions, cast: ["Ada", "Ben", "Cat"]), mutation: mutation)
    // A connection whose end is not noticed is a ghost in the script as it is, too.
    #expect(torture.problem == nil || name == "endUnheard")
    let found = torture.cases.contains { $0.fault.description.hasPrefix(fault) && torture.judge($0) != nil }
    #expect(found)
  }
}
