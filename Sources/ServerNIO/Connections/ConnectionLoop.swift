internal import NIOCore
internal import ServerCore

/// An event loop that has connections, seen from the one that has the engine: what they say goes there, and what they are to do comes from
/// there, many at once. Where both are the same loop nothing has to be handed over.
///
/// The two halves belong to one loop each, as the comments say; nothing else is shared.
final class ConnectionLoop: @unchecked Sendable {
  let loop: any EventLoop
  private unowned let host: ServerHost
  /// It is the host's own, and nothing has to be handed over.
  let isHosts: Bool

  // On this loop.
  /// Events of its connections since the last hand-over to the host.
  private var queued: [ConnectionEvent] = []
  /// Bytes that were received and that the host has not processed.
  private var pending = 0
  /// Connections that are not read from until the host has processed enough.
  private var waiting: [ConnectionHandler] = []

  // On the host's loop.
  /// Commands for connections of this loop.
  private var wanted: [(handler: ConnectionHandler, command: Command)] = []
  /// Bytes that the host has processed since this loop was told.
  private var processed = 0

  /// Something that a connection tells the host.
  /// Smaller than an `Input`, which has room for all that storage may answer: there is one for each read.
  enum ConnectionEvent {
    case opened(ConnectionHandler, ConnectionID, Opening)
    case bytes(ConnectionID, [UInt8])
    /// The system has taken so many bytes.
    case accepted(ConnectionID, Int)
    case encrypted(ConnectionID, TLSFacts)
    case closed(ConnectionID)
    /// Its peer will say nothing more. It is answered when what was said before has been.
    case finished(ConnectionHandler)

    var byteCount: Int { if case .bytes(_, let bytes) = self { bytes.count } else { 0 } }
  }

  /// Something that a connection is to do.
  enum Command {
    case action(Action)
    /// All that its peer has said is answered.
    case finish
  }

  init(_ loop: any EventLoop, host: ServerHost) {
    self.loop = loop
    self.host = host
    isHosts = loop === host.loop
  }

  // MARK: On this loop

  /// Bytes that may be under way to the host before connections that send more are not read from: a slow host could be sent gigabytes.
  private static let mostPendingBytes = 1 << 20

  /// Queues an event of a connection on a loop that is not the host's.
  func enqueue(_ event: ConnectionEvent, by handler: ConnectionHandler) {
    queued.append(event)
    pending += event.byteCount
    if pending > ConnectionLoop.mostPendingBytes, handler.wait() { waiting.append(handler) }
    guard queued.count == 1 else { return }
    // Once for all that is said in this turn of the loop.
    loop.execute {
      let all = self.queued
      self.queued = []
      self.host.loop.execute { self.tell(all) }
    }
  }

  private func processed(_ count: Int) {
    pending -= count
    guard pending <= ConnectionLoop.mostPendingBytes / 2, !waiting.isEmpty else { return }
    let all = waiting
    waiting = []
    for handler in all { handler.goOn() }
  }

  // MARK: On the host's loop

  private func tell(_ events: [ConnectionEvent]) {
    for event in events {
      processed += event.byteCount
      host.receive(event)
    }
  }

  func perform(_ command: Command, _ handler: ConnectionHandler) {
    if isHosts { handler.perform(command) } else { wanted.append((handler, command)) }
  }

  /// The same for what is to be done most often.
  func write(_ bytes: [UInt8], _ connection: ConnectionID, _ handler: ConnectionHandler) {
    if isHosts { handler.write(bytes) } else { wanted.append((handler, .action(.write(connection, bytes)))) }
  }

  /// Hands over what is to be done.
  func flush() {
    guard !wanted.isEmpty || processed > 0 else { return }
    let (all, count) = (wanted, processed)
    (wanted, processed) = ([], 0)
    loop.execute {
      for (handler, command) in all { handler.perform(command) }
      self.processed(count)
    }
  }
}
