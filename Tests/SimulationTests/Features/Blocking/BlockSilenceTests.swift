import ServerCore
import Testing
import XML
import XMPP

@testable import Simulation

/// The users whom oracles excuse since somebody blocked somebody.
struct BlockSilenceTests {
  private static let juliet = JID("juliet@localhost")!

  private static func silence(_ entry: Text) -> BlockSilence {
    var silence = BlockSilence()
    let block = Element("block", BlockingUse.namespace, children: [Element("item", BlockingUse.namespace, ["jid": entry])])
    silence.note(Element("iq", NS.client, ["type": "set", "id": "b"], children: [block]), of: juliet)
    return silence
  }

  /// XEP-0191, 6.
  @Test(arguments: [
    ("romeo@localhost", "romeo@localhost/r", true, true), ("localhost", "romeo@localhost/r", true, true),
    ("romeo@localhost/r", "romeo@localhost/r", true, true), ("romeo@localhost/s", "romeo@localhost/r", false, true),
    ("nurse@localhost", "romeo@localhost/r", false, false), ("elsewhere.example", "romeo@localhost/r", false, false),
  ])
  func anEntryCoversAddresses(_ entry: String, _ address: String, _ isMissed: Bool, _ isMissedPartly: Bool) {
    let silence = Self.silence(Text(entry))
    let address = JID(Text(address))!
    #expect(silence.mayMiss(address, Self.juliet, partly: false) == isMissed)
    #expect(silence.mayMiss(address, Self.juliet, partly: true) == isMissedPartly)
    #expect(!silence.mayMiss(address, JID("mercutio@localhost")!, partly: true))
  }

  @Test func roomsMayBeMissed() {
    #expect(Self.silence("tea@conference.localhost").mayMiss(domainPrefix: "conference.", Self.juliet))
    #expect(!Self.silence("romeo@localhost").mayMiss(domainPrefix: "conference.", Self.juliet))
  }

  @Test func messagesAreLostWhereTheServerDropsThem() {
    var configuration = Configuration(domains: ["localhost"])
    #expect(!BlockSilence.losesMessages(configuration))
    configuration.blockedMessages = .drop
    #expect(BlockSilence.losesMessages(configuration))
  }
}
