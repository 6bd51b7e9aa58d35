import XML
import XMPP

@testable import ServerCore

/// An engine with a table for a disk, spoken to in bytes and text. Nothing happens but what a test asks for.
struct EngineHarness {
  var engine: Engine
  var now: Int64 = 0
  /// What each link was sent and has not been read by the test.
  private var written: [LinkID: String] = [:]
  private(set) var closed: Set<LinkID> = []
  private(set) var aborted: Set<LinkID> = []
  private(set) var startsTLS: Set<LinkID> = []
  private(set) var paused: Set<LinkID> = []
  private(set) var commits: [(number: UInt64, records: [Record])] = []
  private(set) var replies: [ControlReply] = []
  private var accounts: [JID: AccountSnapshot] = [:]
  private var links: UInt64 = 0
  /// Commits succeed at once, or wait for `commit()`.
  var commitsAtOnce = true
  /// Loads are answered at once, or wait for `answerLoads()`.
  var loadsAtOnce = true
  private var loads: [LoadKey] = []
  /// Written bytes are taken at once, or never.
  var peersRead = true

  init(_ change: (inout Configuration) -> Void = { _ in }) {
    var configuration = Configuration(domains: ["localhost"])
    configuration.scramRounds = 1
    configuration.requiresTLS = false
    configuration.secret = [7]
    change(&configuration)
    engine = Engine(configuration: configuration, seed: [42])
  }

  mutating func open() -> LinkID {
    links += 1
    let link = LinkID(links)
    input(.opened(link))
    return link
  }

  mutating func send(_ text: String, on link: LinkID) { input(.bytes(link, Array(text.utf8))) }

  /// What came since the last time.
  mutating func read(_ link: LinkID) -> String {
    defer { written[link] = nil }
    return written[link] ?? ""
  }

  mutating func input(_ input: Input) {
    engine.handle(input, at: Instant(monotonic: now, wall: now))
    for action in engine.flush() { act(action) }
  }

  private mutating func act(_ action: Action) {
    switch action {
    case .write(let link, let bytes):
      written[link, default: ""] += String(decoding: bytes, as: UTF8.self)
      if peersRead { input(.accepted(link, bytes.count)) }
    case .startTLS(let link): startsTLS.insert(link)
    case .close(let link): closed.insert(link)
    case .abort(let link): aborted.insert(link)
    case .read(let link, let wanted): if wanted { paused.remove(link) } else { paused.insert(link) }
    case .commit(let number, let records):
      commits.append((number, records))
      for case .account(let record) in records {
        accounts[record.jid] = AccountSnapshot(record: record, roster: [], blocklist: [], offlineCount: 0, lastOffline: 0)
      }
      if commitsAtOnce { input(.committed(through: number)) }
    case .load(let key): if loadsAtOnce { answer(key) } else { loads.append(key) }
    case .derive(let id, let request): input(.derived(id, Scram.derive(request)))
    case .reply(_, let reply): replies.append(reply)
    case .log: break
    }
  }

  private mutating func answer(_ key: LoadKey) {
    switch key {
    case .account(let jid): input(.loaded(key, .account(accounts[jid])))
    case .room: input(.loaded(key, .room(nil)))
    case .offline: input(.loaded(key, .offline([])))
    case .rooms: input(.loaded(key, .rooms([])))
    case .accounts: input(.loaded(key, .accounts([])))
    }
  }

  mutating func answerLoads() {
    let waiting = loads
    loads = []
    for key in waiting { answer(key) }
  }

  mutating func advance(seconds: Int64) {
    now += .seconds(seconds)
    while let deadline = engine.nextDeadline, deadline <= now { input(.deadline) }
  }

  mutating func addAccount(_ name: String, password: String = "secret") {
    input(.control(0, .addAccount(JID("\(name)@localhost")!, password: Secret(Array(password.utf8)))))
  }

  static let header =
    "<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

  /// A stream up to its features.
  mutating func openStream() -> LinkID {
    let link = open()
    send(Self.header, on: link)
    return link
  }

  /// The client's part of SCRAM-SHA-1. Returns what the server said to the proof.
  mutating func scram(_ name: String, _ password: String, on link: LinkID) -> String {
    _ = read(link)
    let bare = "n=\(name),r=abc"
    send(
      "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>\(Base64.encode(Array("n,,\(bare)".utf8)))</auth>", on: link)
    let answer = read(link)
    guard let challenge = answer.firstMatch(of: /<challenge[^>]*>([^<]*)</).flatMap({ Base64.decode(Text($0.1)) }) else { return answer }
    let first = Text(utf8: challenge)
    let fields = Scram.fields(first)
    let salted = Scram.saltedPassword(
      .sha1, password: Array(password.utf8), salt: Base64.decode(fields[1].value)!, rounds: Int(fields[2].value.string)!)
    let final = "c=biws,r=\(fields[0].value)"
    let key = Scram.hmac(.sha1, key: salted, Array("Client Key".utf8))
    let signature = Scram.hmac(.sha1, key: Scram.digest(.sha1, key), Array("\(bare),\(first),\(final)".utf8))
    let proof = Base64.encode(zip(key, signature).map { $0 ^ $1 })
    send("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\(Base64.encode(Array("\(final),p=\(proof)".utf8)))</response>", on: link)
    return read(link)
  }

  /// A bound session that has read all that came with it.
  mutating func session(_ name: String, resource: String) -> LinkID {
    let link = openStream()
    _ = scram(name, "secret", on: link)
    send(Self.header, on: link)
    send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>\(resource)</resource></bind></iq>", on: link)
    _ = read(link)
    return link
  }

  mutating func commit() {
    if let last = commits.last { input(.committed(through: last.number)) }
  }
}
