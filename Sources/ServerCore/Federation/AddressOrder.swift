/// The order in which the addresses of one host are tried (RFC 8305, 4).
enum AddressOrder {
  /// One of each family in turn, within a family in the given order, each address once. IPv6 begins: the two lists come as answers to two
  /// questions, so nothing says which of their first addresses would be first in a common list.
  ///
  /// - Parameters:
  ///   - ipv6: as the adapter has sorted them by RFC 6724; addresses of the other family are left out.
  ///   - ipv4: likewise.
  static func interleaved(ipv6: [HostAddress], ipv4: [HostAddress]) -> [HostAddress] {
    var order: [HostAddress] = []
    for place in 0..<max(ipv6.count, ipv4.count) {
      if place < ipv6.count, ipv6[place].family == .ipv6, !order.contains(ipv6[place]) { order.append(ipv6[place]) }
      if place < ipv4.count, ipv4[place].family == .ipv4, !order.contains(ipv4[place]) { order.append(ipv4[place]) }
    }
    return order
  }
}
