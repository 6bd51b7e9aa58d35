internal import XML

/// Puts stand-ins into what a peer sends, byte for byte and as it comes, however it is split.
///
/// It follows the text of XML, not its meaning, and needs no more memory than the tags that are open. What depends on a whole text (a password,
/// a message of SASL) is masked first; once the text has ended, its stand-in is a `Patch` of what came before.
struct StreamRedactor: Sendable {
  /// Other bytes for a place in the stream of one link.
  struct Patch: Sendable, Hashable {
    /// Counted from the link's first byte.
    var place: UInt64
    var bytes: [UInt8]
  }

  private enum Mode: Sendable {
    case text, tagStart, startTag, endTag
    case quoted(UInt8)
    /// Behind `<!`, with so many bytes of `[CDATA[` seen.
    case bang(Int)
    /// Inside a CDATA section, with so many closing brackets just before.
    case cdata(Int)
    case declaration
    /// Nobody reads what comes now.
    case lost
  }

  private let keepsText: Bool
  private var mode = Mode.text
  private var open: [Place] = [] {
    didSet { treatment = place.treatment(keepsText: keepsText) }
  }
  /// Of the text that comes now.
  private var treatment: Place.Treatment
  private var mask = TextMask()
  /// The start tag that is being read, without its bracket; no more of it than says what it is.
  private var tag: [UInt8] = []
  private var isTagCut = false
  private var last: UInt8 = 0
  /// How many bytes came before.
  private(set) var count: UInt64
  private var held: Held?
  /// The text of a password or of SASL, as far as it came.
  private struct Held {
    var place: UInt64
    var bytes: [UInt8] = []
    /// It is nothing but text, and not too long.
    var isWhole = true
  }

  static let longestTag = 4096
  /// More than the server takes of a password or, before a login, of anything.
  static let longestSecret = 16_384
  /// The parser's limit is far below, whatever the configuration.
  static let deepest = 4096

  init(keepsText: Bool, count: UInt64 = 0) {
    self.keepsText = keepsText
    self.count = count
    treatment = Place.other.treatment(keepsText: keepsText)
  }

  /// A new stream, in which nothing is open: what came before is forgotten (RFC 6120, 5.4.3.3).
  mutating func restart() {
    self = StreamRedactor(keepsText: keepsText, count: count)
  }

  /// - Parameter standIn: of a text that was held, and how it is treated: as many bytes.
  mutating func redact(
    _ bytes: inout [UInt8], _ standIn: (_ text: [UInt8], _ treatment: Place.Treatment) -> [UInt8]
  ) -> [Patch] {
    var patches: [Patch] = []
    let first = count
    for index in bytes.indices {
      let byte = bytes[index]
      switch mode {
      case .text:
        if byte == UInt8(ascii: "<") { mode = .tagStart } else { bytes[index] = text(byte) }
      case .tagStart:
        if byte == UInt8(ascii: "/"), let patch = endHeld(standIn) { patches.append(patch) }
        beginTag(byte)
        if case .lost = mode { bytes[index] = TextMask.letter }
      // No tag begins in a tag: nothing that comes now is read.
      case .startTag where byte == UInt8(ascii: "<"), .quoted where byte == UInt8(ascii: "<"), .endTag where byte == UInt8(ascii: "<"):
        mode = .lost
      case .startTag: startTag(byte)
      case .quoted(let quote):
        keep(byte)
        if byte == quote { mode = .startTag }
      case .endTag: if byte == UInt8(ascii: ">") { endTag() }
      case .bang(let seen):
        guard byte == StreamRedactor.cdataOpening[seen], !open.isEmpty else {
          mode = .lost
          bytes[index] = TextMask.letter
          break
        }
        mode = seen + 1 == StreamRedactor.cdataOpening.count ? .cdata(0) : .bang(seen + 1)
      case .cdata(let brackets): bytes[index] = cdata(byte, brackets)
      case .declaration: if byte == UInt8(ascii: ">") { mode = .text }
      case .lost: bytes[index] = TextMask.letter
      }
      last = byte
      count += 1
    }
    return apply(patches, to: &bytes, from: first)
  }

  private static let cdataOpening = Array("[CDATA[".utf8)

