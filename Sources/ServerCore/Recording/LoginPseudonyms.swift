internal import SASL
internal import XML
internal import XMPP

// Pseudonyms for messages of SASL and for passwords as they come in a stream.

extension Pseudonyms {
  /// - Parameters:
  ///   - raw: as it stood in the stream.
  ///   - exchange: the one in which the connection is, before the bytes were read.
  func text(_ raw: [UInt8], _ treatment: RedactionContext.Treatment, in exchange: ScramExchange?) -> [UInt8] {
    switch treatment {
    case .keep: raw
    case .mask: Pseudonyms.masked(raw)
    case .compare: Pseudonyms.isText(raw) ? compared(raw: raw) : Pseudonyms.masked(raw)
    case .sasl: login(raw, in: exchange)
    }
  }

  /// Whether XML may hold it (2.2): what it may not must stay so.
  private static func isText(_ raw: [UInt8]) -> Bool {
    String(validating: raw, as: UTF8.self)?.unicodeScalars.allSatisfy { $0.value != 0xFFFE && $0.value != 0xFFFF } ?? false
  }

  private static func masked(_ raw: [UInt8]) -> [UInt8] {
    var mask = TextMask()
    var out: [UInt8] = []
    for byte in raw {
      out.append(mask.mask(byte))
      if let reference = mask.takeReference() { out.replaceSubrange((out.count - reference.count)..., with: reference) }
    }
    return out
  }

  /// Returns the pseudonym of the whole text, with its references read. A reference stays one: to the pseudonym of its character, if that
  /// can be written in its place.
  private func compared(raw: [UInt8]) -> [UInt8] {
    guard raw.contains(UInt8(ascii: "&")) else { return password(raw) }
    enum Piece { case byte, reference(CharacterReference) }
    var read: [UInt8] = []
    var pieces: [Piece] = []
    var index = 0
    while index < raw.count {
      if raw[index] == UInt8(ascii: "&"), let end = raw[index...].firstIndex(of: UInt8(ascii: ";")),
        end - index < CharacterReference.longest,
        let reference = CharacterReference(raw[index...end])
      {
        read += String(Character(reference.scalar)).utf8
        pieces.append(.reference(reference))
        index = end + 1
      } else if raw[index] == UInt8(ascii: "&") {
        // A reference to nothing: no parser takes the text, so nobody compares it. Why it is refused must stay as it is.
        return Pseudonyms.masked(raw)
      } else {
        read.append(raw[index])
        pieces.append(.byte)
        index += 1
      }
    }
    let pseudonym = password(read)
    var out: [UInt8] = []
    var place = 0
    for piece in pieces {
      switch piece {
      case .byte:
        out.append(pseudonym[place])
        place += 1
      case .reference(let reference):
        let width = UTF8.width(reference.scalar)
        let other = width == 1 ? reference.written(for: Unicode.Scalar(pseudonym[place])) : nil
        out += other ?? reference.masked
        place += width
      }
    }
    return out
  }

  /// PLAIN's password is masked. Of SCRAM's messages stays what nobody keeps secret, and in the last one the proof is replaced.
  private func login(_ raw: [UInt8], in exchange: ScramExchange?) -> [UInt8] {
    let text = Text(utf8: raw)
    if text == "=" { return raw }
    guard let message = Base64.decode(text) else { return Pseudonyms.undecodable(raw) }
    let pseudonym: [UInt8]
    if let first = try? ScramClientFirst(parsing: Text(utf8: message)) {
      pseudonym = Array(first.redacted.text.utf8)
    } else if let exchange, let final = exchange.final(Text(utf8: message), with: self) {
      pseudonym = Array(final.utf8)
    } else {
      pseudonym = Pseudonyms.plain(message)
    }
    return pseudonym.count == message.count ? Array(Base64.encode(pseudonym).utf8) : Pseudonyms.undecodable(raw)
  }

  /// RFC 4616: authorization, NUL, name, NUL, password. Any other message is masked whole, for it may be a password all the same.
  private static func plain(_ message: [UInt8]) -> [UInt8] {
    let isPlain = message.count { $0 == 0 } >= 2
    var nulls = 0
    return message.map { byte in
      if byte == 0 { nulls += 1 }
      return byte == 0 || (isPlain && nulls < 2) ? byte : TextMask.letter
    }
  }

  /// As little a text in base 64 as it was.
  static func undecodable(_ raw: [UInt8]) -> [UInt8] {
    var mask = TextMask()
    var out = raw.map { $0 == UInt8(ascii: "=") ? $0 : mask.mask($0) }
    if !out.isEmpty, Base64.decode(Text(utf8: out)) != nil { out[0] = UInt8(ascii: "!") }
    return out
  }
}
