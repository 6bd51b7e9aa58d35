internal import XMPP

/// The places in an array at which the data of connections stand: a table of ours, because each stanza looks for connections several times.
///
/// `Dictionary` spreads keys so that nobody who chooses them can make them fall together, and to do so takes longer than the rest of a
/// look-up. Connections are counted by the server itself, so nobody chooses them, and a multiplication spreads them well enough.
struct ConnectionPlaces: Sendable {
  private struct Cell: Sendable {
    /// Zero where nothing stands; it is one more than the place.
    var placeAfter = 0
    var number: UInt64 = 0
  }
  /// As many as a power of two, or none. A connection stands in the first free one from its own on, around the end.
  private var cells: ContiguousArray<Cell> = []
  private var shift: UInt64 = 64
  private(set) var count = 0

  /// The golden ratio's fraction (Knuth, volume 3, 6.4): multiples of it lie as far apart as they can.
  private func home(of number: UInt64) -> Int { Int(truncatingIfNeeded: (number &* 0x9E37_79B9_7F4A_7C15) &>> shift) }

  /// The connection's cell, or the free one where it would stand. There is a free one.
  private func cell(of number: UInt64) -> Int {
    let mask = cells.count - 1
    var cell = home(of: number)
    while cells[cell].placeAfter != 0, cells[cell].number != number { cell = (cell + 1) & mask }
    return cell
  }

  subscript(connection: ConnectionID) -> Int? {
    get {
      guard count > 0 else { return nil }
      let place = cells[cell(of: connection.number)].placeAfter
      return place == 0 ? nil : place - 1
    }
    set {
      if let newValue { put(connection.number, newValue) } else { remove(connection.number) }
    }
  }

  private mutating func put(_ number: UInt64, _ place: Int) {
    // At most three quarters are taken.
    if count >= cells.count / 4 * 3 { resize(to: max(8, cells.count * 2)) }
    let cell = cell(of: number)
    if cells[cell].placeAfter == 0 { count += 1 }
    cells[cell] = Cell(placeAfter: place + 1, number: number)
  }

  /// Those that stand behind it, because it stood in their place, move up.
  private mutating func remove(_ number: UInt64) {
    guard count > 0 else { return }
    var free = cell(of: number)
    guard cells[free].placeAfter != 0 else { return }
    let mask = cells.count - 1
    var next = free
    while true {
      next = (next + 1) & mask
      guard cells[next].placeAfter != 0 else { break }
      // How far it is from its own cell, and from the free one.
      if (next - home(of: cells[next].number)) & mask >= (next - free) & mask {
        cells[free] = cells[next]
        free = next
      }
    }
    cells[free] = Cell()
    count -= 1
    if cells.count > 8, count < cells.count / 8 { resize(to: cells.count / 2) }
  }

  private mutating func resize(to size: Int) {
    let old = cells
    cells = ContiguousArray(repeating: Cell(), count: size)
    shift = UInt64(64 - size.trailingZeroBitCount)
    for one in old where one.placeAfter != 0 { cells[cell(of: one.number)] = one }
  }

  /// O(n log n).
  var sortedKeys: [ConnectionID] { cells.compactMap { $0.placeAfter == 0 ? nil : ConnectionID($0.number) }.sorted() }
}

/// Says where in an array what belongs to a key stands.
protocol PlaceTable<Key> {
  associatedtype Key
  init()
  subscript(key: Key) -> Int? { get set }
  var count: Int { get }
  var sortedKeys: [Key] { get }
}

extension ConnectionPlaces: PlaceTable {}

extension Dictionary: PlaceTable where Key: Comparable, Value == Int {
  var sortedKeys: [Key] { keys.sorted() }
}

/// The key of an entry in a `Store`.
protocol StoreKey: Hashable, Sendable, Comparable {
  associatedtype Places: PlaceTable<Self> & Sendable = [Self: Int]
}

extension JID: StoreKey {}
extension ConnectionID: StoreKey { typealias Places = ConnectionPlaces }
