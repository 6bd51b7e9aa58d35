internal import XML
internal import XMPP

// How the streams to other servers and the queues of stanzas for them (`OutgoingPairs`) know of each other.

extension Shard {
  /// A connection to a server of the remote domain is there: a stream begins on it. Its end, however it comes, is told by `outgoingEnded`.
  ///
  /// - Parameter isDirectTLS: the handshake comes first.
  mutating func openOutgoing(_ connection: ConnectionID, for pair: DomainPair, isDirectTLS: Bool, _ transaction: inout Transaction) {
    guard !isShuttingDown else {
      transaction.immediate.append(.close(connection))
      return outgoingEnded(connection, for: pair, because: .ended, &transaction)
    }
    var stream = OutgoingStream(connection, for: pair, isDirectTLS: isDirectTLS, at: transaction.now.monotonic)
    stream.begin(&transaction)
    outgoing[connection] = stream
    if let deadline = stream.base.deadline(configuration.limits, isOpen: false) { wake(.connection(connection), at: deadline) }
  }

  /// Ends our side of a stream that nobody needs.
  mutating func closeOutgoing(_ connection: ConnectionID, _ transaction: inout Transaction) {
    withOutgoing(connection, &transaction) { $0.close(because: .ended, &$1) }
  }

  /// Lets something happen to a stream, and tells the pair of it. `false` if there is no such stream.
  @discardableResult
  mutating func withOutgoing(
    _ connection: ConnectionID, _ transaction: inout Transaction,
    _ body: (inout OutgoingStream, inout Transaction) -> OutgoingStream.Change?
  ) -> Bool {
    let limits = setting.configuration.limits
    let result = outgoing.modify(connection) { stream in
      (change: body(&stream, &transaction), pair: stream.pair, deadline: stream.base.deadline(limits, isOpen: stream.isOpen))
    }
    guard let result else { return false }
    if let deadline = result.deadline { wake(.connection(connection), at: deadline) }
    switch result.change {
    case .opened(let right): outgoingOpened(connection, for: result.pair, with: right, &transaction)
    case .closing: outgoingClosing(connection, for: result.pair, &transaction)
    case .ended(let reason): outgoingEnded(connection, for: result.pair, because: reason, &transaction)
    case nil: break
    }
    return true
  }

  /// The pair of an outgoing stream.
  func pairOfOutgoing(_ connection: ConnectionID) -> DomainPair? { outgoing.read(connection) { $0.pair } }
}
