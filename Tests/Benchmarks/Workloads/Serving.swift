import ClientCore
import Foundation
import Glibc
import ServerCore
import ServerNIO
import XML
import XMPP

/// A running server, and two who are logged in over loopback, without TLS.
private final class Loopback {
  private let server: RunningServer
  private let folder = Loopback.temporary("spondee-count-\(UUID().uuidString)")
  private let pool = ParserPool()
  private var sockets: [CInt] = []
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)

  init() {
    var configuration = ServeConfiguration(dataFolder: folder)
    configuration.listeners = [.init(address: "127.0.0.1", port: 0)]
    // It stays: to sign one takes another number of instructions each time.
    configuration.certificatesFolder = Loopback.temporary("spondee-count-certificates")
    configuration.logLevel = .error
    configuration.core.scramRounds = 1
    configuration.core.limits[.bytesPerSecond] = 0
    (configuration.core.offersTLS, configuration.core.requiresTLS) = (false, false)
    do { server = try RunningServer.start(configuration: configuration) } catch { fatalError("the server does not start: \(error)") }
    for index in 0..<2 { logIn(Rig.account(index)) }
  }

  private static func temporary(_ name: String) -> String { FileManager.default.temporaryDirectory.appendingPathComponent(name).path }

  deinit {
    for socket in sockets { close(socket) }
    server.stop()
    try? FileManager.default.removeItem(atPath: folder)
  }

  private func logIn(_ account: JID) {
    do { try server.addAccount(account, password: "pw") } catch { fatalError("\(account): \(error)") }
    let peer = sockets.count
    sockets.append(Loopback.connect(to: server.port))
    var client = Client(account: account, password: "pw", resource: "d", nonce: "abc", security: .lenient)
    for case .bytes(let bytes) in client.begin() { send(bytes, from: peer) }
    while !client.isBound {
      let received = Array(buffer[..<receive(peer)])
      for case .bytes(let bytes) in client.received(received, using: pool) { send(bytes, from: peer) }
    }
    send(Client.encode(Element("presence", "jabber:client")), from: peer)
    _ = receive(peer)
  }

  private static func connect(to port: Int) -> CInt {
    let made = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
    let result = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(made, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    guard result == 0 else { fatalError("no connection: error \(errno)") }
    return made
  }

  func send(_ bytes: [UInt8], from peer: Int) {
    guard Glibc.send(sockets[peer], bytes, bytes.count, 0) == bytes.count else { fatalError("nothing can be sent: error \(errno)") }
  }

  /// Waits for something to come, and returns how many bytes it is.
  func receive(_ peer: Int) -> Int {
    let count = recv(sockets[peer], &buffer, buffer.count, 0)
    guard count > 0 else { fatalError("nothing comes: error \(errno)") }
    return count
  }
}

extension Workload {
  static let serving: [Workload] = [
    /// A message that comes alone in a read, from the event loop to the event loop, with the little that its peers do. The kernel's part
    /// is in its time, and not in its instructions.
    Workload("serve-message") {
      let loopback = Loopback()
      let bytes = Client.encode(message(to: "user1@localhost/d", type: "chat"))
      return {
        loopback.send(bytes, from: 0)
        precondition(loopback.receive(1) > bytes.count)
      }
    }
  ]
}
