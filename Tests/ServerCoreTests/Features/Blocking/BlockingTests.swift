import Storage
import OrderedCollections
import Testing
import XML
import XMPP

@testable import ServerCore

/// The addresses that an item of the blocklist means.
struct BlockingTests {
  /// XEP-0191, 6, form by form; and 5: nobody blocks himself.
  @Test(arguments: [
    ("bob@there/desk", ["bob@there/desk"]),
    ("bob@there", ["bob@there/desk", "bob@there/phone", "bob@there"]),
    ("there/desk", ["there/desk"]),
    ("there", ["there", "there/desk", "bob@there", "bob@there/desk", "bob@there/phone", "eve@there/desk"]),
    ("here", ["eve@here/desk"]),
    ("juliet@here", []),
  ])
  func matches(_ item: String, _ meant: [String]) {
    let record = StoredAccount(jid: JID("juliet@here")!, credentials: [])
    var account = Account(record, now: Instant(monotonic: 0, wall: 0))
    account.states[Blocklist.self].addresses = [JID(Text(item))!]
    let everybody = [
      "there", "there/desk", "bob@there", "bob@there/desk", "bob@there/phone", "eve@there/desk", "eve@here/desk", "here",
      "juliet@here/balcony",
      "elsewhere/desk", "bob@elsewhere/desk",
    ]
    #expect(everybody.filter { account.isBlocked(JID(Text($0))!) }.sorted() == meant.sorted())
  }

  /// XEP-0191, 3.3, and RFC 6121, 4.6.3: who has shown itself to one address alone is gone for that one, too; or its ghost stays in the room.
  @Test func whoIsNotAvailableLeavesTheRoomThatIsBlocked() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let (romeo, juliet) = (harness.session("romeo", resource: "r"), harness.session("juliet", resource: "j"))
    harness.makeRoom("tea", isPersistent: false, by: romeo)
    harness.join("tea", as: "juliet", on: juliet)
    _ = harness.read(romeo)
    harness.send("<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='conference.localhost'/></block></iq>", on: juliet)
    #expect(harness.read(romeo).contains("<presence type='unavailable' from='tea@conference.localhost/juliet'"))
  }

  /// All rooms of a service are at one domain: who blocks a nick there does not block it in every room.
  @Test func aNickAtTheServiceIsNobodyInItsRooms() {
    var harness = EngineHarness()
    harness.addAccount("romeo")
    harness.addAccount("juliet")
    let (romeo, juliet) = (harness.session("romeo", resource: "r"), harness.session("juliet", resource: "j"))
    harness.makeRoom("tea", isPersistent: false, by: romeo)
    harness.join("tea", as: "juliet", on: juliet)
    harness.send("<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='conference.localhost/owner'/></block></iq>", on: juliet)
    _ = harness.read(juliet)
    harness.send("<message to='tea@conference.localhost' type='groupchat'><body>hi</body></message>", on: romeo)
    #expect(harness.read(juliet).contains("<body>hi</body>"))
  }
}
