internal import Glibc
internal import NIOCore

/// Stands next to the socket, below TLS: through it a connection is ended without TLS having a say.
final class SocketHandler: ChannelOutboundHandler, @unchecked Sendable {
  typealias OutboundIn = ByteBuffer
  private var context: ChannelHandlerContext?

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }
  func close() { context?.close(mode: .all, promise: nil) }
}

/// A channel's socket, for writing without the channel.
struct BareSocket {
  private let channel: any Channel
  private let descriptor: CInt

  /// - Parameter channel: is active. `nil` if it has no socket.
  init?(of channel: any Channel) {
    let found = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }
    guard let found else { return nil }
    self.channel = channel
    descriptor = found
  }

  /// How many of the bytes the system takes at once; for when the channel has nothing that must go first. None if there is an error, which
  /// the channel comes upon when it is given the rest.
  func send(_ bytes: [UInt8]) -> Int {
    // Once a channel is inactive its descriptor may be another connection's.
    guard channel.isActive else { return 0 }
    let flags = CInt(MSG_NOSIGNAL | MSG_DONTWAIT)
    return max(0, bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, flags) })
  }
}
