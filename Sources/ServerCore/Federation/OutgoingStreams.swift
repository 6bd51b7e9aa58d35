internal import XML

// How the streams to other servers and the queues of stanzas for them (`OutgoingPairs`) know of each other.

extension Shard {
  /// A connection to a server of the remote domain is there: a stream begins on it. Its end, however it comes, is told by `outgoingEnded`.
  ///
  /// - Parameter isDirectTLS: the handshake comes first.
  mutating func openOutgoing(_ connection: ConnectionID, for pair: DomainPair, isDirectTLS: Bool, _ transaction: inout Transaction) {
    transaction.immediate.append(.close(connection))
    outgoingEnded(connection, for: pair, because: .connection, &transaction)
  }

  mutating func closeOutgoing(_ connection: ConnectionID, _ transaction: inout Transaction) {
    transaction.immediate.append(.close(connection))
  }

  /// The pair of an outgoing stream.
  func pairOfOutgoing(_ connection: ConnectionID) -> DomainPair? { nil }
}
