internal import XML
internal import XMPP

extension RemoteStream {
  /// The same for a stream with another server, where no commit is waited for.
  func send(_ element: Element, _ transaction: inout Transaction) {
    transaction.immediate.append(.write(element, from: nil, to: [Addressee(connection: connection, to: nil)]))
  }
}

extension ClientStream {
  /// Writes to the stream, past all routing: what belongs to its negotiation and not to a session (`Transaction.deliver(_:to:)`).
  func send(_ element: Element, _ transaction: inout Transaction) {
    transaction.outputs.append(.write(element, from: nil, to: [Addressee(connection: connection, to: nil)]))
  }
}
