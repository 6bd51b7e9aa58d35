/// Attempts to connect to one of several endpoints (RFC 8305, 5): one after the other, without waiting for the end of those before. The
/// first that connects wins, and the others are closed.
///
/// An attempt is known by its endpoint: no endpoint may be added twice. A report that belongs to no attempt under way has no effect.
struct ConnectionAttempts: Sendable, Codable {
  /// The Connection Attempt Delay, in nanoseconds (RFC 8305, 5).
  static let delay = Int64.milliseconds(250)

  /// Not tried yet, in order.
  private(set) var waiting: [Endpoint] = []
  /// Under way, the oldest first.
  private(set) var running: [Endpoint] = []
  private(set) var winner: Endpoint?
  private var lastDial: Int64 = 0

  /// When to call `timePassed`, on the monotonic clock; `nil` if time changes nothing.
  var nextDial: Int64? { winner == nil && !waiting.isEmpty ? lastDial + ConnectionAttempts.delay : nil }

  /// Whether all that was added has failed.
  var isExhausted: Bool { waiting.isEmpty && running.isEmpty && winner == nil }

  /// The result of a connection that has come about.
  enum Connected: Sendable, Hashable {
    /// It is the one that is used. The attempts on these are to be given up; should one of them still connect, it is late.
    case won(closing: [Endpoint])
    /// Another one is used, or this one has failed: the connection is to be closed.
    case late
  }

  /// - Returns: the endpoint to be dialed now, as for each of the functions that return one.
  mutating func add(_ endpoints: [Endpoint], at now: Int64) -> Endpoint? {
    waiting += endpoints
    return running.isEmpty ? dial(at: now) : nil
  }

  mutating func timePassed(at now: Int64) -> Endpoint? {
    guard let nextDial, now >= nextDial else { return nil }
    return dial(at: now)
  }

  /// The next attempt begins at once.
  mutating func failed(_ endpoint: Endpoint, at now: Int64) -> Endpoint? {
    guard let place = running.firstIndex(of: endpoint) else { return nil }
    running.remove(at: place)
    return dial(at: now)
  }

  mutating func connected(_ endpoint: Endpoint) -> Connected {
    guard let place = running.firstIndex(of: endpoint) else { return .late }
    running.remove(at: place)
    let losers = running
    winner = endpoint
    // They have not failed: should the winner turn out to be no use, they are tried again.
    waiting = losers + waiting
    running = []
    return .won(closing: losers)
  }

  /// The winner came to nothing, in TLS or in the stream's negotiation: the next endpoint is tried.
  mutating func winnerFailed(at now: Int64) -> Endpoint? {
    guard winner != nil else { return nil }
    winner = nil
    return dial(at: now)
  }

  private mutating func dial(at now: Int64) -> Endpoint? {
    guard winner == nil, !waiting.isEmpty else { return nil }
    let endpoint = waiting.removeFirst()
    running.append(endpoint)
    lastDial = now
    return endpoint
  }
}
