internal import ServerNIO
internal import XML

/// Properties of the reader of the first message of a TLS handshake, which strangers send before anything else.
enum ClientHelloCheck {
  /// Whole or byte by byte the message is read alike, and as by a reader that has all of it before it begins.
  static func check(_ bytes: [UInt8]) -> (fault: String?, depth: Int) {
    var (whole, split) = (ClientHello(), ClientHello())
    whole.read(bytes)
    for byte in bytes { split.read([byte]) }
    let expected = offeredProtocol(in: bytes)
    guard whole.offeredProtocol == expected, split.offeredProtocol == expected, whole.isComplete == split.isComplete else {
      let found = "\(String(describing: whole.offeredProtocol)) and \(String(describing: split.offeredProtocol))"
      return ("read \(found) instead of \(String(describing: expected)) in \(bytes)", 1)
    }
    return (nil, expected.map { 1 + $0.count } ?? 0)
  }

  /// RFC 8446, 5.1 and 4.1.2; RFC 7301, 3.1. By places in arrays.
  private static func offeredProtocol(in bytes: [UInt8]) -> Text? {
    var message: [UInt8] = []
    var place = 0
    while place + 5 <= bytes.count, bytes[place] == 22 {
      let end = place + 5 + number(bytes, place + 3, 2)
      message += bytes[(place + 5)..<min(end, bytes.count)]
      place = end
    }
    guard message.count >= 4, message[0] == 1, case let length = number(message, 1, 3), length <= 16 << 10, message.count >= 4 + length
    else { return nil }
    let hello = Array(message[4..<(4 + length)])
    // Behind the version and the random bytes: session, cipher suites, compression methods.
    place = 34
    for width in [1, 2, 1] {
      guard let end = end(of: hello, place, width) else { return nil }
      place = end
    }
    guard let last = end(of: hello, place, 2) else { return nil }
    place += 2
    while place + 4 <= last, case let next = place + 4 + number(hello, place + 2, 2), next <= last {
      guard number(hello, place, 2) == 16 else {
        place = next
        continue
      }
      guard place + 6 <= next, case let names = place + 6 + number(hello, place + 4, 2), names <= next, place + 7 <= names,
        case let name = place + 7 + Int(hello[place + 6]), name <= names
      else { return nil }
      return Text(utf8: hello[(place + 7)..<name])
    }
    return nil
  }

  private static func number(_ bytes: [UInt8], _ place: Int, _ width: Int) -> Int {
    bytes[place..<(place + width)].reduce(0) { $0 << 8 | Int($1) }
  }

  /// The place behind a vector; `nil` if it is cut short.
  private static func end(of bytes: [UInt8], _ place: Int, _ width: Int) -> Int? {
    guard place + width <= bytes.count else { return nil }
    let end = place + width + number(bytes, place, width)
    return end <= bytes.count ? end : nil
  }
}
