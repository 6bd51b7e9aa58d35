internal import NIOCore
package import XML

/// The first message of a TLS handshake, read along until it tells which application protocols the client offers (RFC 8446, 4.1.2; RFC 7301, 3.1).
///
/// NIOSSL tells the protocol on which both sides agree. Where they agree on none it goes on, and does not tell whether the client offered any.
package struct ClientHello {
  /// The first protocol that the client offers; `nil` if it offers none, or if this is not the beginning of a handshake.
  package private(set) var offeredProtocol: Text?
  /// Nothing more is to be learned.
  package private(set) var isComplete = false

  /// The header of a record, as far as it has come.
  private var header: [UInt8] = []
  /// Bytes of the record that are still to come.
  private var left = 0
  /// The message without the headers of its records.
  private var message: [UInt8] = []

  /// Bytes of a message that BoringSSL takes.
  private static let mostBytes = 16 << 10
  private static let headerBytes = 5
  private static let typeAndLength = 4
  /// RFC 8446, 5.1, 4 and 4.2.
  private static let handshakeRecord: UInt8 = 22
  private static let clientHello: UInt8 = 1
  private static let protocolExtension = 16

  package init() {}

  package mutating func read(_ bytes: some Sequence<UInt8>) {
    for byte in bytes where !isComplete { read(byte) }
  }

  private mutating func read(_ byte: UInt8) {
    guard left == 0 else {
      left -= 1
      message.append(byte)
      if message.count >= ClientHello.typeAndLength { readMessage() }
      return
    }
    header.append(byte)
    guard header.count == ClientHello.headerBytes else { return }
    left = Int(header[3]) << 8 | Int(header[4])
    isComplete = header[0] != ClientHello.handshakeRecord
    header = []
  }

  private mutating func readMessage() {
    let length = message[1..<ClientHello.typeAndLength].reduce(0) { $0 << 8 | Int($1) }
    guard message[0] == ClientHello.clientHello, length <= ClientHello.mostBytes else { return isComplete = true }
    guard message.count == ClientHello.typeAndLength + length else { return }
    offeredProtocol = ClientHello.firstProtocol(message[ClientHello.typeAndLength...])
    isComplete = true
    message = []
  }

  private static func firstProtocol(_ body: ArraySlice<UInt8>) -> Text? {
    var body = Vectors(body)
    // Version and random; session, cipher suites, compression methods.
    guard body.take(2 + 32) != nil, body.vector(1) != nil, body.vector(2) != nil, body.vector(1) != nil,
      var extensions = body.vector(2).map({ Vectors($0) })
    else { return nil }
    while let type = extensions.number(2), let content = extensions.vector(2) {
      guard type == protocolExtension else { continue }
      var content = Vectors(content)
      guard var names = content.vector(2).map({ Vectors($0) }) else { return nil }
      return names.vector(1).map { Text(utf8: $0) }
    }
    return nil
  }
}

/// Reads numbers, and vectors that begin with their length (RFC 8446, 3.4). `nil` where too little is left.
private struct Vectors {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard rest.count >= count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }
  mutating func number(_ bytes: Int) -> Int? { take(bytes)?.reduce(0) { $0 << 8 | Int($1) } }
  mutating func vector(_ lengthBytes: Int) -> ArraySlice<UInt8>? { number(lengthBytes).flatMap { take($0) } }
}

/// Stands below TLS on a connection that begins with it, and goes when the client has said what it offers.
final class ClientHelloReader: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
  typealias InboundIn = ByteBuffer
  private var hello = ClientHello()

  var offeredProtocol: Text? { hello.offeredProtocol }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    hello.read(unwrapInboundIn(data).readableBytesView)
    context.fireChannelRead(data)
    if hello.isComplete { context.pipeline.syncOperations.removeHandler(context: context, promise: nil) }
  }
}
