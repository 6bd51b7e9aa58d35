internal import OrderedCollections
internal import ServerCore
internal import XML
internal import XMPP

/// A digest that tells one state of a value from another: two 64-bit sums over all that it holds, made by looking through its parts.
///
/// Counts of what was done, and times, tell how a state was reached rather than what it is: the parts in `ignored` are left out.
/// Sums, not comparisons: that two of a million states have the same is less likely than one in 10^25.
struct StateDigest: Hashable, Sendable {
  private(set) var first: UInt64 = 0x243F_6A88_85A3_08D3
  private(set) var second: UInt64 = 0x1319_8A2E_0370_7344

  /// Parts that no event's outcome depends on, by the names of their properties.
  private static let ignored: OrderedSet<String> = [
    "marks", "connectionMarks", "inquiries", "serial", "stanzas", "since", "pool", "configuration", "limits", "scratch", "timers",
  ]

  mutating func add(_ number: UInt64) {
    first = StateDigest.mix(first ^ number)
    second = StateDigest.mix(second &+ number &* 0x9E37_79B9_7F4A_7C15)
  }
  mutating func add(_ number: Int) { add(UInt64(bitPattern: Int64(number))) }

  mutating func add(bytes: some Collection<UInt8>) {
    add(bytes.count)
    var word: UInt64 = 0
    var count = 0
    for byte in bytes {
      word = word << 8 | UInt64(byte)
      count += 1
      if count & 7 == 0 { add(word) }
    }
    add(word)
  }

  /// Everything in it, but for what is ignored.
  mutating func add(_ value: Any) {
    // By type first: a dynamic cast costs more than all the rest.
    let type = type(of: value)
    if type == Int.self {
      add(value as! Int)
    } else if type == UInt64.self {
      add(value as! UInt64)
    } else if type == Bool.self {
      add(value as! Bool ? 1 : 2)
    } else if type == Text.self {
      add(bytes: (value as! Text).utf8)
    } else if type == String.self {
      add(bytes: (value as! String).utf8)
    } else if type == JID.self {
      add(bytes: (value as! JID).text.utf8)
    } else if type == [UInt8].self {
      add(bytes: value as! [UInt8])
    } else if type == Element.self {
      add(bytes: (value as! Element).serialized(defaultNamespace: NS.client))
    } else if let number = value as? any BinaryInteger {
      add(UInt64(truncatingIfNeeded: number))
    } else {
      addParts(of: value)
    }
  }

  private mutating func addParts(of value: Any) {
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .class: return
    case .dictionary where !(value is any OrderedByNature), .set where !(value is any OrderedByNature): addUnordered(mirror)
    case .enum where mirror.children.isEmpty: add(bytes: String(describing: value).utf8)
    default:
      add(mirror.children.count)
      for child in mirror.children where child.label.map({ !StateDigest.ignored.contains($0) }) ?? true {
        // Of a case with values its name tells it from others.
        if mirror.displayStyle == .enum, let label = child.label { add(bytes: label.utf8) }
        add(child.value)
      }
    }
  }

  /// In whatever order they come: the sum is the same.
  private mutating func addUnordered(_ mirror: Mirror) {
    var (one, two): (UInt64, UInt64) = (0, 0)
    for child in mirror.children {
      var digest = StateDigest()
      digest.add(child.value)
      one &+= digest.first
      two &+= digest.second
    }
    add(mirror.children.count)
    add(one)
    add(two)
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Collections that show themselves as dictionaries and sets, and have an order.
private protocol OrderedByNature {}
extension OrderedSet: OrderedByNature {}
extension OrderedDictionary: OrderedByNature {}
