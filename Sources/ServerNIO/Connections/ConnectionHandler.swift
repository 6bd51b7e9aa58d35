internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import NIOTLS
internal import ServerCore
internal import XML

/// One connection: tells the host what comes, and does what the host says. It belongs to the loop of its `home`.
final class ConnectionHandler: ChannelInboundHandler, @unchecked Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  let home: ConnectionLoop
  private let host: ServerHost
  private let tls: Certificates
  /// The handler nearest to the socket, below TLS; there is none without.
  private var belowTLS: SocketHandler?
  /// Reads along in a handshake with which the connection begins, until its end.
  private var helloReader: ClientHelloReader?
  /// For what goes out as it is; `nil` once there is TLS.
  private var socket: BareSocket?
  private var context: ChannelHandlerContext?
  private var connection: ConnectionID?
  private var closing = CloseSequence()
  /// Writes that the channel has, because the system would not take them at once.
  private var writesInChannel = 0
  private var timer: Scheduled<Void>?
  private var isReading = true
  /// The engine wants to hear the peer.
  private var wantsReading = true
  /// The host has too much to hear already.
  private var isWaiting = false

  init(home: ConnectionLoop, host: ServerHost, tls: Certificates) {
    self.home = home
    self.host = host
    self.tls = tls
  }

  /// Lets the connection begin with TLS. To be called before it is active.
  ///
  /// - Returns: the handlers that must stand below this one, nearest to the socket first.
  func beginWithTLS() throws -> [any ChannelHandler] {
    let (below, reader) = (SocketHandler(), ClientHelloReader())
    (belowTLS, helloReader) = (below, reader)
    // The domain of the stream is not known yet.
    return [below, reader, NIOSSLServerHandler(context: tls.context(for: ""))]
  }

  // MARK: Events

  func channelActive(context: ChannelHandlerContext) {
    self.context = context
    if belowTLS == nil { socket = BareSocket(of: context.channel) }
    let connection = host.nextConnection()
    self.connection = connection
    let origin = context.remoteAddress.flatMap { SourceNetwork($0) }
    enqueue(.opened(self, connection, Opening(from: origin, isDirectTLS: helloReader != nil)))
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // Bytes that come behind the end are read, or the peer's system would answer our last bytes with a reset, but they are not handed on.
    guard closing.isOpen, let connection else { return }
    let buffer = unwrapInboundIn(data)
    enqueue(.bytes(connection, buffer.withUnsafeReadableBytes { Array($0) }))
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case TLSUserEvent.handshakeCompleted(let agreed):
      let facts = TLSFacts(protocolName: agreed.map { Text($0) } ?? helloReader?.offeredProtocol)
      helloReader = nil
      if let connection { enqueue(.encrypted(connection, facts)) }
    case ChannelEvent.inputClosed:
      enqueue(.finished(self))
    default:
      context.fireUserInboundEventTriggered(event)
    }
  }

  /// Handshakes that fail, resets, ends of TLS without notice: the connection can't go on.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    abort()
  }

  func channelInactive(context: ChannelHandlerContext) {
    closing.closed()
    timer?.cancel()
    timer = nil
    if let connection { enqueue(.closed(connection)) }
    connection = nil
    socket = nil
    self.context = nil
  }

  private func enqueue(_ event: ConnectionLoop.ConnectionEvent) {
    if home.isHosts { host.receive(event) } else { home.enqueue(event, by: self) }
  }

  // MARK: Actions

  func perform(_ action: ConnectionLoop.Command) {
    switch action {
    case .action(.write(_, let bytes)): write(bytes)
    case .action(.startTLS(_, .server(let domain, _))): startTLS(domain)
    case .action(.startTLS(_, .client)): abort()
    case .action(.close): follow(closing.close())
    case .action(.abort): abort()
    case .action(.read(_, let isWanted)): setReading(isWanted)
    case .action(.commit), .action(.ask), .action(.reply), .action(.log), .action(.giveUp): break
    case .finish: follow(closing.peerHalfClosed())
    }
  }

  /// Straight to the system, which mostly takes everything at once: through the channel a write takes ten times as many instructions.
  /// Bytes that the system does not take, and bytes that have to be encrypted or to stand behind something else, is the channel's.
  func write(_ bytes: [UInt8]) {
    guard closing.isOpen, let context, let connection else { return }
    let taken = writesInChannel == 0 ? socket?.send(bytes) ?? 0 : 0
    if taken > 0 { enqueue(.accepted(connection, taken)) }
    if taken < bytes.count { write(bytes[taken...], of: connection, context) }
  }

  private func write(_ bytes: ArraySlice<UInt8>, of connection: ConnectionID, _ context: ChannelHandlerContext) {
    closing.writes()
    writesInChannel += 1
    let count = bytes.count
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenComplete { result in
      self.writesInChannel -= 1
      if case .success = result { self.enqueue(.accepted(connection, count)) }
      self.follow(self.closing.wrote())
    }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: promise)
  }

  /// Bytes that were written before are below TLS already; bytes that are written from here on pass through it.
  private func startTLS(_ domain: Text) {
    guard closing.isOpen, let context else { return }
    socket = nil
    let below = SocketHandler()
    do {
      let handlers: [any ChannelHandler] = [below, NIOSSLServerHandler(context: tls.context(for: domain))]
      try context.pipeline.syncOperations.addHandlers(handlers, position: .before(self))
      belowTLS = below
    } catch {
      abort()
    }
  }

  /// The host lags: what its peer says is left in the system's buffers. `false` if that was so.
  func wait() -> Bool {
    guard !isWaiting else { return false }
    isWaiting = true
    setReading(wantsReading)
    return true
  }

  func goOn() {
    isWaiting = false
    setReading(wantsReading)
  }

  private func setReading(_ isWanted: Bool) {
    guard closing.isOpen || isWanted else { return }
    wantsReading = isWanted
    let isWanted = isWanted && !isWaiting
    guard isWanted != isReading else { return }
    isReading = isWanted
    try? context?.channel.syncOptions?.setOption(.autoRead, value: isWanted)
    if isWanted { context?.read() }
  }

  private func abort() { follow(closing.abort()) }

  private func follow(_ actions: [CloseSequence.Action]) {
    for action in actions {
      switch action {
      case .read: setReading(true)
      case .endOutput: context?.channel.close(mode: .output, promise: nil)
      case .abort: if let belowTLS { belowTLS.close() } else { context?.close(mode: .all, promise: nil) }
      case .wait(let time):
        timer?.cancel()
        timer = context?.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(time)) { self.follow(self.closing.timedOut()) }
      }
    }
  }
}
