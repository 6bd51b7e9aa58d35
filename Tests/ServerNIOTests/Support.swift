import Foundation
import NIOPosix
import NIOCore
import NIOSSL
import NIOTLS
import ServerCore
import ServerNIO
import XML
import XMPP

/// A folder that goes with the test.
final class TemporaryFolder: Sendable {
  let path: String
  init() {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("spondee-\(UInt64.random(in: 0...UInt64.max))").path
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A server on any free port, in a folder of its own, with cheap passwords.
final class ServerFixture {
  let folder = TemporaryFolder()
  let server: RunningServer

  init(_ change: (inout ServeConfiguration) -> Void = { _ in }) throws {
    server = try RunningServer.start(configuration: ServerFixture.configuration(folder, change))
  }
  deinit { server.stop() }

  static func configuration(_ folder: TemporaryFolder, _ change: (inout ServeConfiguration) -> Void = { _ in }) -> ServeConfiguration {
    var configuration = ServeConfiguration(dataFolder: folder.path)
    configuration.listeners = [.init(address: "127.0.0.1", port: 0), .init(address: "127.0.0.1", port: 0, tls: .direct)]
    configuration.core.scramRounds = 1
    configuration.logLevel = .error
    change(&configuration)
    return configuration
  }

  /// A client at the listener for direct TLS.
  func connectDirectly(_ tls: TLSConfiguration? = nil) throws -> TestClient {
    try TestClient(port: server.directTLSPort ?? 0, receiveBuffer: nil, tls: tls)
  }

  func connect(receiveBuffer: Int32? = nil) throws -> TestClient { try TestClient(port: server.port, receiveBuffer: receiveBuffer) }

  /// A client with a session, over TLS.
  func login(_ name: String, isNew: Bool = true, receiveBuffer: Int32? = nil) throws -> TestClient {
    if isNew { try server.addAccount(JID("\(name)@localhost")!, password: "secret") }
    let client = try connect(receiveBuffer: receiveBuffer)
    client.openStream()
    try client.expect("</stream:features>")
    try client.startTLS(certificate: folder.path + "/certs/localhost.crt")
    client.openStream()
    try client.expect("</stream:features>")
    let proof = Data("\0\(name)\0secret".utf8).base64EncodedString()
    client.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>\(proof)</auth>")
    try client.expect("<success")
    client.openStream()
    try client.expect("</stream:features>")
    client.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq><presence/>")
    try client.expect("<jid>\(name)@localhost/r</jid>")
    return client
  }
}

struct Missing: Error, CustomStringConvertible {
  let description: String
}

/// A socket that remembers what came, and waits for what should come.
final class TestClient: @unchecked Sendable {
  private let condition = NSCondition()
  private var received: [UInt8] = []
  private var ended = false
  private var failure: (any Error)?
  /// The application protocol of the handshake, once that is complete.
  private var agreed: String??
  private(set) var channel: (any Channel)!

  /// - Parameter tls: the client begins with TLS, for localhost.
  init(port: Int, receiveBuffer: Int32?, tls: TLSConfiguration? = nil) throws {
    let context = try tls.map { try NIOSSLContext(configuration: $0) }
    var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let context {
            try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: "localhost"))
          }
          try channel.pipeline.syncOperations.addHandler(Receiver(self))
        }
      }
    if let receiveBuffer { bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(receiveBuffer)) }
    channel = try bootstrap.connect(host: "127.0.0.1", port: port).wait()
  }
  deinit { channel?.close(promise: nil) }

  func send(_ text: String) { channel.writeAndFlush(channel.allocator.buffer(string: text), promise: nil) }

  func openStream() { send(TestClient.header(to: "localhost")) }

  static func header(to domain: String) -> String {
    "<?xml version='1.0'?><stream:stream to='\(domain)' version='1.0' xmlns='jabber:client' "
      + "xmlns:stream='http://etherx.jabber.org/streams'>"
  }

  /// Waits until the text came, and gives all that came up to its end.
  @discardableResult
  func expect(_ text: String) throws -> String {
    let wanted = Array(text.utf8)
    let end = try wait("for \(text)") { received.firstRange(of: wanted)?.upperBound }
    defer { received.removeFirst(end) }
    return String(decoding: received[..<end], as: UTF8.self)
  }

  var hasEnded: Bool { condition.withLock { ended } }

  /// Waits until the handshake is complete. Returns the application protocol on which both agreed.
  func handshake() throws -> String? { try wait("for the handshake") { agreed } }

  /// Waits for the end of the connection; throws if it was a reset.
  func expectEnd() throws {
    _ = try wait("for the end", isEnd: true) { ended ? true : nil }
    if let failure { throw failure }
  }

  /// The lock is held on return.
  private func wait<T>(_ what: String, isEnd: Bool = false, _ find: () -> T?) throws -> T {
    let limit = Date(timeIntervalSinceNow: 10)
    condition.lock()
    defer { condition.unlock() }
    while true {
      if let found = find() { return found }
      guard !ended || isEnd, condition.wait(until: limit) else {
        let last = String(decoding: received.suffix(2000), as: UTF8.self)
        throw Missing(description: "waited \(what); got \(last) \(failure.map { "\($0)" } ?? "")")
      }
    }
  }

  /// Asks for TLS, and trusts this certificate alone, for the name that it asks for in its handshake, if it does.
  func startTLS(
    certificate: String, naming name: String? = "localhost", verifiesName: Bool = true, injecting injected: String = ""
  ) throws {
    send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" + injected)
    try expect("<proceed")
    try expect(">")
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .file(certificate)
    if !verifiesName { configuration.certificateVerification = .noHostnameVerification }
    let context = try NIOSSLContext(configuration: configuration)
    let channel = channel!
    try channel.eventLoop.submit {
      let handler = try NIOSSLClientHandler(context: context, serverHostname: name)
      try channel.pipeline.syncOperations.addHandler(handler, position: .first)
    }.wait()
  }

  func setReading(_ isReading: Bool) throws { try channel.setOption(.autoRead, value: isReading).wait() }

  private final class Receiver: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    private let client: Weak
    init(_ client: TestClient) { self.client = Weak(client) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let bytes = Array(unwrapInboundIn(data).readableBytesView)
      client.update { $0.received += bytes }
    }
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      guard case TLSUserEvent.handshakeCompleted(let name) = event else { return context.fireUserInboundEventTriggered(event) }
      client.update { $0.agreed = .some(name) }
    }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { client.update { $0.failure = error } }
    func channelInactive(context: ChannelHandlerContext) { client.update { $0.ended = true } }
  }

  private final class Weak: @unchecked Sendable {
    private weak var client: TestClient?
    init(_ client: TestClient) { self.client = client }
    func update(_ body: (TestClient) -> Void) {
      guard let client else { return }
      client.condition.lock()
      body(client)
      client.condition.broadcast()
      client.condition.unlock()
    }
  }
}
