import ClientCore
internal import SASL
import ServerCore
internal import Storage
import XML
import XMPP

/// A server and those who are logged in, with no network between them and a disk that answers at once and keeps nothing.
final class Rig {
  private(set) var engine: Engine
  private let pool = ParserPool()
  /// By the numbers of their connections.
  private var clients: [UInt64: Client] = [:]
  private var lastConnection: UInt64 = 0
  /// Bytes that the server has written.
  private(set) var written = 0
  private var todo: [Input] = []
  /// While not `nil`, a client's proof is kept here, and not sent.
  private var proof: [UInt8]?
  private let now = Instant(monotonic: 1, wall: 1)

  init() {
    var configuration = Configuration(domains: ["localhost"])
    configuration.scramRounds = 1
    (configuration.offersTLS, configuration.requiresTLS) = (false, false)
    engine = Engine(configuration: configuration, seed: [1])
  }

  static func account(_ index: Int) -> JID { JID(local: "user\(index)", domain: "localhost", resource: "")! }

  /// Makes an account with the password "pw".
  func add(_ account: JID) { input(.control(1, .addAccount(account, password: Secret(Array("pw".utf8))))) }

  /// Logs in: connection, SCRAM-SHA-256, bound resource "d". The account is there.
  func logIn(_ account: JID) -> ConnectionID {
    let connection = connect(account)
    precondition(clients[connection.number]!.isBound)
    // From here on nobody reads what it is sent.
    clients[connection.number] = nil
    return connection
  }

  /// The same, as far as the client's proof, which is not sent.
  func proof(of account: JID) -> (ConnectionID, [UInt8]) {
    proof = []
    let connection = connect(account)
    clients[connection.number] = nil
    defer { proof = nil }
    return (connection, proof ?? [])
  }

  private func connect(_ account: JID) -> ConnectionID {
    lastConnection += 1
    let connection = ConnectionID(lastConnection)
    var client = Client(account: account, password: "pw", resource: "d", nonce: "abc", security: .lenient)
    let opening = client.begin()
    clients[connection.number] = client
    todo.append(.opened(connection, Opening()))
    for case .bytes(let bytes) in opening { input(.bytes(connection, bytes)) }
    return connection
  }

  func send(_ element: Element, on connection: ConnectionID) { input(.bytes(connection, Client.encode(element))) }
  func close(_ connection: ConnectionID) { input(.closed(connection)) }

  /// Lets the server have this, and then all that follows from it, in order.
  func input(_ input: Input) {
    todo.append(input)
    var next = 0
    while next < todo.count {
      engine.handle(todo[next], at: now)
      for action in engine.flush() { act(action) }
      next += 1
    }
    todo.removeAll(keepingCapacity: true)
  }

  private func act(_ action: Action) {
    switch action {
    case .write(let connection, let bytes):
      written += bytes.count
      todo.append(.accepted(connection, bytes.count))
      if let outputs = clients[connection.number]?.received(bytes, using: pool) { follow(outputs, connection) }
    case .commit(let number, _): todo.append(.committed(through: number))
    case .ask(let id, .query(let query)): todo.append(.answered(id, .result(MemoryDatabase(.server).answer(query))))
    case .ask(let id, .deriveKeys(let request)): todo.append(.answered(id, .keys(Scram.derive(request))))
    case .startTLS, .close, .abort, .read, .ask, .reply, .log, .giveUp: break
    }
  }

  private func follow(_ outputs: [Client.Output], _ connection: ConnectionID) {
    for case .bytes(let bytes) in outputs {
      if proof != nil, bytes.starts(with: "<response".utf8) { proof = bytes } else { todo.append(.bytes(connection, bytes)) }
    }
  }
}
