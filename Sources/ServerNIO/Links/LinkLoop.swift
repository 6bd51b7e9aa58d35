internal import NIOCore
internal import ServerCore

/// An event loop that has connections, seen from the one that has the engine: what they say goes there, and what they are to do comes from
/// there, many at once. Where both are the same loop nothing has to be handed over.
///
/// The two halves belong to one loop each, as the comments say; nothing else is shared.
final class LinkLoop: @unchecked Sendable {
  let loop: any EventLoop
  private unowned let host: ServerHost
  private let isHosts: Bool

  /// On this loop: what its connections have said since it was last handed over.
  private var said: [Saying] = []
  /// On the host's loop: what connections here are to do.
  private var wanted: [(handler: LinkHandler, deed: Deed)] = []

  /// Something that a connection tells the host.
  enum Saying {
    case opened(LinkHandler, LinkID, from: Origin?)
    case input(Input)
    /// Its peer will say nothing more. It is answered when what was said before has been.
    case finished(LinkHandler)
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

  func say(_ saying: Saying) {
    guard !isHosts else { return host.hear(saying) }
    said.append(saying)
    guard said.count == 1 else { return }
    // Once for all that is said in this turn of the loop.
    loop.execute {
      let all = self.said
      self.said = []
      self.host.loop.execute { [host = self.host] in for saying in all { host.hear(saying) } }
    }
  }

  // MARK: On the host's loop

  func perform(_ deed: Deed, _ handler: LinkHandler) {
    if isHosts { handler.perform(deed) } else { wanted.append((handler, deed)) }
  }

  /// Hands over what is to be done.
  func flush() {
    guard !wanted.isEmpty else { return }
    let all = wanted
    wanted = []
    loop.execute { for (handler, deed) in all { handler.perform(deed) } }
  }
}
