internal import XML

// What stands in for messages of SASL and for passwords as they come in a stream.

extension StandIns {
  /// - Parameters:
  ///   - raw: as it stood in the stream.
  ///   - exchange: the one in which the link is, before the bytes were read.
  func text(_ raw: [UInt8], _ treatment: Place.Treatment, in exchange: ScramExchange?) -> [UInt8] {
    switch treatment {
    case .keep, .mask: raw
    case .password: StandIns.isText(raw) ? password(raw: raw) : StandIns.masked(raw)
    case .login: login(raw, in: exchange)
    }
  }

  /// Whether XML may hold it (2.2): what it may not must stay so.
  private static func isText(_ raw: [UInt8]) -> Bool {
    String(validating: raw, as: UTF8.self)?.unicodeScalars.allSatisfy { $0.value != 0xFFFE && $0.value != 0xFFFF } ?? false
  }

  private static func masked(_ raw: [UInt8]) -> [UInt8] {
    var mask = TextMask()
    return raw.map { mask.mask($0) }
  }

  /// An entity stays where it is, and what stands in for the rest follows from what the whole says.
  private func password(raw: [UInt8]) -> [UInt8] {
    guard raw.contains(UInt8(ascii: "&")) else { return password(raw) }
    var read: [UInt8] = []
    var places: [Int?] = []
    var index = 0
    while index < raw.count {
      if raw[index] == UInt8(ascii: "&"), let end = raw[index...].firstIndex(of: UInt8(ascii: ";")),
        let entity = Self.entity(raw[index...end])
      {
        read += entity
        places += entity.map { _ in nil }
        index = end + 1
      } else {
        read.append(raw[index])
        places.append(index)
        index += 1
      }
    }
    var out = raw
    for (byte, place) in zip(password(read), places) { if let place { out[place] = byte } }
    return out
  }

  private static func entity(_ raw: ArraySlice<UInt8>) -> [UInt8]? {
    let name = String(decoding: raw.dropFirst().dropLast(), as: UTF8.self)
    switch name {
    case "amp": return [UInt8(ascii: "&")]
    case "lt": return [UInt8(ascii: "<")]
    case "gt": return [UInt8(ascii: ">")]
    case "quot": return [UInt8(ascii: "\"")]
    case "apos": return [UInt8(ascii: "'")]
    default:
      guard name.hasPrefix("#") else { return nil }
      let number = name.hasPrefix("#x") ? UInt32(name.dropFirst(2), radix: 16) : UInt32(name.dropFirst())
      return number.flatMap { Unicode.Scalar($0) }.map { Array(String(Character($0)).utf8) }
    }
  }

  /// PLAIN's password is masked. Of SCRAM the first message holds no secret, and in the last one the proof is replaced.
  private func login(_ raw: [UInt8], in exchange: ScramExchange?) -> [UInt8] {
    let text = Text(utf8: raw)
    if text == "=" { return raw }
    guard let message = Base64.decode(text) else { return StandIns.undecodable(raw) }
    if (try? ScramExchange(hash: .sha256, clientFirst: Text(utf8: message))) != nil { return raw }
    let standIn: [UInt8]
    if let exchange, ScramExchange.split(Text(utf8: message)) != nil {
      standIn = Array(exchange.final(Text(utf8: message), with: self).utf8)
    } else {
      standIn = StandIns.plain(message)
    }
    return Array(Base64.encode(standIn).utf8)
  }

  /// RFC 4616: authorization, NUL, name, NUL, password. What is not that is masked whole, for it may be a password all the same.
  private static func plain(_ message: [UInt8]) -> [UInt8] {
    let isPlain = message.count { $0 == 0 } >= 2
    var nulls = 0
    return message.map { byte in
      if byte == 0 { nulls += 1 }
      return byte == 0 || (isPlain && nulls < 2) ? byte : TextMask.letter
    }
  }

  /// As little a text in base 64 as it was.
  private static func undecodable(_ raw: [UInt8]) -> [UInt8] {
    var mask = TextMask()
    var out = raw.map { $0 == UInt8(ascii: "=") ? $0 : mask.mask($0) }
    if Base64.decode(Text(utf8: out)) != nil { out[0] = UInt8(ascii: "!") }
    return out
  }
}
