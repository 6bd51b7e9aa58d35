internal import SASL
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// An engine that is recorded, with as much of a world around it as it needs to go on: storage that knows one account, romeo with the password
/// `secret`, and forgets what it is told.
struct RecordedWorld {
  private var recorder: Recorder
  private(set) var engine: Engine
  private(set) var file: [UInt8]
  /// The bytes that the server wrote, on all connections.
  private(set) var written: [UInt8] = []
  /// Stanzas and headers that the server took.
  private(set) var stanzas = 0
  private var time: Int64 = 0

  init(_ configuration: Configuration, keepsText: Bool) {
    recorder = Recorder(secret: [7], keepsText: keepsText)
    file = recorder.begin(configuration: configuration, seed: [1], at: Instant(monotonic: 0, wall: 0))
    engine = Engine(configuration: configuration, seed: [1])
    engine.keepsEvents = true
  }

  private var now: Instant { Instant(monotonic: time, wall: time) }

  /// Feeds the engine, and then what comes of that.
  mutating func feed(_ input: Input) {
    var waiting = [input]
    while !waiting.isEmpty {
      let input = waiting.removeFirst()
      time += .milliseconds(1)
      file += recorder.input(input, at: now, before: engine)
      engine.handle(input, at: now)
      for handled in engine.takeEvents() {
        switch handled.event {
        case .header, .stanza: stanzas += 1
        default: break
        }
      }
      let actions = engine.flush()
      file += recorder.outputs(actions)
      for action in actions {
        switch action {
        case .write(let connection, let bytes):
          written += bytes
          waiting.append(.accepted(connection, bytes.count))
        case .commit(let number, _): waiting.append(.committed(through: number))
        case .ask(let id, .query(let query)): waiting.append(.answered(id, .result(RecordedWorld.database.answer(query))))
        case .ask(let id, .deriveKeys(let request)): waiting.append(.answered(id, .keys(Scram.derive(request))))
        default: break
        }
      }
    }
  }

  /// The file ends, and another begins.
  mutating func beginAnew() { file = next() }
  mutating func next() -> [UInt8] { recorder.begin(from: engine, at: now) }

  private static let database: MemoryDatabase = {
    var database = MemoryDatabase(.server)
    guard let romeo = JID("romeo@localhost"), let juliet = JID("juliet@localhost") else { return database }
    let salted = Scram.saltedPassword(.sha1, password: Array("secret".utf8), salt: [1], rounds: 1)
    let credentials = Scram.credentials(.sha1, saltedPassword: salted, salt: [1], rounds: 1)
    database.apply(StoredAccount(jid: romeo, credentials: [credentials]).changes)
    database.apply(.put(RosterItem(jid: juliet, name: "Juliet", groups: ["Capulet"], subscription: .both), of: romeo))
    return database
  }()
}
