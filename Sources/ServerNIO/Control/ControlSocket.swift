internal import Dispatch
internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import ServerCore

/// The socket in the data folder on which `spondee account` asks a running server.
///
/// A user who may open it may do anything to the server: file permissions keep others out.
enum ControlSocket {
  fileprivate static let writing = DispatchQueue(label: "spondee.control")

  /// Bytes; Linux has a fixed place for it (unix(7)).
  static let longestPath = 107

  /// Returns when all answers that were given before are on their way. Not to be called on the loop.
  static func drain() { writing.sync {} }

  static func bind(_ path: String, _ group: any EventLoopGroup, _ host: ServerHost) throws(SetupError) -> any Channel {
    do {
      // The socket is born with the permissions that umask leaves, before chmod could take any away.
      let mask = umask(0o177)
      defer { umask(mask) }
      return try ServerBootstrap(group: group)
        .childChannelInitializer { channel in
          channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(ControlHandler(host)) }
        }
        .childChannelOption(.allowRemoteHalfClosure, value: true)
        .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).wait()
    } catch {
      if path.utf8.count > longestPath {
        throw SetupError(
          "the path of the control socket \(path) is longer than the \(longestPath) bytes that there may be; choose another data folder with --data"
        )
      }
      let remark = (error as? IOError).map { Files.Problem(code: $0.errnoCode).remark } ?? " (\(error))"
      throw SetupError("the control socket \(path) can't be made\(remark); choose another data folder with --data")
    }
  }
}

private final class ControlHandler: ChannelInboundHandler, @unchecked Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer
  private let host: ServerHost
  private var line: [UInt8] = []
  private var hasAsked = false

  init(_ host: ServerHost) { self.host = host }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !hasAsked else { return }
    line += unwrapInboundIn(data).readableBytesView
    guard let end = line.firstIndex(of: 0x0A) else {
      if line.count > ControlLine.maximum { context.close(promise: nil) }
      return
    }
    hasAsked = true
    guard let request = ControlLine.decode(ControlMessage.self, line[..<end])?.request else {
      return ControlHandler.answer(.refused("the server does not understand the request; is it of the same version?"), context.channel)
    }
    let channel = context.channel
    host.control(request) { ControlHandler.answer($0, channel) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event, !hasAsked { context.close(promise: nil) }
  }

  /// Not on the loop: a list of a hundred thousand accounts takes a tenth of a second to be written as JSON.
  private static func answer(_ reply: ControlReply, _ channel: any Channel) {
    ControlSocket.writing.async {
      let bytes = channel.allocator.buffer(bytes: ControlLine.encode(ControlAnswer(reply)))
      channel.writeAndFlush(bytes).whenComplete { _ in channel.close(promise: nil) }
    }
  }
}
