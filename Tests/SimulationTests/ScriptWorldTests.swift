import SASL
import Scenario
import ServerCore
import Testing
import XML
import XMPP

@testable import Simulation

/// The world that a script asks for by tags.
struct ScriptWorldTests {
  private func script(_ tags: [String]) throws -> Script {
    try Script(
      parsing: "# Title\n" + tags.map { "## \($0)\n" }.joined() + "[Client] A\n\tjid: a@localhost\n\tpassword: a\n-----\n", name: "s")
  }

  @Test func tagsMakeAWorld() throws {
    let tags = [
      "limit sessions_per_account: 2", "limit inquiry_seconds: 7", "setting conflict_policy: refuse-new", "setting rooms: false",
      "world commit_milliseconds: 500", "world latency_milliseconds: 3",
    ]
    let script = try script(tags)
    #expect(ScriptWorld.problem(of: script) == nil)
    let settings = ScriptWorld.settings(for: script, ScriptWorld.configuration(for: script))
    #expect(settings.configuration.limits[.sessionsPerAccount] == 2)
    #expect(settings.configuration.limits[time: .inquiryTime] == .seconds(7))
    #expect(settings.configuration.conflictPolicy == .refuseNew)
    #expect(!settings.configuration[flag: .rooms])
    #expect(settings.commitTime == 0 ... .milliseconds(500))
    #expect(settings.latency == 0 ... .milliseconds(3))
    // Without a time of their own, loads take as long as commits.
    #expect(settings.loadTime == nil)
  }

  /// The same world has the same tags again.
  @Test func aWorldHasTags() throws {
    let tags = ["limit sessions_per_account: 2", "setting blocked_messages: drop", "world load_milliseconds: 900"]
    let script = try script(tags)
    let settings = ScriptWorld.settings(for: script, ScriptWorld.configuration(for: script))
    #expect(ScriptWorld.tags(for: settings) == tags)
    #expect(ScriptWorld.tags(for: WorldSettings(configuration: ScriptWorld.configuration(for: try self.script([])))) == [])
  }

  @Test(
    arguments: [
      ("setting conflict_policy: whatever", "`setting conflict_policy` is no setting, or `whatever` is beyond its bounds"),
      ("setting rooms", "`setting rooms` is no setting, or `` is beyond its bounds"),
      ("world commit_milliseconds: -1", "`world commit_milliseconds` is no property of a simulated world, or `-1` is beyond its bounds"),
      ("world weather: 1", "`world weather` is no property of a simulated world, or `1` is beyond its bounds"),
    ])
  func mistakesAreTold(tag: String, problem: String) throws {
    #expect(SimulatedDriver.problem(of: try script([tag])) == problem)
  }

  /// A crash loses what is not durable; the next commit fails once; a broken connection ends no stream.
  @Test func faultsOfAScriptHappen() throws {
    let faults = """
      # Title
      [Client] A
      	jid: a@localhost
      	password: a
      [Client] B
      	jid: b@localhost
      	password: b
      -----
      A connects
      B connects
      The next commit fails
      A sends:
      	<iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='b@localhost' name='lost'/></query></iq>
      B sends:
      	<iq type='get' id='2' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>
      B receives:
      	<iq type='result' id='2'/>
      A disconnects
      A connects
      A sends:
      	<iq type='set' id='3'><query xmlns='jabber:iq:roster'><item jid='b@localhost' name='kept'/></query></iq>
      A receives:
      	<iq type='result' id='3'/>
      B loses the connection
      B connects
      The server crashes
      A connects
      A sends:
      	<iq type='get' id='4'><query xmlns='jabber:iq:roster'/></iq>
      A receives:
      	<iq type='result' id='4'><query xmlns='jabber:iq:roster'><item jid='b@localhost' name='kept' subscription='none'/></query></iq>
      """
    let script = try Script(parsing: faults, name: "faults")
    for seed: UInt64 in 0..<10 {
      var driver = SimulatedDriver(script: script, seed: seed)
      #expect(ScenarioRunner(exact: false).run(script, with: &driver) == .passed)
      #expect(driver.world.node.incarnation == 1)
      #expect(driver.world.node.failedCommits == 1)
    }
  }

  private static let start = """
    # Title
    ## limit commit_seconds: 10
    [Client] A
    	jid: a@localhost
    	password: a
    -----

    """

  private func outcome(_ actions: String, seed: UInt64 = 0, _ look: (SimulatedDriver) -> Void = { _ in }) throws -> Outcome {
    let script = try Script(parsing: ScriptWorldTests.start + actions, name: "s")
    var driver = SimulatedDriver(script: script, seed: seed)
    let outcome = ScenarioRunner(exact: true).run(script, with: &driver)
    look(driver)
    return outcome
  }

