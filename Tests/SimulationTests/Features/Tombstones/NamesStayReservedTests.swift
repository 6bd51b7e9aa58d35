import SASL
import ServerCore
import Testing
import XML
import XMPP

@testable import Simulation

/// The observations that the rule on reserved names allows, and those that it does not.
struct NamesStayReservedTests {
  private static let romeo = JID("romeo@localhost")!
  private static let session = SessionID(actor: 0, incarnation: 1)
  private static let second: Int64 = 1_000_000_000
  private static let addition = ControlRequest.addAccount(romeo, password: Secret([1]))
  private static let created = "romeo@localhost was created, and its name was reserved"

  private var oracle = NamesStayReserved()

  init(seconds: Int64 = 60) {
    var configuration = Configuration(domains: ["localhost"])
    configuration.limits[time: .tombstoneTime] = .seconds(seconds)
    oracle.begin(with: configuration)
  }

  private mutating func observe(_ second: Int64, _ observation: Observation) -> String? {
    oracle.observe(observation, at: second * Self.second)
  }

  /// Romeo's account is deleted in the first second, and created from the given one on.
  private mutating func recreate(at second: Int64) -> String? {
    #expect(observe(0, .asked(1, .deleteAccount(Self.romeo))) == nil)
    #expect(observe(1, .answered(1, .done)) == nil)
    #expect(observe(second, .asked(2, Self.addition)) == nil)
    return observe(second, .answered(2, .done))
  }

  @Test(arguments: [(2, true), (59, true), (60, false), (100, false)])
  func aNameIsReservedForItsTime(_ second: Int64, _ isBroken: Bool) {
    var test = NamesStayReservedTests(seconds: 60)
    #expect(test.recreate(at: second) == (isBroken ? Self.created : nil))
    var free = NamesStayReservedTests(seconds: 0)
    #expect(free.recreate(at: second) == nil)
  }

  /// Once the clock has shown the end, even for a moment, the name may be free.
  @Test(arguments: [(30, true), (70, false)]) func theClockIsSet(_ step: Int64, _ isBroken: Bool) {
    var test = NamesStayReservedTests(seconds: 60)
    #expect(test.observe(0, .asked(1, .deleteAccount(Self.romeo))) == nil)
    #expect(test.observe(1, .answered(1, .done)) == nil)
    test.oracle.wallClockSet(by: step * Self.second, at: 2 * Self.second)
    test.oracle.wallClockSet(by: -3_600 * Self.second, at: 3 * Self.second)
    #expect(test.observe(4, .asked(2, Self.addition)) == nil)
    #expect(test.observe(5, .answered(2, .done)) == (isBroken ? Self.created : nil))
  }

  /// A request from before the deletion was known may have been first; a refused deletion reserves nothing, and a crash answers nobody.
  @Test func whatIsNotCertainIsAllowed() {
    var first = NamesStayReservedTests(seconds: 60)
    _ = first.observe(0, .asked(2, Self.addition))
    _ = first.observe(0, .asked(1, .deleteAccount(Self.romeo)))
    _ = first.observe(1, .answered(1, .done))
    #expect(first.observe(2, .answered(2, .done)) == nil)
    var refused = NamesStayReservedTests(seconds: 60)
    _ = refused.observe(0, .asked(1, .deleteAccount(Self.romeo)))
    _ = refused.observe(1, .answered(1, .refused("there is no such account")))
    _ = refused.observe(2, .asked(2, Self.addition))
    #expect(refused.observe(3, .answered(2, .done)) == nil)
    var crashed = NamesStayReservedTests(seconds: 60)
    _ = crashed.observe(0, .asked(2, Self.addition))
    _ = crashed.observe(1, .fault("crash"))
    _ = crashed.observe(2, .asked(1, .deleteAccount(Self.romeo)))
    _ = crashed.observe(3, .answered(1, .done))
    _ = crashed.observe(4, .asked(2, Self.addition))
    #expect(crashed.observe(5, .answered(2, .done)) == Self.created)
  }

  @Test(arguments: ["result", "error"]) func whoRemovesTheOwnAccountReservesItsName(_ type: Text) {
    var test = NamesStayReservedTests(seconds: 60)
    let removal = Element("query", "jabber:iq:register", children: [Element("remove", "jabber:iq:register")])
    _ = test.observe(0, .connected(Self.session))
    _ = test.observe(1, .began(Self.session, JID("romeo@localhost/r")!))
    _ = test.observe(2, .sent(Self.session, Element("iq", "jabber:client", ["type": "set", "id": "r"], children: [removal])))
    _ = test.observe(3, .received(Self.session, Element("iq", "jabber:client", ["type": type, "id": "r"])))
    let other = SessionID(actor: 1, incarnation: 1)
    _ = test.observe(4, .connected(other))
    let told = test.observe(5, .began(other, JID("romeo@localhost/s")!))
    #expect(told == (type == "result" ? "romeo@localhost/s logged in, and its name was reserved" : nil))
  }
}
