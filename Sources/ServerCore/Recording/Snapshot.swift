internal import XML
internal import XMPP

/// All that an engine is when nothing is left to be flushed, with stand-ins for what is secret: one made from it goes on in the same way.
struct Snapshot: Codable, Sendable {
  private var server: Server
  private var links: Store<LinkID, Link>
  /// How many bytes each link has sent so far: what comes later may correct them.
  private var counts: Table<LinkID, UInt64>

  /// - Parameter redact: puts stand-ins into what a link has sent and the engine has not read to its end; returns how much the link has sent.
  init(of engine: Engine, _ redact: (LinkID, inout [UInt8]) -> UInt64) {
    server = engine.server
    links = Store()
    counts = Table()
    for link in engine.links.sortedKeys() {
      var count: UInt64 = 0
      guard var copy = engine.links[link] else { continue }
      copy.parser = copy.parser.snapshot { count = redact(link, &$0) }
      links[link] = copy
      counts[link] = count
    }
  }

  /// Why no engine can be made of it; `nil` if one can.
  var problem: String? {
    if let problem = server.configuration.problem { return problem }
    let isSound = links.sortedKeys().allSatisfy { links[$0]?.parser.isSound ?? false }
    return isSound ? nil : "a link is not where it says"
  }

  var engine: Engine { Engine(server: server, links: links) }
  /// How many bytes each link has sent.
  var counted: [(link: LinkID, count: UInt64)] { counts.sortedKeys().map { ($0, counts[$0] ?? 0) } }

  /// What a link had sent turned out to be something else.
  mutating func correct(_ link: LinkID, at place: UInt64, with bytes: [UInt8]) {
    guard let count = counts[link], let old = links[link] else { return }
    links[link]?.parser = old.parser.snapshot { pending in
      guard count >= UInt64(pending.count) else { return }
      let first = count - UInt64(pending.count)
      for (offset, byte) in bytes.enumerated() {
        let (at, overflows) = place.addingReportingOverflow(UInt64(offset))
        if !overflows, at >= first, at < count { pending[Int(at - first)] = byte }
      }
    }
  }
}
