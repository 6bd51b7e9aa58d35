internal import ServerCore
internal import XML

/// What must hold of recordings for any bytes: of a stranger's stream, in any splits, and of a stranger's file.
public enum RecorderCheck {
  /// The first byte says whether the rest is a stream or, behind its first line, a recording; the next three how a stream is cut.
  ///
  /// - Returns: what is wrong, or nil.
  public static func fault(in input: [UInt8]) -> String? {
    guard input.count > 4 else { return nil }
    let bytes = Array(input[4...])
    guard input[0] & 1 == 1 else {
      // Whatever it holds, it is read or refused in words.
      do throws(RecordingProblem) { _ = try Recording(parsing: Array("spondee-recording 2\n".utf8) + bytes) } catch {
        if error.description.isEmpty { return "a recording is refused without a word" }
      }
      return nil
    }
    let whole = record([bytes])
    let cut = record(pieces(bytes, input[1...3].map { Int($0) }))
    if let fault = whole.fault ?? cut.fault { return fault }
    if whole.bytes.count != bytes.count { return "\(bytes.count) bytes became \(whole.bytes.count)" }
    return whole.bytes == cut.bytes
      ? nil : "whole: \(String(decoding: whole.bytes, as: UTF8.self))\nsplit: \(String(decoding: cut.bytes, as: UTF8.self))"
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

  private static let link = LinkID(1)

  /// What a recording holds of the pieces, and what is wrong with what a server does with that instead.
  private static func record(_ pieces: [[UInt8]]) -> (bytes: [UInt8], fault: String?) {
    var configuration = Configuration(domains: ["localhost"])
    configuration.requiresTLS = false
    configuration.features.openRegistration = true
    var recorder = Recorder(secret: [7])
    let start = Instant(monotonic: 0, wall: 0)
    var file = recorder.begin(configuration: configuration, seed: [1], at: start)
    var engine = Engine(configuration: configuration, seed: [1])
    for input in [.opened(link, from: nil)] + pieces.map({ Input.bytes(link, $0) }) {
      file += recorder.input(input, at: start, before: engine)
      engine.handle(input, at: start)
      file += recorder.outputs(engine.flush())
    }
    do throws(RecordingProblem) {
      return compare(try Recording(parsing: file), isExact: isPlain(pieces))
    } catch {
      return ([], "what was recorded is refused: \(error)")
    }
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
