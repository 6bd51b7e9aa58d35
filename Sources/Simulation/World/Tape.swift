internal import ServerCore

/// Recordings of the lives of one process, as files would hold them.
struct Tape: Sendable {
  private let secret: [UInt8]
  private let keepsText: Bool
  private var recorder: Recorder
  private(set) var files: [[UInt8]] = []
  /// A file begins anew after so many bytes.
  private let segmentBytes: Int
  /// Hears of everything before it happens.
  private let sink: (@Sendable ([UInt8]) -> Void)?

  init(secret: [UInt8], keepsText: Bool, segmentBytes: Int, sink: (@Sendable ([UInt8]) -> Void)?) {
    self.sink = sink
    self.secret = secret
    self.keepsText = keepsText
    self.segmentBytes = segmentBytes
    recorder = Recorder(secret: secret, keepsText: keepsText)
  }

  mutating func begin(_ configuration: Configuration, seed: [UInt8], at now: Instant) {
    recorder = Recorder(secret: secret, keepsText: keepsText)
    files.append([])
    write(recorder.begin(configuration: configuration, seed: seed, at: now))
  }

  private mutating func write(_ bytes: [UInt8]) {
    sink?(bytes)
    files[files.count - 1] += bytes
  }

  mutating func input(_ input: Input, at now: Instant, before engine: Engine) {
    write(recorder.input(input, at: now, before: engine))
  }
  mutating func outputs(_ actions: [Action], of engine: Engine, at now: Instant) {
    write(recorder.outputs(actions))
    if actions.isEmpty, files[files.count - 1].count > segmentBytes { files.append(recorder.begin(from: engine, at: now)) }
  }
}
