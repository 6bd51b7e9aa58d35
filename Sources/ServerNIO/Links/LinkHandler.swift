internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import NIOTLS
internal import ServerCore
internal import XML

/// One connection: tells the host what comes, and does what the host says. It belongs to the loop of its `home`.
final class LinkHandler: ChannelInboundHandler, @unchecked Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  let home: LinkLoop
  private let host: ServerHost
  private let tls: Certificates
  /// The handler nearest to the socket, below TLS.
  private let socket: SocketHandler
  private var context: ChannelHandlerContext?
  private var link: LinkID?
  private var life = ConnectionLife()
  private var timer: Scheduled<Void>?
  private var isReading = true
  /// The engine wants to hear the peer.
  private var wantsReading = true
  /// The host has too much to hear already.
  private var isWaiting = false

  init(home: LinkLoop, host: ServerHost, tls: Certificates, socket: SocketHandler) {
    self.home = home
    self.host = host
    self.tls = tls
    self.socket = socket
  }

  // MARK: What happens

  func channelActive(context: ChannelHandlerContext) {
    self.context = context
    let link = host.nextLink()
    self.link = link
    home.say(.opened(self, link, from: context.remoteAddress.flatMap { Origin($0) }), by: self)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // What a peer says behind the end is read, or its system would answer our last bytes with a reset, but not heard.
    guard life.isOpen, let link else { return }
    let buffer = unwrapInboundIn(data)
    home.say(.input(.bytes(link, buffer.withUnsafeReadableBytes { Array($0) })), by: self)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case TLSUserEvent.handshakeCompleted:
      if let link { home.say(.input(.encrypted(link)), by: self) }
    case ChannelEvent.inputClosed:
      home.say(.finished(self), by: self)
    default:
      context.fireUserInboundEventTriggered(event)
    }
  }

  /// Handshakes that fail, resets, ends of TLS without notice: the link can't go on.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    abort()
  }

  func channelInactive(context: ChannelHandlerContext) {
    life.gone()
    timer?.cancel()
    timer = nil
    if let link { home.say(.input(.closed(link)), by: self) }
    link = nil
    self.context = nil
  }

  // MARK: What is to be done

  func perform(_ deed: LinkLoop.Deed) {
    switch deed {
    case .action(.write(_, let bytes)): write(bytes)
    case .action(.startTLS(_, let domain)): startTLS(domain)
    case .action(.close): follow(life.close())
    case .action(.abort): abort()
    case .action(.read(_, let isWanted)): setReading(isWanted)
    case .action(.commit), .action(.ask), .action(.reply), .action(.log): break
    case .finish: follow(life.peerFinished())
    }
  }

  private func write(_ bytes: [UInt8]) {
    guard life.isOpen, let context, let link else { return }
    life.writes()
    let count = bytes.count
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenComplete { result in
      if case .success = result { self.home.say(.input(.accepted(link, count)), by: self) }
      self.follow(self.life.wrote())
    }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: promise)
  }

  /// What was written before is below TLS already; what comes from here on passes through it.
  private func startTLS(_ domain: Text) {
    guard life.isOpen, let context else { return }
    do {
      try context.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls.context(for: domain)), position: .after(socket))
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
    guard life.isOpen || isWanted else { return }
    wantsReading = isWanted
    let isWanted = isWanted && !isWaiting
    guard isWanted != isReading else { return }
    isReading = isWanted
    try? context?.channel.syncOptions?.setOption(.autoRead, value: isWanted)
    if isWanted { context?.read() }
  }

  private func abort() { follow(life.abort()) }

  private func follow(_ deeds: [ConnectionLife.Deed]) {
    for deed in deeds {
      switch deed {
      case .read: setReading(true)
      case .endOutput: context?.channel.close(mode: .output, promise: nil)
      case .abort: socket.close()
      case .wait(let time):
        timer?.cancel()
        timer = context?.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(time)) { self.follow(self.life.waited()) }
      }
    }
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
