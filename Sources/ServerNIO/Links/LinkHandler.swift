internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import NIOTLS
internal import ServerCore

/// One connection: tells the host what comes, and does what the host says. It belongs to the host's loop.
final class LinkHandler: ChannelInboundHandler, @unchecked Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let host: ServerHost
  /// The handler nearest to the socket, below TLS.
  private let socket: SocketHandler
  private var context: ChannelHandlerContext?
  private var link: LinkID?
  private var unwritten = 0
  private var phase = Phase.open
  private var timer: Scheduled<Void>?

  private enum Phase {
    case open
    /// Nothing more is said; what was said is still being written.
    case finishing
    /// All is written and our side has ended; the peer's side has not.
    case lingering
    case closed
  }

  /// How long a peer may take to accept what was to be written when its link ends, and then to end its own side.
  private static let writingPatience = TimeAmount.seconds(10)
  private static let lingering = TimeAmount.seconds(2)

  init(host: ServerHost, socket: SocketHandler) {
    self.host = host
    self.socket = socket
  }

  // MARK: What happens

  func channelActive(context: ChannelHandlerContext) {
    self.context = context
    link = host.opened(self)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // What a peer says behind the end is read, or its system would answer our last bytes with a reset, but not heard.
    guard phase == .open, let link else { return }
    let buffer = unwrapInboundIn(data)
    host.handle(.bytes(link, Array(buffer.readableBytesView)))
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case TLSUserEvent.handshakeCompleted:
      if let link { host.handle(.encrypted(link)) }
    case ChannelEvent.inputClosed:
      peerFinished()
    default:
      context.fireUserInboundEventTriggered(event)
    }
  }

  /// Handshakes that fail, resets, ends of TLS without notice: the link can't go on.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    abort()
  }

  func channelInactive(context: ChannelHandlerContext) {
    phase = .closed
    timer?.cancel()
    timer = nil
    if let link { host.closed(link) }
    link = nil
    self.context = nil
  }

  // MARK: What is to be done

  func write(_ bytes: [UInt8]) {
    guard phase == .open, let context, let link else { return }
    unwritten += 1
    let count = bytes.count
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenComplete { result in
      self.unwritten -= 1
      if case .success = result { self.host.handle(.accepted(link, count)) }
      if self.phase == .finishing, self.unwritten == 0 { self.endOutput() }
    }
    context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)), promise: promise)
  }

  /// What was written before is below TLS already; what comes from here on passes through it.
  func startTLS(_ tls: NIOSSLContext) {
    guard phase == .open, let context else { return }
    do {
      try context.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls), position: .after(socket))
    } catch {
      abort()
    }
  }

  func setReading(_ isWanted: Bool) {
    guard phase == .open || isWanted else { return }
    try? context?.channel.syncOptions?.setOption(.autoRead, value: isWanted)
    if isWanted { context?.read() }
  }

  /// Ends the connection so that the peer gets the last bytes: first our side, then, when the peer has ended its own, the whole.
  func close() {
    guard phase == .open else { return }
    phase = .finishing
    setReading(true)
    wait(LinkHandler.writingPatience)
    if unwritten == 0 { endOutput() }
  }

  func abort() {
    guard phase != .closed else { return }
    socket.close()
  }

  /// After a turn of the loop: what the peer said last may have an answer.
  private func peerFinished() {
    guard phase != .lingering else { return abort() }
    context?.eventLoop.assumeIsolated().execute { self.close() }
  }

  private func endOutput() {
    guard phase == .finishing, let context else { return }
    phase = .lingering
    wait(LinkHandler.lingering)
    context.channel.close(mode: .output, promise: nil)
  }

  private func wait(_ time: TimeAmount) {
    timer?.cancel()
    timer = context?.eventLoop.assumeIsolated().scheduleTask(in: time) { self.abort() }
  }
}

/// Stands next to the socket, below TLS: through it a connection is ended without TLS having a say.
final class SocketHandler: ChannelOutboundHandler, @unchecked Sendable {
  typealias OutboundIn = ByteBuffer
  private var context: ChannelHandlerContext?

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }
  func close() { context?.close(mode: .all, promise: nil) }
}
