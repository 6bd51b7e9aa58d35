import ServerCore
import Testing
import XML
import XMPP

@testable import Simulation

/// The model's part about blocking agrees with the server, and would not if either were otherwise.
struct BlockingModelTests {
  private static func request(_ name: Text, _ addresses: [Text]) -> Element {
    let items = addresses.map { Element("item", BlockingUse.namespace, ["jid": $0]) }
    return ModelAgreementTests.request(nil, Element(name, BlockingUse.namespace, children: items))
  }

  @Test func aBlockIsSeen() { ModelAgreementTests.expectSeen(Self.request("block", [ModelAgreementTests.bob.bare.text])) }

  @Test func theLimitIsSeen() {
    ModelAgreementTests.expectRefused(.blockedAddresses, 0, Self.request("block", [ModelAgreementTests.bob.text]))
  }

  private static let addition = RandomTraffic.Addition { traffic in
    let rooms: [Text] = ["conference.localhost", RandomTraffic.rooms[0].text]
    let addresses: [Text] = (0..<traffic.below(3)).map { _ in
      traffic.chance(20) ? traffic.pick(rooms + ["localhost/x", "localhost"]) : traffic.address()
    }
    return request(traffic.chance(40) ? "block" : "unblock", addresses)
  } tighten: { limits, traffic in
    limits[.blockedAddresses] = 1 + traffic.below(2)
  }

  /// Random walks in which users also block each other.
  @Test(arguments: 0..<15)
  func modelAgrees(seed: Int) {
    #expect(ModelWalkTests.walk(seed: UInt64(seed), steps: 250, Self.addition) == nil, "seed \(seed)")
  }
}
