internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// The sockets at which clients connect.
enum Listening {
  /// Bytes read at once, at most: what an idle connection holds on to.
  private static let receiveBytes = 4096
  private static let backlog: Int32 = 1024

  /// - Parameters:
  ///   - group: accepts; the host's loop alone.
  ///   - connections: has the connections: the loops of the host's `connectionLoops`.
  ///   - isDirectTLS: each connection begins with TLS.
  static func bootstrap(
    _ group: any EventLoopGroup, connections: any EventLoopGroup, host: ServerHost, certificates: Certificates, isDirectTLS: Bool
  ) -> ServerBootstrap {
    let homes = host.connectionLoops
    return ServerBootstrap(group: group, childGroup: connections)
      .serverChannelOption(.backlog, value: backlog)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelInitializer { channel in
        // Out of file descriptors is no reason to end: those who wait are accepted a second later.
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(AcceptBackoffHandler()) }
      }
      // Those who are accepted have these from the listener, and nothing is to be set for each.
      .serverChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      // A peer that vanished without a word is noticed within a quarter of an hour (RFC 6120, 4.6.1).
      .serverChannelOption(.socketOption(.so_keepalive), value: 1)
      .serverChannelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: 300)
      .serverChannelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: 60)
      .serverChannelOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: 5)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard let home = homes.first(where: { $0.loop === channel.eventLoop }) else { return channel.close(promise: nil) }
          // Not as options of the bootstrap, which takes ten times as long to set them.
          if let options = channel.syncOptions {
            try options.setOption(.allowRemoteHalfClosure, value: true)
            try options.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: receiveBytes))
            try options.setOption(.maxMessagesPerRead, value: 4)
          }
          let handler = ConnectionHandler(home: home, host: host, tls: certificates)
          if isDirectTLS { try channel.pipeline.syncOperations.addHandlers(handler.beginWithTLS()) }
          try channel.pipeline.syncOperations.addHandler(handler)
        }
      }
  }

  /// Lets the process have as many connections as the system allows it.
  static func raiseDescriptorLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
