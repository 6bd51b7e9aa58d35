internal import ServerCore
internal import Simulation
internal import XML

/// Properties of recordings that must hold for any bytes: of a stranger's stream, in any splits, of one with secrets in it, and of a
/// stranger's file.
public enum RecorderCheck {
  /// The kind of an input, given by its first byte. The next three bytes say how a stream is cut.
  public enum Kind: Int, CaseIterable, Sendable {
    /// A recording without its first line: that is taken from the code, or every new version would refuse all inputs at once.
    case file
    case stream
    /// The bytes that a stream with secrets is made of.
    case secrets

    init(_ byte: UInt8) { self = Kind(rawValue: Int(byte) % Kind.allCases.count) ?? .file }
  }

  /// - Returns: what is wrong, or nil.
  public static func fault(in input: [UInt8]) -> String? { check(input).fault }

  /// How far an input got: inputs of a file that were read, stanzas that a server took of a stream, secrets that were planted. Where it is 0 for
  /// every input of a corpus, the checks behind the first have nothing to look at.
  public static func depth(of input: [UInt8]) -> Int { check(input).depth }

  /// Why an input of a file is refused; `nil` if it is read.
  public static func refusal(of input: [UInt8]) -> String? {
    do throws(RecordingProblem) {
      _ = try Recording(parsing: Recording.magic + input.dropFirst(4))
      return nil
    } catch { return error.description }
  }

  private static func check(_ input: [UInt8]) -> (fault: String?, depth: Int) {
    guard input.count > 4 else { return (nil, 0) }
    let bytes = Array(input[4...])
    switch Kind(input[0]) {
    case .file: return file(Recording.magic + bytes)
    case .stream: return stream(bytes, cuts: input[1...3].map { Int($0) })
    case .secrets:
      var plan = PlantedSecrets(bytes[...])
      let stream = plan.stream()
      let whole = record(turns(stream), keepsText: plan.keepsText)
      let cut = record(turns(stream).flatMap { pieces($0, input[1...3].map { Int($0) }) }, keepsText: plan.keepsText)
      for recorded in [whole, cut] {
        if let trace = PlantedSecrets.trace(in: recorded.file) ?? PlantedSecrets.trace(in: recorded.bytes) {
          return ("\(trace)\nof \(String(decoding: stream, as: UTF8.self))", plan.planted)
        }
      }
      return (whole.fault ?? cut.fault ?? difference(whole.bytes, cut.bytes, stream), plan.planted)
    }
  }

  /// Checks that a file is read or refused in words, whatever it holds, and that a recording that was read can be fed to an engine.
  private static func file(_ bytes: [UInt8]) -> (fault: String?, depth: Int) {
    do throws(RecordingProblem) {
      let recording = try Recording(parsing: bytes)
      var replay = Replay(recording)
      replay.run()
      return (nil, 1 + recording.entries.count)
    } catch {
      return (error.description.isEmpty ? "a recording is refused without a word" : nil, 0)
    }
  }

  private static func stream(_ bytes: [UInt8], cuts: [Int]) -> (fault: String?, depth: Int) {
    let whole = record(turns(bytes))
    let cut = record(turns(bytes).flatMap { pieces($0, cuts) })
    return (whole.fault ?? cut.fault ?? difference(whole.bytes, cut.bytes, bytes), whole.stanzas)
  }

  private static func difference(_ whole: [UInt8], _ cut: [UInt8], _ original: [UInt8]) -> String? {
    if whole.count != original.count { return "\(original.count) bytes became \(whole.count)" }
    return whole == cut ? nil : "whole: \(String(decoding: whole, as: UTF8.self))\nsplit: \(String(decoding: cut, as: UTF8.self))"
  }

  /// No client can go on with SASL before it has read what the server says to that: what stands in for its proof depends on it.
  private static func turns(_ bytes: [UInt8]) -> [[UInt8]] {
    var turns: [[UInt8]] = [[]]
    for byte in bytes {
      turns[turns.count - 1].append(byte)
      if byte == UInt8(ascii: ">"),
        turns[turns.count - 1].suffix(11).elementsEqual("</response>".utf8)
          || turns[turns.count - 1].suffix(7).elementsEqual("</auth>".utf8)
      {
        turns.append([])
      }
    }
    return turns.filter { !$0.isEmpty }
  }

  private static func pieces(_ bytes: [UInt8], _ sizes: [Int]) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let size = sizes[pieces.count % sizes.count]
      pieces.append(Array(rest.prefix(size == 0 ? 300 : size)))
      rest = rest.dropFirst(size == 0 ? 300 : size)
    }
    return pieces
  }

  private static let connection = ConnectionID(1)

  private struct Recorded {
    /// All that was written, with a second beginning at the end.
    var file: [UInt8] = []
    /// The bytes that the connection sent, according to the recording.
    var bytes: [UInt8] = []
    /// The first difference between the recorded outputs and those of an engine that is fed the recorded bytes.
    var fault: String?
    /// Stanzas and headers that the server took.
    var stanzas = 0
  }

  static var configuration: Configuration {
    var configuration = Configuration(domains: ["localhost"])
    configuration.requiresTLS = false
    configuration.scramRounds = 1
    configuration[flag: .openRegistration] = true
    return configuration
  }

  private static func record(_ pieces: [[UInt8]], keepsText: Bool = false) -> Recorded {
    var world = RecordedWorld(configuration, keepsText: keepsText)
    world.feed(.opened(connection, Opening()))
    for piece in pieces { world.feed(.bytes(connection, piece)) }
    var recorded = Recorded(file: world.file, stanzas: world.stanzas)
    do throws(RecordingProblem) {
      (recorded.bytes, recorded.fault) = compare(try Recording(parsing: world.file), isExact: isPlain(pieces))
      // The file that begins here may start with half a stanza.
      let next = world.next()
      _ = try Recording(parsing: next)
      recorded.file += next
    } catch {
      recorded.fault = "what was recorded is refused: \(error)"
    }
    return recorded
  }

  /// Secrets that are written with entities or in CDATA sections are masked, and may then be taken for something else.
  private static func isPlain(_ pieces: [[UInt8]]) -> Bool {
    !pieces.joined().contains { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: "!") }
  }

  private static func compare(_ recording: Recording, isExact: Bool) -> (bytes: [UInt8], fault: String?) {
    var engine = recording.start.engine()
    var bytes: [UInt8] = []
    var fault: String?
    for entry in recording.entries {
      switch entry {
      case .input(let input, let now):
        if case .bytes(_, let more) = input { bytes += more }
        engine.handle(input, at: now)
      case .outputs(let outputs):
        let difference = outputs.difference(from: Recording.Outputs(engine.flush()))
        if isExact, fault == nil { fault = difference.map { "\($0), behind \(String(decoding: bytes, as: UTF8.self))" } }
      }
    }
    return (bytes, fault)
  }
}
