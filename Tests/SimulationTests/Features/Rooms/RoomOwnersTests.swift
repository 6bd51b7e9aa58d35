import Testing
import XML
import XMPP

@testable import Simulation

/// The users who may have a rank in a room of the reference model.
struct RoomOwnersTests {
  /// A user of another server may be anything but an owner; a domain can be banned, and nothing else.
  @Test(
    arguments: [
      ("ada@localhost", .owner, true), ("ada@elsewhere.example", .owner, false), ("ada@elsewhere.example", .admin, true),
      ("elsewhere.example", .member, false), ("elsewhere.example", .outcast, true), ("localhost", .owner, false),
    ] as [(Text, RoomRules.Affiliation, Bool)])
  private func ownersAreUsersOfTheServer(address: Text, affiliation: RoomRules.Affiliation, mayHave: Bool) throws {
    let user = try #require(JID(address))
    #expect(RoomRules.mayHave(affiliation, user, of: ["localhost"]) == mayHave)
  }
}
