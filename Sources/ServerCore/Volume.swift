internal import Storage
internal import XML
internal import XMPP

// How much a server was told and says: for those who compare it with the work that it did.

/// An amount of input or output: bytes, and the places that they came from or go to.
public struct Volume: Sendable, Hashable {
  /// About as many as on the wire or on the disk.
  public var bytes = 0
  /// Addressees, questions, rows.
  public var items = 0

  public init(bytes: Int = 0, items: Int = 0) { (self.bytes, self.items) = (bytes, items) }
  public static func + (a: Volume, b: Volume) -> Volume { Volume(bytes: a.bytes + b.bytes, items: a.items + b.items) }
  public static func - (a: Volume, b: Volume) -> Volume { Volume(bytes: a.bytes - b.bytes, items: a.items - b.items) }
}

extension Effect {
  /// Without the changes that it makes durable: see `changedBytes`.
  public var volume: Volume {
    switch self {
    case .write(let element, _, let addressees): Volume(bytes: element.stored.count, items: addressees.count)
    case .pass(let message): message.volume
    case .reply(_, .accounts(let accounts)): Volume(items: accounts.count + 1)
    default: Volume(items: 1)
    }
  }

  /// Bytes of the changes that it makes durable (`Change.weight`).
  public var changedBytes: Int { if case .commit(_, let changes) = self { changes.reduce(0) { $0 + $1.weight } } else { 0 } }
}

extension ShardMessage {
  /// The stanzas that one shard hands to another.
  public var volume: Volume { Volume(bytes: weight, items: views.count + 1) }
}

extension Answer {
  /// The rows or keys that storage answers with.
  public var volume: Volume {
    switch self {
    case .result(.owner(let rows)): rows?.volume ?? Volume(items: 1)
    case .result(.page(let page)): Volume(bytes: page.entries.reduce(0) { $0 + $1.values.weight }, items: page.entries.count + 1)
    case .resolved(let answer): Volume(items: answer.found.count + 1)
    case .keys, .connected, .verdict, .failed: Volume(items: 1)
    }
  }
}

extension OwnerRows {
  fileprivate var volume: Volume {
    tables.reduce(Volume(items: 1)) { $0 + Volume(bytes: $1.rows.reduce(0) { $0 + $1.weight }, items: $1.rows.count) }
  }
}

extension [ColumnValue] {
  fileprivate var weight: Int { reduce(0) { $0 + $1.weight } }
}

extension Server {
  /// All that waits behind commits.
  public var heldVolume: Volume { shards.reduce(Volume()) { $0 + $1.commits.volume } }

  /// How many stanzas were routed to an address, and timers looked at, so far.
  public var errands: UInt64 { shards.reduce(0) { $0 + $1.errands } }

  /// All stanzas that wait for an account or a room to be loaded, or for a way to another server. O(accounts, rooms and pairs of domains).
  public var parkedVolume: Volume { shards.reduce(Volume()) { $0 + $1.parkedVolume } }

  /// How many streams, accounts and rooms are in memory.
  public var population: Int {
    shards.reduce(0) { $0 + $1.streams.count + $1.incoming.count + $1.outgoing.count + $1.accounts.count + $1.rooms.count }
  }
}

extension Shard {
  fileprivate var parkedVolume: Volume {
    guard parkedCount > 0 || pairs.count > 0 else { return Volume() }
    var volume = Volume()
    for pair in pairs.sortedKeys() { volume = volume + (pairs.read(pair) { $0.queue.volume } ?? Volume()) }
    for jid in accounts.sortedKeys() { volume = volume + (accounts.read(jid) { $0.parkedVolume } ?? Volume()) }
    for jid in rooms.sortedKeys() { volume = volume + (rooms.read(jid) { $0.parkedVolume } ?? Volume()) }
    return volume
  }
}

extension OutgoingQueue {
  fileprivate var volume: Volume { Volume(bytes: bytes, items: count) }
}

extension Shard.Loadable {
  fileprivate var parkedVolume: Volume {
    parked.reduce(Volume(items: parked.count)) {
      if case .stanza(let stanza) = $1.task { $0 + Volume(bytes: stanza.element.stored.count) } else { $0 }
    }
  }
}
