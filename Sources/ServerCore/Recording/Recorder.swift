internal import SASL
internal import Storage
internal import XML

/// Writes down what an engine is fed and, as marks, what it wants done, so that another engine can be fed the same.
///
/// Secrets never reach what it returns: passwords, keys and, unless they are to be kept, texts are replaced by stand-ins of the same length with
/// which the engine does the same. Addresses, ids and the names of things stay. The seed stays, too, for without it nothing could be replayed: so a
/// recording foretells the nonces of the process that it was made of while that one runs, and is to be kept like its key.
///
/// The bytes that it returns are to be appended to one file, in that order, before the events that they tell of happen.
public struct Recorder: Sendable {
  private let pseudonyms: Pseudonyms
  private var redactors = Table<ConnectionID, StreamRedactor>()
  private var last = Instant(monotonic: 0, wall: 0)

  /// - Parameters:
  ///   - secret: 32 bytes from the system's cryptographic source, for this recorder alone; nobody needs to know them.
  ///   - keepsText: bodies, subjects and the like stay as they are. Passwords and keys never do.
  public init(secret: [UInt8], keepsText: Bool = false) { pseudonyms = Pseudonyms(secret: secret, keepsText: keepsText) }

  /// The beginning of a file: an engine that is about to be made.
  public mutating func begin(configuration: Configuration, seed: [UInt8], at now: Instant) -> [UInt8] {
    begin(.start, [seed, pack(configuration)], at: now)
  }

  /// The beginning of another file, from which one can start without those before it.
  ///
  /// - Parameter engine: one that has just been flushed until it wanted nothing more.
  public mutating func begin(from engine: Engine, at now: Instant) -> [UInt8] {
    let snapshot = Snapshot(of: engine) { connection, pending in
      guard let old = redactors[connection] else { return UInt64(pending.count) }
      // The bytes that the parser has not yet read to their end begin where nothing is open, and so does the redactor.
      var redactor = StreamRedactor(keepsText: pseudonyms.keepsText, count: old.count - min(old.count, UInt64(pending.count)))
      _ = redactor.redact(&pending) { text, treatment in pseudonyms.text(text, treatment, in: engine.exchange(on: connection)) }
      redactors[connection] = redactor
      return redactor.count
    }
    return begin(.snapshot, [pack(snapshot)], at: now)
  }

  private mutating func begin(_ tag: Recording.Tag, _ state: [[UInt8]], at now: Instant) -> [UInt8] {
    var writer = PackedWriter()
    writer.byte(tag.rawValue)
    writer.byte(pseudonyms.keepsText ? 1 : 0)
    writer.signed(now.monotonic)
    writer.signed(now.wall)
    for part in state { writer.blob(part) }
    last = now
    return Recording.magic + framed(writer)
  }

  /// - Parameter engine: as it is before it takes the input.
  public mutating func input(_ input: Input, at now: Instant, before engine: Engine) -> [UInt8] {
    var writer = PackedWriter()
    var patches: [UInt8] = []
    switch input {
    case .opened(let connection, let opening):
      redactors[connection] = StreamRedactor(keepsText: pseudonyms.keepsText)
      begin(.opened, now, connection.number, &writer)
      writer.blob(pack(opening))
    case .bytes(let connection, let bytes):
      var copy = bytes
      patches = redact(&copy, of: connection, engine)
      begin(.bytes, now, connection.number, &writer)
      writer.blob(copy)
    case .accepted(let connection, let count):
      begin(.accepted, now, connection.number, &writer)
      writer.number(UInt64(max(0, count)))
    case .encrypted(let connection, let facts):
      redactors[connection]?.restart()
      begin(.encrypted, now, connection.number, &writer)
      writer.blob(pack(facts))
    case .closed(let connection):
      _ = redactors.remove(connection)
      begin(.closed, now, connection.number, &writer)
    case .committed(let number): begin(.committed, now, number.code, &writer)
    case .commitFailed(let number): begin(.commitFailed, now, number.code, &writer)
    case .answered(let id, let answer):
      // A connection that begins as an answer.
      if case .connected(let connection) = answer { redactors[connection] = StreamRedactor(keepsText: pseudonyms.keepsText) }
      begin(.answered, now, id.serial, &writer)
      writer.blob(pack(answer))
    case .control(let id, let request):
      begin(.control, now, id, &writer)
      writer.blob(pack(request))
    case .deadline: begin(.deadline, now, 0, &writer)
    case .shutdown: begin(.shutdown, now, 0, &writer)
    }
    return patches + framed(writer)
  }

  /// - Parameter actions: what `flush` gave, also if that was nothing: it may put connections in another order.
  public func outputs(_ actions: [Action]) -> [UInt8] {
    var writer = PackedWriter()
    writer.byte(Recording.Tag.outputs.rawValue)
    writer.number(UInt64(actions.count))
    for action in actions { OutputMark(action).write(to: &writer) }
    return framed(writer)
  }

  // MARK: -

  private mutating func begin(_ tag: Recording.Tag, _ now: Instant, _ subject: UInt64, _ writer: inout PackedWriter) {
    writer.byte(tag.rawValue)
    // The two clocks mostly go alike.
    let passed = now.monotonic &- last.monotonic
    writer.signed(passed)
    writer.signed(now.wall &- last.wall &- passed)
    writer.number(subject)
    last = now
  }

  /// Returns the entries that correct what came before.
  private mutating func redact(_ bytes: inout [UInt8], of connection: ConnectionID, _ engine: Engine) -> [UInt8] {
    guard redactors.contains(connection) else {
      // Nobody will read them.
      bytes = bytes.map { _ in TextMask.letter }
      return []
    }
    let patches = redactors[connection]!.redact(&bytes) { text, treatment in
      pseudonyms.text(text, treatment, in: engine.exchange(on: connection))
    }
    return patches.flatMap { patch in
      var writer = PackedWriter()
      writer.byte(Recording.Tag.patch.rawValue)
      writer.number(connection.number)
      writer.number(patch.place)
      writer.blob(patch.bytes)
      return framed(writer)
    }
  }

  private func pack(_ value: some Encodable) -> [UInt8] { (try? PackedEncoder.encode(value, pseudonyms)) ?? [] }

  private func framed(_ writer: PackedWriter) -> [UInt8] {
    var frame = PackedWriter()
    frame.bytes.reserveCapacity(writer.bytes.count + 5)
    frame.blob(writer.bytes + [Recording.endOfEntry])
    return frame.bytes
  }
}

extension Engine {
  /// The exchange of SCRAM in which a connection is.
  func exchange(on connection: ConnectionID) -> ScramExchange? {
    guard case .authenticating(let authentication) = server.stream(of: connection)?.phase,
      case .expectProof(let exchange, _) = authentication.exchange.state
    else { return nil }
    return exchange
  }
}
