import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// RFC 6121, section 4, by presence and everything that everybody hears of it.
///
/// Romeo and Juliet hear each other; Romeo hears the nurse; Tybalt hears Romeo; Paris is a stranger.
struct PresenceTests {
  private var harness = EngineHarness()
  private let romeo: ConnectionID
  private let (juliet, nurse, tybalt, paris): (ConnectionID, ConnectionID, ConnectionID, ConnectionID)

  init() {
    for name in ["romeo", "juliet", "nurse", "tybalt", "paris"] { harness.addAccount(name) }
    harness.befriend("romeo", .both, "juliet")
    harness.befriend("romeo", .to, "nurse")
    harness.befriend("romeo", .from, "tybalt")
    juliet = harness.available("juliet", resource: "j")
    nurse = harness.available("nurse", resource: "n")
    tybalt = harness.available("tybalt", resource: "t")
    paris = harness.available("paris", resource: "p")
    romeo = harness.session("romeo", resource: "r")
    harness.skip(juliet, nurse, tybalt, paris)
  }

  private mutating func arrive() {
    harness.send("<presence/>", on: romeo)
    harness.skip(romeo, juliet, nurse, tybalt, paris)
  }

  /// Stanzas that the others got, by name: nobody who got nothing.
  private mutating func others() -> [String: String] {
    let all = [("juliet", juliet), ("nurse", nurse), ("tybalt", tybalt), ("paris", paris)]
    return Dictionary(uniqueKeysWithValues: all.map { ($0.0, harness.heard($0.1)) }).filter { !$0.value.isEmpty }
  }

  private static func presence(_ type: String = "", from: String = "romeo@localhost/r", to: String, _ content: String = "") -> String {
    let start = "<presence\(type.isEmpty ? "" : " type='\(type)'") from='\(from)' to='\(to)'"
    return content.isEmpty ? "\(start)/>" : "\(start)>\(content)</presence>"
  }

  private static func toListeners(_ type: String = "", _ content: String = "") -> [String: String] {
    ["juliet": presence(type, to: "juliet@localhost", content), "tybalt": presence(type, to: "tybalt@localhost", content)]
  }

  // MARK: 4.2 to 4.5, broadcasts

