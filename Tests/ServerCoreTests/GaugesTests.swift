import Testing
import XML
import XMPP

@testable import ServerCore

/// The sizes of things that may grow can be looked at.
struct GaugesTests {
  @Test func whatARoomKeepsIsShown() {
    var harness = EngineHarness {
      $0.limits[.roomHistoryBytes] = 5_000
      $0.limits[.roomHistoryMessages] = 2
      $0.limits[.roomPendingIQs] = 4
      $0.limits[.roomAffiliations] = 7
      $0.limits[.roomSessions] = 8
      $0.limits[.roomAdminSessions] = 1
    }
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let (romeo, juliet) = (harness.session("romeo", resource: "r"), harness.session("juliet", resource: "j"))
    harness.makeRoom("tea", isPersistent: false, by: romeo)
    harness.join("tea", as: "juliet", on: juliet)
    for _ in 0..<3 { harness.send("<message to='tea@conference.localhost' type='groupchat'><body>hi</body></message>", on: romeo) }
    harness.send("<iq type='get' id='v' to='tea@conference.localhost/owner'><query xmlns='jabber:iq:version'/></iq>", on: juliet)
    for (name, value, limit) in [
      ("affiliations of a room", 1, 7), ("sessions in a room", 2, 9), ("messages in a room's history", 2, 2),
      ("requests between occupants", 1, 4),
    ] {
      #expect(harness.gauges(name) == [Gauge(name: name, value: value, limit: limit)])
    }
    #expect(harness.gauges("bytes in a room's history").map(\.limit) == [5_000])
  }

  @Test func whatWaitsForStorageIsShown() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let (romeo, juliet) = (harness.session("romeo", resource: "r"), harness.session("juliet", resource: "j"))
    harness.send(EngineHarness.chat(to: "juliet@localhost", "stored"), on: romeo)
    harness.loadsAtOnce = false
    harness.send("<presence/>", on: juliet)
    harness.send(EngineHarness.chat(to: "juliet@localhost", "lined up"), on: romeo)
    harness.send(RoomActivationTests.list, on: romeo)
    #expect(harness.gauges("who waits for a list").map(\.value) == [1])
    #expect(harness.gauges("bytes queued behind stored ones").map(\.limit) == [4 << 20])
    harness.answerLoads()
    #expect(harness.gauges("who waits for a list") == [] && harness.gauges("bytes queued behind stored ones") == [])
  }
}
