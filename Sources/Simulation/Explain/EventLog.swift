internal import ServerCore

/// All events of a world so far, and what the server did because of each: for whoever explains a run. Event `n` is entry `n - 1`.
struct EventLog: Sendable {
  struct Entry: Sendable {
    /// Virtual nanoseconds.
    let time: Int64
    /// `nil` for a time-out of the server's.
    let event: World.SimulatedEvent?
    var actions: [(action: Action, connection: World.SocketID?)] = []
  }
  private(set) var entries: [Entry] = []

  mutating func begin(_ event: World.SimulatedEvent?, at time: Int64) { entries.append(Entry(time: time, event: event)) }

  /// The server does this because of the latest event; before the first event it does nothing that could be explained.
  mutating func add(_ action: Action, on connection: World.SocketID?) {
    if !entries.isEmpty { entries[entries.count - 1].actions.append((action, connection)) }
  }

  /// An event of that number; `nil` for the state before the first.
  subscript(number: UInt64) -> Entry? { number > 0 && number <= UInt64(entries.count) ? entries[Int(number) - 1] : nil }
}

extension World {
  /// From here on the run is another: its choices are made anew.
  struct Divergence: Sendable {
    /// After so many events.
    var event: UInt64
    /// Which of many other ways it goes on in; not zero.
    var number: UInt64
  }
}

extension Action {
  /// The connection that it is for.
  var connection: ConnectionID? {
    switch self {
    case .write(let connection, _), .startTLS(let connection, _), .close(let connection), .abort(let connection), .read(let connection, _):
      connection
    case .commit, .ask, .reply, .log, .giveUp: nil
    }
  }
}
