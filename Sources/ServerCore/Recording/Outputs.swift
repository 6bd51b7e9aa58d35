internal import Storage
internal import XML

/// An action reduced to the facts that a replay must reproduce: its subject, its size, and a checksum of its content. Texts inside
/// of elements, and values of attributes that `RedactionContext` does not list, count by their length alone, for they may be pseudonyms.
struct OutputMark: Sendable, Hashable {
  enum Kind: UInt8, Sendable { case write, startTLS, close, abort, read, stopReading, commit, ask, reply, log, giveUp }
  var kind: Kind
  /// The number of the connection, commit, derivation or request.
  var subject: UInt64 = 0
  /// Bytes, or changes.
  var length = 0
  var checksum: UInt32 = 0

  init(_ action: Action) {
    switch action {
    case .write(let connection, let bytes):
      (kind, subject, length, checksum) = (.write, connection.number, bytes.count, Checksum.ofStream(bytes))
    case .startTLS(let connection, let start): (kind, subject, checksum) = (.startTLS, connection.number, Checksum.of(start))
    case .close(let connection): (kind, subject) = (.close, connection.number)
    case .abort(let connection): (kind, subject) = (.abort, connection.number)
    case .read(let connection, let isWanted): (kind, subject) = (isWanted ? .read : .stopReading, connection.number)
    case .commit(let number, let changes):
      (kind, subject, length, checksum) = (.commit, number.code, changes.count, Checksum.of(changes))
    case .ask(let id, let question): (kind, subject, checksum) = (.ask, id.serial, Checksum.of(question))
    case .reply(let id, let reply): (kind, subject, checksum) = (.reply, id, Checksum.of(reply))
    case .log(let level, let message):
      (kind, length, checksum) = (.log, message.utf8.count, Checksum.of(Array("\(level) \(message)".utf8)))
    case .giveUp(let reason): (kind, length) = (.giveUp, reason.utf8.count)
    }
  }

  init(from reader: inout PackedReader) throws(RecordingProblem) {
    guard let kind = Kind(rawValue: try reader.byte()) else { throw RecordingProblem("an output is of no known kind") }
    self.kind = kind
    subject = try reader.number()
    length = Int(clamping: try reader.number())
    checksum = try reader.fixed()
  }

  func write(to writer: inout PackedWriter) {
    writer.byte(kind.rawValue)
    writer.number(subject)
    writer.number(UInt64(length))
    writer.fixed(checksum)
  }
}

extension OutputMark: CustomStringConvertible {
  var description: String {
    switch kind {
    case .write: "\(length) bytes for connection \(subject)"
    case .startTLS: "TLS on connection \(subject)"
    case .close: "the end of connection \(subject)"
    case .abort: "the abrupt end of connection \(subject)"
    case .read: "reading from connection \(subject)"
    case .stopReading: "not reading from connection \(subject)"
    case .commit: "commit \(subject) of \(length) changes"
    case .ask: "question \(subject)"
    case .reply: "the answer to request \(subject)"
    case .giveUp: "the end of the process"
    case .log: "a line of \(length) bytes for the log"
    }
  }
}

/// A mixture of bytes, eight at a time: quick, and no protection against anybody.
private struct Checksum {
  private var state: UInt64 = 0x9E37_79B9_7F4A_7C15
  private var word: UInt64 = 0
  private var filled: UInt64 = 0

  private mutating func add(_ byte: UInt8) {
    word = word << 8 | UInt64(byte)
    filled += 1
    if filled & 7 == 0 { mix() }
  }
  private mutating func mix() {
    state = (state ^ word) &* 0xFF51_AFD7_ED55_8CCD
    state ^= state >> 32
    word = 0
  }
  private mutating func end() -> UInt32 {
    mix()
    word = filled
    mix()
    return UInt32(truncatingIfNeeded: state ^ state >> 32)
  }

  static func of(_ bytes: [UInt8]) -> UInt32 {
    var sum = Checksum()
    for byte in bytes { sum.add(byte) }
    return sum.end()
  }

  static func of(_ value: some Encodable) -> UInt32 { of((try? PackedEncoder.encode(value, .forComparing)) ?? []) }

  /// Of what our own writer made: of what may be a stand-in only its length and what is escaped in it.
  static func ofStream(_ bytes: [UInt8]) -> UInt32 {
    var sum = Checksum()
    var reader = MarkupReader(keepsText: false)
    for byte in bytes {
      switch reader.read(byte) {
      case .markup, .value(.keep): sum.add(byte)
      default: sum.add(byte == UInt8(ascii: "&") ? byte : TextMask.letter)
      }
    }
    return sum.end()
  }
}
