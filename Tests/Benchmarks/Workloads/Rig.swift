import ClientCore
import ServerCore
internal import Storage
import XML
import XMPP

/// A server and those who are logged in, with no network between them and a disk that answers at once and keeps nothing.
final class Rig {
  private(set) var engine: Engine
  private let pool = ParserPool()
  /// By the numbers of their links.
  private var clients: [UInt64: Client] = [:]
  private var lastLink: UInt64 = 0
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
  func logIn(_ account: JID) -> LinkID {
    let link = connect(account)
    precondition(clients[link.number]!.isBound)
    // From here on nobody reads what it is sent.
    clients[link.number] = nil
    return link
  }

  /// The same, as far as the client's proof, which is not sent.
  func proof(of account: JID) -> (LinkID, [UInt8]) {
    proof = []
    let link = connect(account)
    clients[link.number] = nil
    defer { proof = nil }
    return (link, proof ?? [])
  }

  private func connect(_ account: JID) -> LinkID {
    lastLink += 1
    let link = LinkID(lastLink)
    var client = Client(account: account, password: "pw", resource: "d", nonce: "abc", security: .lenient)
    let opening = client.begin()
    clients[link.number] = client
    todo.append(.opened(link, from: nil))
    for case .bytes(let bytes) in opening { input(.bytes(link, bytes)) }
    return link
  }

  func send(_ element: Element, on link: LinkID) { input(.bytes(link, Client.encode(element))) }
  func close(_ link: LinkID) { input(.closed(link)) }

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
    case .write(let link, let bytes):
      written += bytes.count
      todo.append(.accepted(link, bytes.count))
      if let outputs = clients[link.number]?.received(bytes, using: pool) { follow(outputs, link) }
    case .commit(let number, _): todo.append(.committed(through: number))
    case .ask(let id, .query(let query)): todo.append(.answered(id, .result(MemoryDatabase(.server).answer(query))))
    case .ask(let id, .deriveKeys(let request)): todo.append(.answered(id, .keys(Scram.derive(request))))
    case .startTLS, .close, .abort, .read, .reply, .log: break
    }
  }

  private func follow(_ outputs: [Client.Output], _ link: LinkID) {
    for case .bytes(let bytes) in outputs {
      if proof != nil, bytes.starts(with: "<response".utf8) { proof = bytes } else { todo.append(.bytes(link, bytes)) }
    }
  }
}
