internal import XML

// The stanzas for other servers: how they wait, leave, or come back.

extension Shard {
  /// Stanzas of the pair may be written to the stream from now on.
  mutating func outgoingOpened(_ connection: ConnectionID, for pair: DomainPair, _ transaction: inout Transaction) {}

  /// The stream has ended, or never came about; nothing more can be written to it.
  mutating func outgoingEnded(
    _ connection: ConnectionID, for pair: DomainPair, because failure: RemoteFailure, _ transaction: inout Transaction
  ) {}
}
