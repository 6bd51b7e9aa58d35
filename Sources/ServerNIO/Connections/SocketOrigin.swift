internal import NIOCore
internal import ServerCore

extension SourceNetwork {
  /// `nil` for what is no IP address.
  init?(_ address: SocketAddress) {
    // Behind the family and the port; of IPv6 there is a flow label, too (RFC 3493, 3.3).
    let place: Range<Int>
    switch address {
    case .v4: place = 4..<8
    case .v6: place = 8..<24
    case .unixDomainSocket: return nil
    }
    self.init(address: address.withSockAddr { pointer, size in Array(UnsafeRawBufferPointer(start: pointer, count: size)[place]) })
  }
}
