internal import XML
internal import XMPP

/// All that an engine is when nothing is left to be flushed, with stand-ins for what is secret: one made from it goes on in the same way.
struct Snapshot: Codable, Sendable {
  private var server: Server
  private var connections: Store<ConnectionID, Connection>
  /// How many bytes each connection has sent so far: what comes later may correct them.
  private var counts: Table<ConnectionID, UInt64>

  /// - Parameter redact: puts stand-ins into what a connection has sent and the engine has not read to its end; returns how many bytes the
  ///   connection has sent.
  init(of engine: Engine, _ redact: (ConnectionID, inout [UInt8]) -> UInt64) {
    server = engine.server
    connections = Store()
    counts = Table()
    for connection in engine.connections.sortedKeys() {
      var count: UInt64 = 0
      guard var copy = engine.connections[connection] else { continue }
      copy.parser = copy.parser.snapshot { count = redact(connection, &$0) }
      connections[connection] = copy
      counts[connection] = count
    }
  }

  /// Why no engine can be made of it; `nil` if one can.
  var problem: String? {
    if let problem = server.problem { return problem }
    let isSound = connections.sortedKeys().allSatisfy { connections[$0]?.parser.isSound ?? false }
    return isSound ? nil : "a connection is not where it says"
  }

  var engine: Engine { Engine(server: server, connections: connections) }
  /// How many bytes each connection has sent.
  var counted: [(connection: ConnectionID, count: UInt64)] { counts.sortedKeys().map { ($0, counts[$0] ?? 0) } }

  /// Corrects bytes that a connection had sent, where its parser still holds them.
  mutating func correct(_ connection: ConnectionID, at place: UInt64, with bytes: [UInt8]) {
    guard let count = counts[connection], let old = connections[connection] else { return }
    connections[connection]?.parser = old.parser.snapshot { pending in
      guard count >= UInt64(pending.count) else { return }
      let first = count - UInt64(pending.count)
      for (offset, byte) in bytes.enumerated() {
        let (at, overflows) = place.addingReportingOverflow(UInt64(offset))
        if !overflows, at >= first, at < count { pending[Int(at - first)] = byte }
      }
    }
  }
}
