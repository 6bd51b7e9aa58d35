/// Bytes that a script has a client write as they are, once or several times.
///
/// In a script they stand as text under their action, with escapes: `\n`, `\r`, `\t`, `\\`, `\xHH` for any byte, and `\i` for the number of
/// the repetition, counted from 0. The ends of the script's own lines are no bytes of it.
public struct RawBytes: Sendable, Equatable {
  enum Piece: Sendable, Equatable {
    case bytes([UInt8])
    /// The number of the repetition.
    case number
  }

  let pieces: [Piece]
  /// How often the bytes are written.
  public let times: Int

  /// The bytes of all repetitions may be so many.
  static let most = 4 << 20
  /// The bytes may be repeated so often.
  static let repetitions = 1...100_000

  public init(_ bytes: [UInt8]) {
    pieces = [.bytes(bytes)]
    times = 1
  }

  init(_ pieces: [Piece], times: Int) {
    self.pieces = pieces
    self.times = times
  }

  /// All that is written.
  public var all: [UInt8] {
    var bytes: [UInt8] = []
    for number in 0..<times {
      for piece in pieces {
        switch piece {
        case .bytes(let more): bytes += more
        case .number: bytes += Array("\(number)".utf8)
        }
      }
    }
    return bytes
  }

  /// At least as many as `all` has.
  var mostBytes: Int {
    times
      * pieces.reduce(0) { sum, piece in
        switch piece {
        case .bytes(let bytes): sum + bytes.count
        case .number: sum + "\(times)".utf8.count
        }
      }
  }

  /// For a person: how the bytes begin.
  public var summary: String {
    var text = times == 1 ? "" : "\(times) times "
    var left = 60
    for piece in pieces {
      guard left > 0 else { return text + "…" }
      guard case .bytes(let bytes) = piece else {
        text += "\\i"
        continue
      }
      text += RawBytes.escaped(.bytes(Array(bytes.prefix(left)))).joined()
      if bytes.count > left { return text + "…" }
      left -= bytes.count
    }
    return text
  }
}

// MARK: - Reading

extension RawBytes {
  struct Problem: Error {
    var line: Int
    var message: String
  }

  /// Reads the lines under an action. The indentation of the first is that of all.
  init(_ lines: [Line], times: Int) throws(Problem) {
    let indentation = String(lines[0].indentation)
    var pieces: [Piece] = []
    var bytes: [UInt8] = []
    for line in lines where !line.isBlank && !line.isComment {
      let text = line.text.startsWith(indentation) ? line.text.utf8.dropFirst(indentation.utf8.count) : line.text.utf8[...]
      var rest = text
      while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "\\") else {
          bytes.append(byte)
          continue
        }
        switch rest.popFirst() {
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "\\"): bytes.append(byte)
        case UInt8(ascii: "x"):
          let digits = String(Substring(rest.prefix(2)))
          guard digits.utf8.count == 2, !digits.hasPrefix("+"), !digits.hasPrefix("-"), let value = UInt8(digits, radix: 16) else {
            throw Problem(line: line.number, message: "'\\x\(digits)' is no byte: expected two hexadecimal digits, such as \\x0A")
          }
          rest = rest.dropFirst(2)
          bytes.append(value)
        case UInt8(ascii: "i"):
          if !bytes.isEmpty { pieces.append(.bytes(bytes)) }
          bytes = []
          pieces.append(.number)
        case let other:
          let shown = other.map { String(decoding: [$0], as: UTF8.self) } ?? ""
          throw Problem(line: line.number, message: "'\\\(shown)' is no escape: expected \\n, \\r, \\t, \\\\, \\xHH or \\i")
        }
      }
    }
    if !bytes.isEmpty { pieces.append(.bytes(bytes)) }
    guard !pieces.isEmpty else { throw Problem(line: lines[0].number, message: "there is nothing to write") }
    self.init(pieces, times: times)
    guard mostBytes <= RawBytes.most else {
      throw Problem(line: lines[0].number, message: "these are \(mostBytes) bytes: no more than \(RawBytes.most) may be written at once")
    }
  }
}

// MARK: - Writing

extension RawBytes {
  /// Bytes on one line of a script.
  private static let width = 140

  /// The lines of a script under the action, each indented by a tab.
  public var lines: [String] {
    var lines: [String] = []
    var line = ""
    func end() {
      // Spaces at the ends of lines get lost, and a line may look like a comment.
      if line.utf8.last == 0x20 { line = line.dropLast() + "\\x20" }
      if let first = line.utf8.first, ["#", "//", "--"].contains(where: { line.hasPrefix($0) }) {
        line = RawBytes.code(first) + line.dropFirst()
      }
      if line.utf8.first == 0x20 { line = "\\x20" + line.dropFirst() }
      lines.append("\t" + line)
      line = ""
    }
    for escaped in pieces.flatMap({ RawBytes.escaped($0) }) {
      line += escaped
      if line.utf8.count >= RawBytes.width { end() }
    }
    if !line.isEmpty { end() }
    return lines
  }

  /// Byte by byte; what is no printable ASCII by its number.
  private static func escaped(_ piece: Piece) -> [String] {
    guard case .bytes(let bytes) = piece else { return ["\\i"] }
    return bytes.map { byte in
      switch byte {
      case 0x0A: "\\n"
      case 0x0D: "\\r"
      case 0x09: "\\t"
      case UInt8(ascii: "\\"): "\\\\"
      case 0x20..<0x7F: String(decoding: [byte], as: UTF8.self)
      default: code(byte)
      }
    }
  }

  private static func code(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return "\\x" + (digits.utf8.count == 1 ? "0" : "") + digits
  }
}
