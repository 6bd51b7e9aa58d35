internal import XML

/// Replaces secrets in a peer's bytes by pseudonyms, byte for byte and as they come, however they are split.
///
/// `MarkupReader` says what each byte is and `RedactionContext` what may stay; the rest is masked. A text whose pseudonym depends on
/// the whole of it (a password, a message of SASL, a reference to a character) is masked first; once the text has ended, its pseudonym is
/// a `Patch` of bytes that came before.
struct StreamRedactor: Sendable {
  /// Other bytes for a place in the stream of one connection.
  struct Patch: Sendable, Hashable {
    /// Counted from the connection's first byte.
    var place: UInt64
    var bytes: [UInt8]
  }

  private let keepsText: Bool
  private var reader: MarkupReader
  private var mask = TextMask()
  /// How many bytes came before.
  private(set) var count: UInt64
  private var heldText: Held?
  private var heldValue: Held?
  /// A text, or a value, that is replaced as a whole, as far as it came.
  private struct Held {
    var place: UInt64
    var treatment: RedactionContext.Treatment
    var bytes: [UInt8] = []
    /// It is nothing but text, and not too long.
    var isWhole = true

    mutating func append(_ byte: UInt8) {
      if bytes.count >= StreamRedactor.longestSecret { isWhole = false }
      if isWhole { bytes.append(byte) } else { bytes = [] }
    }
  }

  /// More than the server takes of a password or, before a login, of anything.
  static let longestSecret = 16_384

  init(keepsText: Bool, count: UInt64 = 0) {
    self.keepsText = keepsText
    self.count = count
    reader = MarkupReader(keepsText: keepsText)
  }

  /// A new stream, in which nothing is open: what came before is forgotten (RFC 6120, 5.4.3.3).
  mutating func restart() {
    self = StreamRedactor(keepsText: keepsText, count: count)
  }

  /// - Parameter pseudonym: of a text that was held, and how it is treated: as many bytes.
  mutating func redact(
    _ bytes: inout [UInt8], _ pseudonym: (_ text: [UInt8], _ treatment: RedactionContext.Treatment) -> [UInt8]
  ) -> [Patch] {
    var patches: [Patch] = []
    let first = count
    for index in bytes.indices {
      let byte = bytes[index]
      switch reader.read(byte) {
      case .markup, .value(.keep), .text(.keep), .cdata(.keep): break
      case .lost: bytes[index] = TextMask.letter
      case .junk: bytes[index] = mask.maskRead(byte)
      case .value(let treatment):
        if treatment != .mask { hold(byte, treatment, in: &heldValue) }
        bytes[index] = replace(byte, &patches)
      case .text(let treatment):
        if treatment != .mask { hold(byte, treatment, in: &heldText) }
        bytes[index] = replace(byte, &patches)
      case .cdata: bytes[index] = mask.maskRead(byte)
      }
      if let border = reader.border { cross(border, &patches, pseudonym) }
      count += 1
    }
    return apply(patches, to: &bytes, from: first)
  }

  private mutating func cross(
    _ border: MarkupReader.Border, _ patches: inout [Patch], _ pseudonym: ([UInt8], RedactionContext.Treatment) -> [UInt8]
  ) {
    switch border {
    case .valueBegins: mask = TextMask(isAttribute: true)
    case .contentBegins: mask = TextMask()
    case .textIsInterrupted: heldText?.isWhole = false
    case .valueEnds: end(&heldValue, &patches, pseudonym)
    case .elementEnds: end(&heldText, &patches, pseudonym)
    }
  }

  private mutating func replace(_ byte: UInt8, _ patches: inout [Patch]) -> UInt8 {
    let masked = mask.mask(byte)
    // A reference to a character is known at its end.
    if let reference = mask.takeReference() {
      patches.append(Patch(place: count + 1 - UInt64(reference.count), bytes: reference))
    }
    return masked
  }

  private func hold(_ byte: UInt8, _ treatment: RedactionContext.Treatment, in held: inout Held?) {
    if held == nil { held = Held(place: count, treatment: treatment) }
    held?.append(byte)
  }

  private func end(_ held: inout Held?, _ patches: inout [Patch], _ pseudonym: ([UInt8], RedactionContext.Treatment) -> [UInt8]) {
    guard let ended = held else { return }
    held = nil
    guard ended.isWhole, !ended.bytes.isEmpty else { return }
    let bytes = pseudonym(ended.bytes, ended.treatment)
    if bytes.count == ended.bytes.count { patches.append(Patch(place: ended.place, bytes: bytes)) }
  }

  /// Applies the parts of patches that lie in these bytes; returns those that lie before them.
  private func apply(_ patches: [Patch], to bytes: inout [UInt8], from first: UInt64) -> [Patch] {
    patches.compactMap { patch in
      let before = Int(clamping: first > patch.place ? first - patch.place : 0)
      let start = Int(clamping: patch.place > first ? patch.place - first : 0)
      for (index, byte) in zip(start..., patch.bytes.dropFirst(before)) where index < bytes.count { bytes[index] = byte }
      return before == 0 ? nil : Patch(place: patch.place, bytes: Array(patch.bytes.prefix(before)))
    }
  }
}
