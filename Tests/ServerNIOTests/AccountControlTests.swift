import SASL
import ServerCore
import ServerNIO
import Testing
import XML
import XMPP

@Suite(.serialized) struct AccountControlTests {
  let romeo = JID("romeo@localhost")!
  private var password: Secret { Secret(Array("wherefore".utf8)) }

  /// The same questions get the same answers, whether a server runs or not.
  @Test(arguments: [true, false]) func accountsAreManaged(isRunning: Bool) throws {
    let folder = TemporaryFolder()
    let configuration = ServerFixture.configuration(folder)
    let server = isRunning ? try RunningServer.start(configuration: configuration) : nil
    defer { server?.stop() }
    func ask(_ request: ControlRequest) throws -> ControlReply { try AccountControl.perform(request, configuration: configuration) }

    #expect(try ask(.listAccounts) == .accounts([]))
    #expect(try ask(.addAccount(romeo, password: password)) == .done)
    #expect(try ask(.addAccount(romeo, password: password)) == .refused("there is such an account already"))
    let stranger = JID("a@example.org")!
    #expect(
      try ask(.addAccount(stranger, password: password)) == .refused("a@example.org is not an address of this server; it serves localhost"))
    #expect(try ask(.disableAccount(romeo)) == .done)
    #expect(try ask(.listAccounts) == .accounts([AccountListing(jid: romeo, isDisabled: true)]))
    #expect(try ask(.enableAccount(romeo)) == .done)
    #expect(try ask(.changePassword(romeo, password: password)) == .done)
    #expect(try ask(.deleteAccount(romeo)) == .done)
    #expect(try ask(.deleteAccount(romeo)) == .refused("there is no such account"))
  }

  @Test func aLockedAccountLosesItsSession() throws {
    let stage = try ServerFixture()
    let client = try stage.login("romeo")
    #expect(try AccountControl.perform(.disableAccount(romeo), configuration: ServerFixture.configuration(stage.folder)) == .done)
    try client.expect("<not-authorized")
    try client.expect("</stream:stream>")
  }
}