  /// 4.2.2: to the contacts that hear the user and to the user itself; and from the contacts that the user hears.
  @Test mutating func initialPresenceIsExchangedWithContacts() {
    let heard = harness.ask("<presence id='1'><show>away</show></presence>", on: romeo)
    #expect(
      heard == "<presence id='1' from='romeo@localhost/r' to='romeo@localhost/r'><show>away</show></presence>"
        + Self.presence(from: "juliet@localhost/j", to: "romeo@localhost/r", EngineHarness.delay)
        + Self.presence(from: "nurse@localhost/n", to: "romeo@localhost/r", EngineHarness.delay))
    #expect(
      others() == [
        "juliet": "<presence id='1' from='romeo@localhost/r' to='juliet@localhost'><show>away</show></presence>",
        "tybalt": "<presence id='1' from='romeo@localhost/r' to='tybalt@localhost'><show>away</show></presence>",
      ])
  }

  /// 4.4.2: later presence goes the same way, and nobody is asked anew.
  @Test mutating func laterPresenceIsBroadcastAlone() {
    arrive()
    let heard = harness.ask("<presence><status>here</status></presence>", on: romeo)
    #expect(heard == Self.presence(to: "romeo@localhost/r", "<status>here</status>"))
    #expect(others() == Self.toListeners("", "<status>here</status>"))
  }

  /// 4.5.2: to whoever got the available presence, and to the session itself; and no more, when that is said twice.
  @Test mutating func unavailablePresenceIsBroadcastOnce() {
    arrive()
    let stanza = "<presence type='unavailable'><status>gone</status></presence>"
    #expect(harness.ask(stanza, on: romeo) == Self.presence("unavailable", to: "romeo@localhost/r", "<status>gone</status>"))
    #expect(others() == Self.toListeners("unavailable", "<status>gone</status>"))
    #expect(harness.ask(stanza, on: romeo) == "")
    #expect(others() == [:])
    // The next presence is an initial one again.
    #expect(harness.ask("<presence/>", on: romeo).contains("from='nurse@localhost/n'"))
    #expect(others() == Self.toListeners())
  }

  /// 4.5.3: who never was available never ceases to be.
  @Test mutating func whoWasNotAvailableDoesNotGo() {
    #expect(harness.ask("<presence type='unavailable'/>", on: romeo) == "")
    #expect(others() == [:])
    harness.input(.closed(romeo))
    #expect(others() == [:])
  }

  /// 4.5.2: the server says it for a session that is gone.
  @Test mutating func theEndOfASessionIsBroadcast() {
    arrive()
    harness.input(.closed(romeo))
    #expect(others() == Self.toListeners("unavailable"))
  }

  /// 4.2.2, 4.4.2 and 4.5.2: the user's own resources hear each other; one that is not available hears nothing.
  @Test mutating func resourcesOfOneAccountHearEachOther() {
    arrive()
    let silent = harness.session("romeo", resource: "silent")
    let second = harness.session("romeo", resource: "s")
    #expect(
      harness.ask("<presence/>", on: second)
        == Self.presence(from: "romeo@localhost/s", to: "romeo@localhost/s")
        + Self.presence(from: "romeo@localhost/r", to: "romeo@localhost/s")
        + Self.presence(from: "juliet@localhost/j", to: "romeo@localhost/s", EngineHarness.delay)
        + Self.presence(from: "nurse@localhost/n", to: "romeo@localhost/s", EngineHarness.delay))
    #expect(harness.heard(romeo) == Self.presence(from: "romeo@localhost/s", to: "romeo@localhost/r"))
    harness.send("<presence type='unavailable'/>", on: second)
    #expect(harness.heard(romeo) == Self.presence("unavailable", from: "romeo@localhost/s", to: "romeo@localhost/r"))
    #expect(harness.heard(silent) == "")
    // An occupant that went hears no more of the others.
    harness.skip(second)
    harness.send("<presence/>", on: romeo)
    #expect(harness.heard(second) == "")
  }

  // MARK: 4.3, probes

  /// 4.3.2: whoever is subscribed gets the presence of every resource, or the one asked for, with its time; others get none.
  @Test(arguments: [
    ("juliet", "romeo@localhost", ["r", "s"]), ("juliet", "romeo@localhost/s", ["s"]), ("tybalt", "romeo@localhost", ["r", "s"]),
    ("nurse", "romeo@localhost", []), ("nurse", "romeo@localhost/r", []), ("paris", "romeo@localhost", []),
    ("paris", "romeo@localhost/r", []), ("paris", "nobody@localhost", []),
  ])
  mutating func probes(_ asker: String, _ asked: String, _ resources: [String]) {
    arrive()
    let second = harness.session("romeo", resource: "s")
    harness.now = .seconds(60)
    harness.send("<presence><show>dnd</show></presence>", on: second)
    harness.skip(romeo, juliet, nurse, tybalt, paris)
    let sessions = ["juliet": juliet, "nurse": nurse, "tybalt": tybalt, "paris": paris]
    let address = ["juliet": "juliet@localhost/j", "tybalt": "tybalt@localhost/t"][asker] ?? ""
    let answers = [
      "r": Self.presence(to: address, EngineHarness.delay),
      "s": Self.presence(
        from: "romeo@localhost/s", to: address,
        "<show>dnd</show><delay xmlns='urn:xmpp:delay' from='localhost' stamp='1970-01-01T00:01:00Z'/>"),
    ]
    let heard = harness.ask("<presence type='probe' to='\(asked)'/>", on: sessions[asker]!)
    #expect(heard == resources.map { answers[$0]! }.joined())
    // The one who is asked hears nothing of it.
    #expect(harness.heard(romeo) == "")
  }

  /// 4.3.2.1: nobody is there.
  @Test mutating func aProbeOfOneWhoIsNotThere() {
    let bare = Self.presence("unavailable", from: "romeo@localhost", to: "juliet@localhost/j")
    #expect(harness.ask("<presence type='probe' to='romeo@localhost'/>", on: juliet) == bare)
    arrive()
    let full = Self.presence("unavailable", from: "romeo@localhost/x", to: "juliet@localhost/j")
    #expect(harness.ask("<presence type='probe' to='romeo@localhost/x'/>", on: juliet) == full)
    #expect(harness.heard(romeo) == "")
  }

  /// 4.3.2: who believes to be subscribed and is not, or no more, is told so when it probes.
  @Test(arguments: ["paris", "nobody"])
  func aWrongBeliefIsCorrected(_ contact: String) {
    var harness = EngineHarness()
    for name in ["romeo", "paris"] { harness.addAccount(name) }
    harness.list(RosterItem(jid: JID(Text("\(contact)@localhost"))!, subscription: .to), in: "romeo")
    let romeo = harness.session("romeo", resource: "r")
    _ = harness.ask("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>", on: romeo)
    harness.loadsAtOnce = false
    harness.send("<presence/>", on: romeo)
    harness.answerLoads()
    #expect(
      harness.heard(romeo)
        == Self.presence(to: "romeo@localhost/r")
        + Self.presence("unsubscribed", from: "\(contact)@localhost", to: "romeo@localhost")
        + "<iq type='set' id='*' to='romeo@localhost/r'><query xmlns='jabber:iq:roster'>"
        + "<item jid='\(contact)@localhost' subscription='none'/></query></iq>")
    #expect(harness.rows(RosterItem.self, of: JID("romeo@localhost")!).map(\.subscription) == [.none])
  }

  // MARK: 4.6, directed presence

  /// 4.6.3: a stranger hears it, hears nothing of later broadcasts, and hears the end once.
  @Test(arguments: ["paris@localhost/p", "paris@localhost"], [true, false])
  mutating func directedPresenceEndsWithTheSession(_ address: String, _ staysConnected: Bool) {
    arrive()
    #expect(harness.ask("<presence to='\(address)'><status>you</status></presence>", on: romeo) == "")
    #expect(others() == ["paris": Self.presence(to: address, "<status>you</status>")])
    harness.send("<presence><status>all</status></presence>", on: romeo)
    #expect(others() == Self.toListeners("", "<status>all</status>"))
    if staysConnected { harness.send("<presence type='unavailable'/>", on: romeo) } else { harness.input(.closed(romeo)) }
    var end = Self.toListeners("unavailable")
    end["paris"] = Self.presence("unavailable", to: address)
    #expect(others() == end)
    if staysConnected { harness.input(.closed(romeo)) }
    #expect(others() == [:])
  }

  /// 4.6.1: it does not depend on presence that is broadcast.
  @Test mutating func whoIsNotAvailableSendsDirectedPresence() {
    _ = harness.ask("<presence to='juliet@localhost'/>", on: romeo)
    #expect(others() == ["juliet": Self.presence(to: "juliet@localhost")])
    harness.send("<presence type='unavailable'/>", on: romeo)
    #expect(others() == ["juliet": Self.presence("unavailable", to: "juliet@localhost")])
  }

  /// 4.6.3: a contact that hears the user anyway hears the end as others do, and once.
  @Test mutating func aContactHearsTheEndOnce() {
    arrive()
    harness.send("<presence to='juliet@localhost/j'><status>you</status></presence>", on: romeo)
    #expect(others() == ["juliet": Self.presence(to: "juliet@localhost/j", "<status>you</status>")])
    harness.send("<presence type='unavailable'/>", on: romeo)
    #expect(others() == Self.toListeners("unavailable"))
  }

  /// 4.6.3: the same, where the directed presence came before the user was available to all.
  @Test mutating func whoHeardTheUserEarlierHearsTheEndOnce() {
    harness.send("<presence to='juliet@localhost/j'/>", on: romeo)
    arrive()
    harness.send("<presence type='unavailable'/>", on: romeo)
    #expect(others() == Self.toListeners("unavailable"))
    harness.input(.closed(romeo))
    #expect(others() == [:])
  }

  /// 4.6.3: directed unavailable presence ends it for the one address. For a bare one it ends whatever is below it.
  @Test(arguments: [
    ("paris@localhost/p", "paris@localhost/p", true), ("paris@localhost/p", "paris@localhost", true),
    ("paris@localhost", "paris@localhost/p", false), ("paris@localhost/p", "nurse@localhost/n", false),
  ])
  mutating func directedPresenceIsEnded(_ address: String, _ left: String, _ isOver: Bool) {
    arrive()
    harness.send("<presence to='\(address)'/>", on: romeo)
    harness.skip(paris)
    harness.send("<presence type='unavailable' to='\(left)'/>", on: romeo)
    let name = String(left.prefix { $0 != "@" })
    #expect(others() == [name: Self.presence("unavailable", to: left)])
    harness.send("<presence type='unavailable'/>", on: romeo)
    #expect(others()["paris"] == (isOver ? nil : Self.presence("unavailable", to: address)))
  }

  /// RFC 6120, 7.7.2.2: whoever takes the place of a session hears nothing that was meant for that one.
  @Test mutating func aSuccessorDoesNotHearThatItsPredecessorIsGone() {
    harness.send("<presence to='romeo@localhost/r'/>", on: romeo)
    harness.skip(romeo)
    let successor = harness.openStream()
    _ = harness.scram("romeo", "secret", on: successor)
    _ = harness.ask(EngineHarness.header, on: successor)
    #expect(
      harness.ask(
        "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>", on: successor)
        == "<iq type='result' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>romeo@localhost/r</jid></bind></iq>")
    #expect(harness.heard(romeo).contains("<conflict "))
    #expect(others() == [:])
  }

  /// As many addresses as the limit allows; one of them again; none more.
  @Test func directedPresencesAreLimited() {
    var harness = EngineHarness { $0.limits[.directedPresences] = 1 }
    for name in ["romeo", "paris", "nurse"] { harness.addAccount(name) }
    let (paris, nurse) = (harness.available("paris", resource: "p"), harness.available("nurse", resource: "n"))
    let romeo = harness.available("romeo", resource: "r")
    for _ in 0..<2 { #expect(harness.ask("<presence to='paris@localhost'/>", on: romeo) == "") }
    #expect(
      harness.ask("<presence id='3' to='nurse@localhost'/>", on: romeo)
        == "<presence type='error' id='3' from='nurse@localhost' to='romeo@localhost/r'>"
        + "\(EngineHarness.error("wait", "resource-constraint"))</presence>")
    #expect(harness.heard(nurse) == "")
    #expect(harness.heard(paris) == String(repeating: Self.presence(to: "paris@localhost"), count: 2))
    // One address less makes room.
    #expect(harness.ask("<presence type='unavailable' to='paris@localhost'/>", on: romeo) == "")
    #expect(harness.ask("<presence to='nurse@localhost'/>", on: romeo) == "")
    #expect(harness.heard(nurse) == Self.presence(to: "nurse@localhost"))
  }

  // MARK: 4.7, syntax

  /// 4.7.1: a type that there is not, and one that needs an address. An error is not answered (RFC 6120, 8.3.1).
  @Test(arguments: ["away", "available", "subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe", ""])
  mutating func aTypeThatIsNone(_ type: String) {
    #expect(
      harness.ask("<presence id='1' type='\(type)'/>", on: romeo)
        == "<presence type='error' id='1' from='romeo@localhost' to='romeo@localhost/r'>"
        + "\(EngineHarness.error("modify", "bad-request"))</presence>")
    #expect(harness.ask("<presence id='1' type='error'/>", on: romeo) == "")
    #expect(others() == [:])
  }

  @Test mutating func aTypeThatIsNoneGoesToNobody() {
    #expect(
      harness.ask("<presence id='1' type='away' to='juliet@localhost'/>", on: romeo)
        == "<presence type='error' id='1' from='romeo@localhost' to='romeo@localhost/r'>"
        + "\(EngineHarness.error("modify", "bad-request"))</presence>")
    #expect(others() == [:])
  }

  /// 4.7.1: an error goes to its addressee.
  @Test mutating func anErrorIsDelivered() {
    let error = EngineHarness.error("modify", "bad-request")
    #expect(harness.ask("<presence type='error' to='juliet@localhost/j'>\(error)</presence>", on: romeo) == "")
    #expect(others() == ["juliet": Self.presence("error", to: "juliet@localhost/j", error)])
  }

  /// 4.7.2.3: a whole number from -128 to 127.
  @Test(arguments: [
    ("-128", true), ("127", true), ("0", true), ("", true), (" 5 ", true), ("-129", false), ("128", false), ("1.5", false), ("high", false),
  ])
  mutating func priorities(_ priority: String, _ isOne: Bool) {
    let stanza = "<presence id='1'><priority>\(priority)</priority></presence>"
    let heard = harness.ask(stanza, on: romeo)
    if isOne {
      let content = priority.isEmpty ? "<priority/>" : "<priority>\(priority)</priority>"
      #expect(heard.hasPrefix("<presence id='1' from='romeo@localhost/r' to='romeo@localhost/r'>\(content)</presence>"))
      #expect(others().keys.sorted() == ["juliet", "tybalt"])
    } else {
      #expect(
        heard == "<presence type='error' id='1' from='romeo@localhost' to='romeo@localhost/r'>"
          + "\(EngineHarness.error("modify", "bad-request"))</presence>")
      #expect(others() == [:])
    }
  }

  /// 4.7.2.3 and 8.5.2.1.1: the highest priority gets the messages, a negative one none; who is unavailable has none.
  @Test mutating func thePriorityDecidesAboutMessages() {
    let second = harness.session("romeo", resource: "s")
    harness.send("<presence><priority>2</priority></presence>", on: romeo)
    harness.send("<presence><priority>1</priority></presence>", on: second)
    for (change, isFirst, isSecond) in [
      ("", true, false), ("<presence/>", false, true), ("<presence><priority>1</priority></presence>", true, true),
      ("<presence><priority>-1</priority></presence>", false, true), ("<presence type='unavailable'/>", false, true),
    ] {
      if !change.isEmpty { harness.send(change, on: romeo) }
      harness.skip(romeo, second)
      harness.send(EngineHarness.chat(to: "romeo@localhost", "hi"), on: juliet)
      let message = "<message type='chat' from='juliet@localhost/j' to='romeo@localhost'><body>hi</body></message>"
      #expect(harness.heard(romeo) == (isFirst ? message : ""))
      #expect(harness.heard(second) == (isSecond ? message : ""))
    }
  }

  // MARK: 8.5, what comes for the account

  /// 8.5.2.1.2, 8.5.3.1 and 8.5.3.2.2: a bare address means every available resource, a full one that resource alone.
  @Test mutating func presenceComesToResources() {
    let second = harness.session("romeo", resource: "s")
    arrive()
    harness.skip(second)
    for (address, isFirst, isSecond) in [
      ("romeo@localhost", true, false), ("romeo@localhost/r", true, false), ("romeo@localhost/s", false, true),
      ("romeo@localhost/none", false, false),
    ] {
      #expect(harness.ask("<presence to='\(address)'/>", on: paris) == "")
      let presence = Self.presence(from: "paris@localhost/p", to: address)
      #expect(harness.heard(romeo) == (isFirst ? presence : ""))
      #expect(harness.heard(second) == (isSecond ? presence : ""))
    }
  }
}