  private func expectPassed(_ outcome: Outcome) { #expect(outcome == .passed) }

  /// A full disk rejects every commit, and one that works again none; the operator is told so.
  @Test func aFullDiskRejectsEveryCommit() throws {
    let request = "The operator fails to disable a@localhost\n"
    for seed: UInt64 in 0..<5 {
      let actions = "The disk is full\n" + request + request + "The disk works again\nThe operator disables a@localhost\nA fails to connect"
      expectPassed(try outcome(actions, seed: seed) { #expect($0.world.node.failedCommits == 2) })
    }
    #expect(
      try outcome("The disk is full\nThe operator disables a@localhost")
        == .failed(line: 8, expected: "The operator disables a@localhost", got: "storage failed; nothing was changed"))
  }

  /// A disk that hangs ends with the process, when its time is over, and not before.
  @Test func aDiskThatHangsIsGivenUp() throws {
    let actions = "The disk hangs\nThe operator fails to disable a@localhost\nThe disk works again\n"
    expectPassed(try outcome(actions + "5 seconds pass") { #expect($0.world.isDiskHung && $0.world.node.incarnation == 0) })
    expectPassed(try outcome(actions + "12 seconds pass") { #expect(!$0.world.isDiskHung && $0.world.node.incarnation == 1) })
    // Nobody waits for it.
    expectPassed(try outcome("The disk hangs\nThe disk works again") { #expect(!$0.world.isDiskHung) })
  }

  @Test func aSlowDiskTakesItsTime() throws {
    func time(_ actions: String) throws -> Int64 {
      var time: Int64 = 0
      for seed: UInt64 in 0..<5 {
        expectPassed(try outcome(actions + "The operator disables a@localhost", seed: seed) { time += $0.world.now })
      }
      return time
    }
    let usual = try time("")
    #expect(try time("The disk takes 1000 times as long\n") > usual + .seconds(1))
    #expect(try time("The disk takes 1000 times as long\nThe disk works again\n") == usual)
  }

  /// The words of the history for what happens to the world can be read again.
  @Test(
    arguments: [
      .disk(.full), .disk(.hung), .disk(.well), .disk(.slow(times: 7)), .storage(isReadable: true), .storage(isReadable: false),
      .clock(seconds: -3600), .clock(seconds: 1),
    ] as [WorldChange])
  func changesInWords(change: WorldChange) {
    #expect(WorldChange(inHistory: change.inHistory) == change)
    #expect(WorldChange(inHistory: "crash") == nil)
  }

  private static let chat = "A sends:\n\t<message to='a@localhost' type='chat'><body>hi</body></message>\n"
  private static let heard = "A receives:\n\t<message type='chat'><body>hi</body></message>\n"

  /// A client that does not read, and one whose connection stalls, hear nothing until they do again.
  @Test(arguments: [("stops reading", "reads again"), ("stalls", "goes on")])
  func aConnectionStandsStill(end: String, begin: String) throws {
    let start = "A connects\nA sends:\n\t<presence/>\nA receives:\n\t<presence/>\n"
    #expect(try outcome(start + "A \(end)\n" + Self.chat + "A receives: nothing\nA \(begin)\n" + Self.heard) == .passed)
    #expect(try outcome(start + "A \(end)\n" + Self.chat + Self.heard) != .passed)
  }

  /// A server that has just started has no account in memory.
  @Test func storageThatCannotBeRead() throws {
    let start = "The server restarts\nStorage can't be read\n"
    #expect(try outcome(start + "A fails to connect\nStorage can be read again\nA connects") == .passed)
    #expect(try outcome(start + "A connects") != .passed)
  }

  @Test func theClockIsSet() throws {
    for (line, offset) in [("", 0), ("The clock is set 60 seconds back\n", -60), ("The clock is set 1 second ahead\n", 1)] {
      let end = try outcome(line + "A connects\n") { driver in
        #expect(driver.world.instant.wall - driver.world.now == World.wallStart + .seconds(Int64(offset)))
      }
      #expect(end == .passed)
    }
  }

  /// On a connection without a login all that the server says is received, and nothing is said but what is written.
  @Test func aConnectionWithoutALogin() throws {
    let header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>"
    let features = "A receives:\n\t<stream:features scansion:strict='false'/>\n"
    let silent = "A opens a connection\nA receives: nothing\n"
    #expect(try outcome(silent + "A writes:\n\t\(header)\n" + features + "A receives: nothing\nA disconnects") == .passed)
    let got = try outcome(silent + "A writes:\n\t\(header)\nA disconnects")
    guard case .failed(11, "nothing more for A, who disconnects", _) = got else {
      Issue.record("\(got)")
      return
    }
  }

  /// Requests of operators that a script can have are the same for the server; passwords that no line can hold are left out.
  @Test func requestsOfOperators() throws {
    let account = JID("a@localhost")!
    for change: OperatorRequest.Change in [.add(password: "p w"), .changePassword(to: "x"), .delete, .disable, .enable] {
      let request = OperatorRequest(change, account.text)
      #expect(OperatorRequest(try #require(ControlRequest(request))) == request)
    }
    for password in ["", " a", "a ", "a\nb", "\0"] {
      #expect(OperatorRequest(ControlRequest.addAccount(account, password: Secret(Array(password.utf8)))) == nil)
    }
    #expect(OperatorRequest(ControlRequest.listAccounts) == nil)
    #expect(ControlRequest(OperatorRequest(.delete, "@")) == nil)
  }
}
