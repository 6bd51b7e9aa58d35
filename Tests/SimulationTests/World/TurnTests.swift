import ServerCore
import Testing
import XML
import XMPP

@testable import Simulation

/// The input that the server gets in one turn of its loop is bounded only by how many peers speak.
struct TurnTests {
  private static let room: Text = "tea@conference.localhost"

  /// All enter a room at the same moment: many times more is to be said than all outboxes may hold, but everybody reads.
  @Test func nobodyIsCutOffForWhatOneTurnOfTheLoopGathers() {
    let devices = (0..<30).map { JID("user\($0)@localhost/d")! }
    var stage = ModelFixture(seed: 1, accounts: devices.map(\.bare)) { settings in
      settings.latency = 0...0
      settings.shortPercent = 0
      settings.batchPercent = 100
      settings.configuration.limits[.allOutboxesBytes] = 100_000
    }
    for device in devices {
      stage.connect(device)
      stage.settle()
    }
    func enter(_ device: JID) {
      let address = TurnTests.room + "/" + device.bare.local
      stage.send(Element("presence", NS.client, ["to": address], children: [Element("x", "http://jabber.org/protocol/muc")]), as: device)
    }
    enter(devices[0])
    stage.settle()
    // A new room is locked until its creator has said what it is to be.
    let form = Element("x", "jabber:x:data", ["type": "submit"])
    let query = Element("query", "http://jabber.org/protocol/muc#owner", children: [form])
    stage.send(Element("iq", NS.client, ["type": "set", "id": "1", "to": TurnTests.room], children: [query]), as: devices[0])
    stage.settle()
    for device in devices.dropFirst() { enter(device) }
    stage.settle()
    #expect(devices.allSatisfy { stage.isBound($0) })
    #expect(stage.world.marks.count(of: ConnectionMark.connectionAllOutboxesOverrun) == 0)
    var heard = 0
    for device in devices { heard += stage.takeReceived(by: device).count { $0.is("presence", NS.client) } }
    // Each hears of each, and of itself.
    #expect(heard == 30 * 30)
    #expect(stage.problem == nil)
  }
}
