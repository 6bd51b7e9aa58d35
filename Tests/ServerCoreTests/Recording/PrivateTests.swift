import OrderedCollections
import SASL
import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// The server's own state as a recording holds it.
struct PrivateTests {
  static let pseudonyms = Pseudonyms(secret: [1, 2, 3], keepsText: false)
  static let keeping = Pseudonyms(secret: [1, 2, 3], keepsText: true)

  private func packed(_ value: some Encodable, _ pseudonyms: Pseudonyms = pseudonyms) throws -> String {
    String(decoding: try PackedEncoder.encode(value, pseudonyms), as: Unicode.ASCII.self)
  }

  /// A feature that somebody adds later, whose author has never heard of recordings.
  private struct Feature: Codable, Sendable {
    enum Invitation: Codable, Sendable { case pending(token: Text, by: JID), used(String) }
    var token: Text = "s3cret"
    var optional: Text? = "s3cret"
    var note = "s3cret"
    var key: [UInt8] = Array("s3cret".utf8)
    var keys: [[UInt8]] = [Array("s3cret".utf8)]
    var list: [Text] = ["s3cret", "s3cret"]
    var byToken: OrderedDictionary<Text, JID> = ["s3cret": JID("romeo@localhost")!]
    var table: [Invitation] = [.pending(token: "s3cret", by: JID("juliet@localhost")!), .used("s3cret")]
    var form = Element("x", "jabber:x:data", ["token": "s3cret"], text: "s3cret")
    var password = Secret(Array("s3cret".utf8))
  }

  /// A digest of states leaves out counters and times, whatever they are made of.
  private struct Counters: Codable {
    var kept = 1
    var number: Int
    var large: UInt64
    var time: Int64?
    var flag: Bool
    var word: String
    var list: [Int]
  }

  @Test func omittedPropertiesOfAnyTypeLeaveNothing() throws {
    let names = ["number", "large", "time", "flag", "word", "list"]
    let one = Counters(number: 1, large: 1, time: nil, flag: false, word: "", list: [])
    let other = Counters(number: 2, large: 1 << 40, time: 7, flag: true, word: "x", list: [1])
    let bytes = try [one, other].map { try PackedEncoder.encode($0, nil, without: names) }
    #expect(bytes[0] == bytes[1] && !bytes[0].isEmpty)
    #expect(try PackedEncoder.encode(one, nil) != PackedEncoder.encode(other, nil))
  }

  @Test(arguments: [false, true]) func whatNobodyHasListedIsPrivate(keepsText: Bool) throws {
    let text = try packed(Feature(), keepsText ? Self.keeping : Self.pseudonyms)
    #expect(!text.contains("s3cret"))
    #expect(text.contains("romeo@localhost") && text.contains("juliet@localhost"))
    // Read back, it is as long.
    let bytes = try PackedEncoder.encode(Feature(), Self.pseudonyms)
    let copy = try PackedDecoder.decode(Feature.self, from: bytes[...])
    #expect(copy.token.count == 6 && copy.key.count == 6 && copy.list.count == 2 && copy.form.text.count == 6)
  }

  @Test func whatIsPrivateByItsType() throws {
    var configuration = RoomConfiguration()
    (configuration.name, configuration.description, configuration.secret) = ("s3cret name", "s3cret text", "s3cret word")
    let item = RosterItem(jid: JID("romeo@localhost")!, name: "s3cret name", groups: ["s3cret one", "s3cret two"])
    let row = AffiliationRow(jid: JID("tybalt@localhost")!, affiliation: "outcast", nick: "tybalt", reason: "s3cret")
    let record = Change.put(row, of: JID("room@conference.localhost")!)
    for text in [try packed(configuration), try packed(item), try packed(record)] { #expect(!text.contains("s3cret")) }
    #expect(try packed(record).contains("tybalt") && packed(record).contains("outcast"))
    let copy = try PackedDecoder.decode(RosterItem.self, from: try PackedEncoder.encode(item, Self.pseudonyms)[...])
    #expect(copy.groups.count == 2 && copy.groups[0] != copy.groups[1])
    // As it is in what the client sends, or a replay would think it changed.
    let sent = Self.pseudonyms.element(Element("iq", NS.client, children: [Element("query", NS.roster, children: [item.element])]))
    #expect(sent.firstChild?.firstChild?["name"] == copy.name)
    #expect(sent.firstChild?.firstChild?.children.map(\.text) == copy.groups)

    let kept = [try packed(configuration, Self.keeping), try packed(item, Self.keeping), try packed(record, Self.keeping)].joined()
    #expect(kept.contains("s3cret name") && kept.contains("s3cret two") && !kept.contains("s3cret word"))
  }

  @Test func theServersOwnSecretIsNotShown() throws {
    var configuration = Configuration(domains: ["example.org"])
    configuration.secret = Array("s3cret of 32 bytes".utf8)
    configuration.roundsHistory = RoundsHistory(shares: [], rounds: 1, secret: configuration.secret, at: 0)
    var recorder = Recorder(secret: [1])
    let file = recorder.begin(configuration: configuration, seed: [1], at: Instant(monotonic: 0, wall: 0))
    #expect(!String(decoding: file, as: Unicode.ASCII.self).contains("s3cret"))
    #expect(String(decoding: file, as: Unicode.ASCII.self).contains("example.org"))
  }

  /// Each property that is said to be shown is one that there is.
  @Test func everyShownPropertyExists() throws {
    func properties(_ value: some Recorded) -> [String] {
      if case .properties(let names) = type(of: value).shown { names } else { [] }
    }
    func check(_ value: some Recorded) {
      let labels = Mirror(reflecting: value).children.compactMap {
        $0.label?.hasPrefix("_") ?? true ? $0.label?.dropFirst().description : $0.label
      }
      for name in properties(value) { #expect(labels.contains(name), "\(type(of: value)).\(name)") }
    }
    var transaction = Transaction(now: Instant(monotonic: 0, wall: 0), setting: SharedConfiguration(Configuration(domains: ["localhost"])))
    let jid = JID("room@conference.localhost")!
    check(Configuration(domains: []))
    check(RandomSource(key: []))
    check(RoundsHistory(shares: [], rounds: 1, secret: [], at: 0))
    check(try ScramClientFirst(parsing: "n,,n=user,r=abc"))
    var exchange = SASLServerExchange(.scramSHA1)
    _ = exchange.responseReceived(Array("n,,n=user,r=abc".utf8))
    _ = exchange.credentialsFound(Scram.decoy(.sha1, name: "user", secret: [], rounds: 1), isDecoy: true) { "def" }
    guard case .expectProof(let scram, _) = exchange.state else { return #expect(Bool(false), "\(exchange.state)") }
    check(scram)
    check(ClientStream(ConnectionID(1), Opening(), counts: true, now: transaction.now))
    check(Account(StoredAccount(jid: jid, credentials: []), now: transaction.now))
    check(Session(connection: ConnectionID(1), jid: jid, language: nil))
    check(StreamOpening(role: .client, id: "", from: nil, to: nil, language: nil))
    check(Room(creating: jid, &transaction))
    check(RoomAffiliations())
    check(RoomAffiliations.Entry(affiliation: .none, nick: nil, reason: nil))
    check(RoomRelays())
    check(RoomRelays.Relay(id: nil, requester: jid, address: jid, responder: jid))
  }
}
