import Foundation
import NIOCore
import SASL
import Testing
import XML
import XMPP

@testable import ServerCore
@testable import ServerNIO
@testable import StorageSQLite

@Suite(.serialized) struct RunningServerTests {
  @Test func aClientIsGreetedWithFeatures() throws {
    let stage = try ServerFixture()
    let client = try stage.connect()
    client.openStream()
    try client.expect("<stream:stream ")
    let features = try client.expect("</stream:features>")
    #expect(features.contains("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"))
    #expect(!features.contains("<mechanism>"))
  }

  @Test func theCertificateMadeAtFirstStartIsGoodForItsName() throws {
    let stage = try ServerFixture()
    let client = try stage.connect()
    client.openStream()
    try client.expect("</stream:features>")
    try client.startTLS(certificate: stage.folder.path + "/certs/localhost.crt")
    client.openStream()
    #expect(try client.expect("</stream:features>").contains("<mechanism>SCRAM-SHA-256</mechanism>"))
    for file in ["certs/localhost.key", "secret", "control.sock", "spondee.sqlite"] {
      let mode = try FileManager.default.attributesOfItem(atPath: stage.folder.path + "/" + file)[.posixPermissions] as? Int
      #expect(mode == 0o600, "\(file)")
    }
  }

  @Test func whatWasSaidBeforeTheHandshakeIsForgotten() throws {
    let stage = try ServerFixture()
    let client = try stage.connect()
    client.openStream()
    try client.expect("</stream:features>")
    try client.startTLS(certificate: stage.folder.path + "/certs/localhost.crt", injecting: TestClient.header(to: "injected"))
    client.openStream()
    let answer = try client.expect("</stream:features>")
    #expect(answer.components(separatedBy: "<stream:stream ").count == 2)
    #expect(!answer.contains("host-unknown"))
  }

  @Test func theLastBytesArriveThoughThePeerTalksOn() throws {
    let stage = try ServerFixture()
    let client = try stage.connect()
    client.openStream()
    try client.expect("</stream:features>")
    client.send("</stream:stream>" + String(repeating: "there is always something left to enqueue ", count: 20_000))
    try client.expect("</stream:stream>")
    client.channel.close(mode: .output, promise: nil)
    try client.expectEnd()
  }

  @Test func whoDoesNotReadIsCutAndOthersGoOn() throws {
    let stage = try ServerFixture { $0.core.limits[.outboxBytes] = 100_000 }
    let talker = try stage.login("talker")
    let deaf = try stage.login("deaf", receiveBuffer: 4096)
    try deaf.setReading(false)
    let body = String(repeating: "x", count: 50_000)
    for _ in 0..<10 {
      for _ in 0..<10 { talker.send("<message to='deaf@localhost/r' type='headline'><body>\(body)</body></message>") }
      talker.send("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
      try talker.expect("id='p'")
    }
    try deaf.setReading(true)
    #expect(throws: Missing.self) { try deaf.expect("</stream:stream>") }
    talker.send("<iq type='get' id='q' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
    try talker.expect("id='q'")
  }

  @Test func shutdownEndsStreamsProperly() throws {
    let stage = try ServerFixture()
    let client = try stage.login("romeo")
    let stopping = Thread { [server = stage.server] in server.stop() }
    stopping.start()
    try client.expect("<system-shutdown")
    try client.expect("</stream:stream>")
    client.channel.close(promise: nil)
    try client.expectEnd()
  }

  @Test func whenTheDiskFailsWhoWasPromisedSomethingHearsItAndTheRestGoesOn() throws {
    let stage = try ServerFixture()
    let romeo = try stage.login("romeo")
    let juliet = try stage.login("juliet")
    let disk = try SQLiteStorage(path: stage.folder.path + "/spondee.sqlite", .server)
    func add(_ contact: String) -> String {
      "<iq type='set' id='\(contact)'><query xmlns='jabber:iq:roster'><item jid='\(contact)@localhost'/></query></iq>"
    }
    try disk.execute("CREATE TRIGGER t BEFORE INSERT ON roster BEGIN SELECT raise(ABORT, 'the disk is full'); END")
    romeo.send(add("one"))
    try romeo.expect("<internal-server-error")
    try romeo.expect("</stream:stream>")
    juliet.send("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
    try juliet.expect("id='p'")

    try disk.execute("DROP TRIGGER t")
    let again = try stage.login("romeo", isNew: false)
    again.send(add("two") + "<iq type='get' id='all'><query xmlns='jabber:iq:roster'/></iq>")
    #expect(try again.expect("id='all'").contains("id='two'"))
    let roster = try again.expect("</iq>")
    #expect(roster.contains("two@localhost") && !roster.contains("one@localhost"))
  }

  @Test func accountsLastAndNamesOfStrangersKeepTheirSalt() throws {
    let folder = TemporaryFolder()
    let first = try RunningServer.start(configuration: ServerFixture.configuration(folder))
    try first.addAccount(JID("romeo@localhost")!, password: "x")
    first.stop()
    let secret = FileManager.default.contents(atPath: folder.path + "/secret")
    let second = try RunningServer.start(configuration: ServerFixture.configuration(folder))
    defer { second.stop() }
    #expect(second.control(.listAccounts) == .accounts([AccountListing(jid: JID("romeo@localhost")!, isDisabled: false)]))
    #expect(FileManager.default.contents(atPath: folder.path + "/secret") == secret)
  }

  @Test func twoServersDoNotShareAFolder() throws {
    let stage = try ServerFixture()
    let error = #expect(throws: SetupError.self) { try RunningServer.start(configuration: ServerFixture.configuration(stage.folder)) }
    #expect(error?.description.contains("another server uses the data folder") ?? false)
  }

  @Test func aPortThatIsTakenIsNamed() throws {
    let stage = try ServerFixture()
    let error = #expect(throws: SetupError.self) {
      try RunningServer.start(configuration: ServerFixture.configuration(TemporaryFolder()) { $0.listeners[0].port = stage.server.port })
    }
    #expect(error?.description.contains("127.0.0.1:\(stage.server.port) (another program listens there)") ?? false)
  }
}

@Suite struct KeyDerivationTests {
  @Test(arguments: [1, 2, 4096]) func theFastWayGivesTheSameKeys(rounds: Int) {
    let request = DerivationRequest(
      password: Secret(Array("pencil \u{212B}".utf8)), hashes: ScramHash.allCases, salts: [[1, 2, 3], Array(repeating: 9, count: 16)],
      rounds: [rounds, rounds])
    #expect(KeyDerivation.derive(request) == Scram.derive(request))
  }

  @Test func anEmptyPasswordIsDerivedToo() {
    let request = DerivationRequest(password: Secret([]), hashes: [.sha256], salts: [[1]], rounds: [3])
    #expect(KeyDerivation.derive(request) == Scram.derive(request))
  }
}
