internal import ClientCore
internal import Foundation
internal import NIOCore
internal import NIOSSL
internal import NIOTLS
internal import XML
internal import XMPP

/// One character's connection: filled by its event loop, emptied by the thread that runs the script.
final class SocketConnection: @unchecked Sendable {
  // All that follows is guarded by `condition`.
  private let condition = NSCondition()
  private var client: Client
  private let pool = ParserPool()
  private var inbox: [Element] = []
  private var pong: Text?
  private var problem: String?
  private var isClosed = false
  private var isRaw: Bool
  private var openChannel: (any Channel)?

  init(client: Client) {
    self.client = client
    isRaw = client.isSilent
  }

  var channel: (any Channel)? {
    get { condition.withLock { openChannel } }
    set { condition.withLock { openChannel = newValue } }
  }
  /// Why the connection can't be used any more.
  var trouble: String? { condition.withLock { problem } }

  // MARK: For the script

  func send(_ bytes: [UInt8]) {
    guard let channel else { return }
    channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
  }

  /// Sends bytes of the script's making.
  func write(_ bytes: [UInt8]) {
    condition.withLock { isRaw = true }
    send(bytes)
  }

  /// A stanza of the driver's own would not be understood on it, or would change what it is.
  var hasRawBytes: Bool { condition.withLock { isRaw } }

  private func wait(milliseconds: Int, until isDone: () -> Bool) {
    let end = Date(timeIntervalSinceNow: Double(milliseconds) / 1000)
    while !isDone(), condition.wait(until: end) {}
  }

  func waitForSession(milliseconds: Int) -> JID? {
    condition.withLock {
      wait(milliseconds: milliseconds) { client.isBound || problem != nil }
      return client.isBound ? client.jid : nil
    }
  }

  func next(milliseconds: Int) -> Element? {
    condition.withLock {
      if inbox.isEmpty, milliseconds > 0 { wait(milliseconds: milliseconds) { !inbox.isEmpty || problem != nil } }
      return inbox.isEmpty ? nil : inbox.removeFirst()
    }
  }

  func expectPong(_ id: Text) { condition.withLock { pong = id } }
  func waitForPong(milliseconds: Int) {
    condition.withLock { wait(milliseconds: milliseconds) { pong == nil || problem != nil } }
  }

  /// Ends the stream, waits a little for the other side to do the same, and hangs up.
  func close(milliseconds: Int) {
    let farewell = condition.withLock { problem == nil ? client.close() : [] }
    for case .bytes(let bytes) in farewell { send(bytes) }
    condition.withLock { wait(milliseconds: milliseconds) { problem != nil || isClosed } }
    try? channel?.close().wait()
  }

  // MARK: For the event loop

  /// The client's outputs: bytes to send, and the wish for TLS.
  func begin() -> [Client.Output] { condition.withLock { client.begin() } }
  func tlsEstablished() -> [Client.Output] { condition.withLock { client.tlsEstablished() } }

  func received(_ bytes: [UInt8]) -> [Client.Output] {
    condition.withLock {
      let outputs = client.received(bytes, using: pool)
      for output in outputs {
        switch output {
        case .stanza(let element):
          if let pong, element.id == pong { self.pong = nil } else { inbox.append(element) }
        case .ended(let reason): problem = reason ?? "the server ended the stream"
        case .bytes, .startTLS, .ready: break
        }
      }
      condition.broadcast()
      return outputs
    }
  }

  func closed(_ reason: String) {
    condition.withLock {
      isClosed = true
      if problem == nil { problem = reason }
      condition.broadcast()
    }
  }

  var domain: String { condition.withLock { client.account.domain.string } }
  var isDirectTLS: Bool { condition.withLock { client.isDirectTLS } }
}

final class SocketHandler: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer
  private let connection: SocketConnection

  init(_ connection: SocketConnection) { self.connection = connection }

  func channelActive(context: ChannelHandlerContext) { follow(connection.begin(), context) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    follow(connection.received(Array(unwrapInboundIn(data).readableBytesView)), context)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? TLSUserEvent, case .handshakeCompleted = event { follow(connection.tlsEstablished(), context) }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) { connection.closed("the connection was closed") }
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    connection.closed("the connection broke: \(error)")
    context.close(promise: nil)
  }

  private func follow(_ outputs: [Client.Output], _ context: ChannelHandlerContext) {
    for output in outputs {
      switch output {
      case .bytes(let bytes): context.writeAndFlush(NIOAny(ByteBuffer(bytes: bytes)), promise: nil)
      case .startTLS: startTLS(context)
      case .ready, .stanza, .ended: break
      }
    }
  }

  private func startTLS(_ context: ChannelHandlerContext) {
    do {
      var configuration = TLSConfiguration.makeClientConfiguration()
      configuration.certificateVerification = .none
      // XEP-0368, 3.
      if connection.isDirectTLS { configuration.applicationProtocols = ["xmpp-client"] }
      let handler = try NIOSSLClientHandler(context: NIOSSLContext(configuration: configuration), serverHostname: connection.domain)
      try context.pipeline.syncOperations.addHandler(handler, position: .first)
    } catch {
      errorCaught(context: context, error: error)
    }
  }
}
