internal import ServerCore
internal import XML
internal import XMPP

extension Event {
  /// For reports.
  var summary: String {
    switch self {
    case .stanza(let connection, let element): "connection \(connection.number) sent \(element)"
    case .closed(let connection): "connection \(connection.number) closed"
    case .streamEnd(let connection): "connection \(connection.number) ended its stream"
    case .streamFailure(let connection, _): "connection \(connection.number) sent what can't be read"
    case .answered(let id, _): "question \(id.serial) was answered"
    case .commitFailed(let number): "commit \(number) failed"
    case .committed(let number): "commit \(number) was durable"
    case .opened, .header, .encrypted, .drained, .control, .deadline, .shutdown: "\(self)"
    }
  }
  /// Whether a question gets its answer with this event, or runs out of time.
  func ends(_ id: InquiryID, dueAt deadline: Int64, now: Int64) -> Bool {
    switch self {
    case .answered(id, _): true
    case .deadline: deadline <= now
    default: false
    }
  }
}
