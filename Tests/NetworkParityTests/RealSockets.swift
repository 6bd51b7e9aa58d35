import Foundation
import Glibc
import ServerCore
import ServerNIO
import XML
import XMPP

/// A real server on loopback, and sockets of the system's.
final class RealSockets: SocketWorld {
  private let folder: String
  private let server: RunningServer
  private var sockets: [Int: Int32] = [:]
  private var received: [Int: [UInt8]] = [:]
  private var unsent: [Int: [UInt8]] = [:]
  private var ended: Set<Int> = []
  private var deaf: Set<Int> = []

  init(_ story: SocketCase, eventLoops: Int, shards: Int) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("spondee-\(UInt64.random(in: 0...UInt64.max))").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var configuration = ServeConfiguration(dataFolder: folder)
    configuration.listeners = [.init(address: "127.0.0.1", port: 0, tls: story.isDirectTLS ? .direct : .starttls)]
    (configuration.core.offersTLS, configuration.core.requiresTLS) = (story.hasTLS, story.hasTLS)
    configuration.core.limits = story.limits
    // Behind the limits, of which it is one.
    configuration.core.scramRounds = 1
    configuration.core.limits[.shards] = shards
    configuration.logLevel = .error
    configuration.eventLoops = eventLoops
    server = try RunningServer.start(configuration: configuration)
    for peer in 0..<3 { try server.addAccount(JID(local: Text("user\(peer)"), domain: "localhost", resource: "")!, password: "secret") }
  }

  deinit {
    for socket in sockets.values { Glibc.close(socket) }
    server.stop()
    try? FileManager.default.removeItem(atPath: folder)
  }

  func open(_ peer: Int) {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(server.port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    precondition(result == 0, "can't connect")
    _ = fcntl(socket, F_SETFL, O_NONBLOCK)
    var one: Int32 = 1
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    sockets[peer] = socket
    ended.remove(peer)
  }

  func send(_ bytes: [UInt8], from peer: Int) {
    unsent[peer, default: []] += bytes
    flush(peer)
  }

  private func flush(_ peer: Int) {
    guard let socket = sockets[peer], let bytes = unsent[peer], !bytes.isEmpty else { return }
    let sent = Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    if sent > 0 { unsent[peer]!.removeFirst(sent) }
    // Somebody who is no longer there can't be told anything.
    if sent < 0, errno != EAGAIN { unsent[peer] = [] }
  }

  /// All that was said is accepted by the system first.
  private func flushAll(_ peer: Int) {
    let limit = Date(timeIntervalSinceNow: 10)
    while !(unsent[peer] ?? []).isEmpty, Date() < limit { _ = step(.moment) }
  }

  func finish(_ peer: Int) {
    flushAll(peer)
    shutdown(sockets[peer]!, Int32(SHUT_WR))
  }
  func close(_ peer: Int) {
    flushAll(peer)
    drop(peer)
  }
  func reset(_ peer: Int) {
    var now = linger(l_onoff: 1, l_linger: 0)
    setsockopt(sockets[peer]!, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    drop(peer)
  }
  private func drop(_ peer: Int) {
    Glibc.close(sockets.removeValue(forKey: peer)!)
    unsent[peer] = []
    ended.insert(peer)
  }
  func setReading(_ peer: Int, _ isReading: Bool) { if isReading { deaf.remove(peer) } else { deaf.insert(peer) } }

  func step(_ patience: Patience) -> Bool {
    let peers = sockets.keys.filter { !ended.contains($0) }.sorted()
    var polls = peers.map { peer in
      let events = (deaf.contains(peer) ? 0 : POLLIN) | ((unsent[peer] ?? []).isEmpty ? 0 : POLLOUT)
      return pollfd(fd: sockets[peer]!, events: Int16(events), revents: 0)
    }
    guard poll(&polls, nfds_t(polls.count), patience == .moment ? 250 : 15_000) > 0 else { return false }
    for (peer, result) in zip(peers, polls) where result.revents != 0 {
      flush(peer)
      if !deaf.contains(peer) { read(peer) }
    }
    return true
  }

  private func read(_ peer: Int) {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(sockets[peer]!, &buffer, buffer.count, 0)
    if count > 0 {
      received[peer, default: []] += buffer[..<count]
    } else if count == 0 || errno != EAGAIN {
      ended.insert(peer)
    }
  }

  func take(_ peer: Int) -> [UInt8] {
    defer { received[peer] = [] }
    return received[peer] ?? []
  }
  func hasEnded(_ peer: Int) -> Bool { ended.contains(peer) }
}
