/// How a connection ends, as decisions without system calls: whoever serves the connection, over sockets or in a simulated network,
/// says what happened and does what comes back.
///
/// A connection ends so that the peer gets the last bytes: first our side, when all is written; then the whole, when the peer has ended
/// its own side or had its time to.
public struct CloseSequence: Sendable {
  public enum Action: Sendable, Hashable {
    /// Read what comes, whatever was said before: it is thrown away, but a peer whose bytes stay unread would get a reset.
    case read
    /// Say that nothing more will be written.
    case endOutput
    /// End the connection now, below TLS.
    case abort
    /// Call `timedOut` after so many nanoseconds, and forget any earlier request.
    case wait(Int64)
  }

  private enum Phase {
    case open
    /// Nothing more is said; what was said is still being written.
    case finishing
    /// All is written and our side has ended; the peer's side has not.
    case lingering
    case closed
  }
  private var phase = Phase.open
  private var unwritten = 0

  /// How long a peer may take to accept what was to be written when its connection ends, and then to end its own side.
  static let writingPatience = Int64.seconds(10)
  static let lingering = Int64.seconds(2)

  public init() {}

  /// Whether what comes is for the engine, and what the engine writes for the peer.
  public var isOpen: Bool { phase == .open }
  public var isClosed: Bool { phase == .closed }

  public mutating func writes() { unwritten += 1 }

  /// One write is done, or failed.
  public mutating func wrote() -> [Action] {
    unwritten -= 1
    return phase == .finishing && unwritten == 0 ? endOutput() : []
  }

  /// The engine wants the end.
  public mutating func close() -> [Action] {
    guard phase == .open else { return [] }
    phase = .finishing
    return [.read, .wait(CloseSequence.writingPatience)] + (unwritten == 0 ? endOutput() : [])
  }

  /// The peer will say nothing more. To be called a moment after its last bytes: they may have an answer.
  public mutating func peerHalfClosed() -> [Action] {
    phase == .lingering ? abort() : close()
  }

  public mutating func timedOut() -> [Action] { abort() }

  /// Handshakes that fail, resets, ends of TLS without notice, connections whose outbox ran over.
  public mutating func abort() -> [Action] { phase == .closed ? [] : [.abort] }

  /// The connection is gone.
  public mutating func closed() { phase = .closed }

  private mutating func endOutput() -> [Action] {
    phase = .lingering
    return [.endOutput, .wait(CloseSequence.lingering)]
  }
}
