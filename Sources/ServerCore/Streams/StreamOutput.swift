internal import XML
internal import XMPP

extension ClientStream {
  /// Writes to the stream, past all routing: what belongs to its negotiation and not to a session (`Transaction.deliver(_:to:)`).
  func send(_ element: Element, _ transaction: inout Transaction) {
    transaction.outputs.append(.write(element, from: nil, to: [Addressee(connection: connection, to: nil)]))
  }
}