  /// What lies in these bytes is done at once; what lies before them is returned.
  private func apply(_ patches: [Patch], to bytes: inout [UInt8], from first: UInt64) -> [Patch] {
    patches.compactMap { patch in
      let before = Int(clamping: first > patch.place ? first - patch.place : 0)
      let start = Int(clamping: patch.place > first ? patch.place - first : 0)
      for (index, byte) in zip(start..., patch.bytes.dropFirst(before)) where index < bytes.count { bytes[index] = byte }
      return before == 0 ? nil : Patch(place: patch.place, bytes: Array(patch.bytes.prefix(before)))
    }
  }

  // MARK: Text

  private var place: Place { open.last ?? .other }

  private mutating func text(_ byte: UInt8) -> UInt8 {
    switch treatment {
    case .keep: return byte
    case .mask: return mask.mask(byte)
    case .password, .login:
      hold(byte)
      return mask.mask(byte)
    }
  }

  private mutating func hold(_ byte: UInt8) {
    var now = held ?? Held(place: count)
    held = nil
    if now.bytes.count >= StreamRedactor.longestSecret { now.isWhole = false }
    if now.isWhole { now.bytes.append(byte) } else { now.bytes = [] }
    held = now
  }

  private mutating func cdata(_ byte: UInt8, _ brackets: Int) -> UInt8 {
    if byte == UInt8(ascii: "]") {
      mode = .cdata(min(brackets + 1, 2))
      return byte
    }
    if byte == UInt8(ascii: ">"), brackets == 2 {
      mode = .text
      return byte
    }
    mode = .cdata(0)
    return treatment == .keep ? byte : mask.maskRead(byte)
  }

  private mutating func endHeld(_ standIn: ([UInt8], Place.Treatment) -> [UInt8]) -> Patch? {
    guard let ended = held else { return nil }
    held = nil
    guard ended.isWhole, !ended.bytes.isEmpty else { return nil }
    let bytes = standIn(ended.bytes, treatment)
    return bytes.count == ended.bytes.count ? Patch(place: ended.place, bytes: bytes) : nil
  }

  // MARK: Tags

  private mutating func beginTag(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "/"): mode = .endTag
    case UInt8(ascii: "!"):
      held?.isWhole = false
      mode = .bang(0)
    case UInt8(ascii: "?"): mode = .declaration
    default:
      held?.isWhole = false
      (tag, isTagCut) = ([], false)
      mode = .startTag
      startTag(byte)
    }
  }

  private mutating func keep(_ byte: UInt8) {
    if tag.count < StreamRedactor.longestTag { tag.append(byte) } else { isTagCut = true }
  }

  private mutating func startTag(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: ">"): endStartTag()
    case UInt8(ascii: "'"), UInt8(ascii: "\""):
      keep(byte)
      mode = .quoted(byte)
    default: keep(byte)
    }
  }

  private mutating func endStartTag() {
    mode = .text
    mask = TextMask()
    let raw = tag.prefix { !StreamRedactor.isSpace($0) && $0 != UInt8(ascii: "/") }
    let name = raw.firstIndex(of: UInt8(ascii: ":")).map { raw[($0 + 1)...] } ?? raw
    // The header of a stream, or of the next on the same connection (RFC 6120, 4.3.3).
    if name.elementsEqual("stream".utf8) { open = [] }
    guard last != UInt8(ascii: "/") else { return }
    guard open.count < StreamRedactor.deepest else { return mode = .lost }
    let isField = name.elementsEqual("field".utf8)
    open.append(Place(name: Text(utf8: name), field: isField ? variable : nil, in: place))
  }

  /// The value of `var`. In a tag that is too long, or where it is not written plainly, it may be anything, and so it is the one that matters.
  private var variable: Text? {
    let secret: Text = "muc#roomconfig_roomsecret"
    if isTagCut { return secret }
    var rest = tag[...]
    while let equals = rest.firstIndex(of: UInt8(ascii: "=")) {
      let name = rest[..<equals].reversed().drop { StreamRedactor.isSpace($0) }.prefix {
        !StreamRedactor.isSpace($0) && $0 != 0x27 && $0 != 0x22
      }
      let value = rest[(equals + 1)...].drop { StreamRedactor.isSpace($0) }
      guard let quote = value.first, let end = value.dropFirst().firstIndex(of: quote) else { return nil }
      let inside = value[(value.startIndex + 1)..<end]
      if name.elementsEqual("rav".utf8) { return inside.contains(UInt8(ascii: "&")) ? secret : Text(utf8: inside) }
      rest = rest[(end + 1)...]
    }
    return nil
  }

  private mutating func endTag() {
    mode = .text
    mask = TextMask()
    held = nil
    _ = open.popLast()
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
}
