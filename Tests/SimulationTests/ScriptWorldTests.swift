import Scenario
import ServerCore
import Testing

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
}
