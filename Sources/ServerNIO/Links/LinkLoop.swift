internal import NIOCore
internal import ServerCore

/// An event loop that has connections, seen from the one that has the engine: what they say goes there, and what they are to do comes from
/// there, many at once. Where both are the same loop nothing has to be handed over.
///
/// The two halves belong to one loop each, as the comments say; nothing else is shared.
final class LinkLoop: @unchecked Sendable {
  let loop: any EventLoop
  private unowned let host: ServerHost
  /// It is the host's own, and nothing has to be handed over.
  let isHosts: Bool

  // On this loop.
  /// What its connections have said since it was last handed over.
  private var said: [Saying] = []
  /// Bytes that were said and that the host has not heard.
  private var unheard = 0
  /// Who is not read from until it has.
  private var waiting: [LinkHandler] = []

  // On the host's loop.
  /// What connections here are to do.
  private var wanted: [(handler: LinkHandler, deed: Deed)] = []
  /// Bytes that were heard since this loop was told.
  private var heard = 0

  /// Something that a connection tells the host.
  /// Smaller than an `Input`, which has room for all that storage may answer: there is one for each read.
  enum Saying {
    case opened(LinkHandler, LinkID, from: Origin?)
    case bytes(LinkID, [UInt8])
    /// The system has taken so many bytes.
    case accepted(LinkID, Int)
    case encrypted(LinkID)
    case closed(LinkID)
    /// Its peer will say nothing more. It is answered when what was said before has been.
    case finished(LinkHandler)

    var byteCount: Int { if case .bytes(_, let bytes) = self { bytes.count } else { 0 } }
  }

  /// Something that a connection is to do.
  enum Deed {
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

  /// What may be under way to the host before those who say more are not read from: else a host that lags would be told of by the gigabyte.
  private static let mostUnheard = 1 << 20

  /// Where connections are on a loop of their own.
  func say(_ saying: Saying, by handler: LinkHandler) {
    said.append(saying)
    unheard += saying.byteCount
    if unheard > LinkLoop.mostUnheard, handler.wait() { waiting.append(handler) }
    guard said.count == 1 else { return }
    // Once for all that is said in this turn of the loop.
    loop.execute {
      let all = self.said
      self.said = []
      self.host.loop.execute { self.tell(all) }
    }
  }

  private func wasHeard(_ count: Int) {
    unheard -= count
    guard unheard <= LinkLoop.mostUnheard / 2, !waiting.isEmpty else { return }
    let all = waiting
    waiting = []
    for handler in all { handler.goOn() }
  }

  // MARK: On the host's loop

  private func tell(_ sayings: [Saying]) {
    for saying in sayings {
      heard += saying.byteCount
      host.hear(saying)
    }
  }

  func perform(_ deed: Deed, _ handler: LinkHandler) {
    if isHosts { handler.perform(deed) } else { wanted.append((handler, deed)) }
  }

  /// The same for what is to be done most often.
  func write(_ bytes: [UInt8], _ link: LinkID, _ handler: LinkHandler) {
    if isHosts { handler.write(bytes) } else { wanted.append((handler, .action(.write(link, bytes)))) }
  }

  /// Hands over what is to be done.
  func flush() {
    guard !wanted.isEmpty || heard > 0 else { return }
    let (all, count) = (wanted, heard)
    (wanted, heard) = ([], 0)
    loop.execute {
      for (handler, deed) in all { handler.perform(deed) }
      self.wasHeard(count)
    }
  }
}
