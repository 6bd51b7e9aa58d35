internal import Foundation
internal import Glibc
internal import ServerCore

/// Options for recording a server's inputs.
public struct RecordingOptions: Sendable, Hashable {
  /// Files are made in it; it is made if it is missing.
  public var folder: String
  /// The texts of bodies are recorded as they are. Passwords and keys never are.
  public var keepsText: Bool
  /// Bytes of all files in the folder together, about; the oldest go first.
  public var bytes: Int

  public static let defaultBytes = 64 << 20
  public static let fewestBytes = 8 << 20
  /// A file has such a share, so that most of the past is kept when the oldest goes.
  static let files = 8

  public init(folder: String, keepsText: Bool = false, bytes: Int = defaultBytes) {
    self.folder = folder
    self.keepsText = keepsText
    self.bytes = max(bytes, RecordingOptions.fewestBytes)
  }
}

/// The files of one process's recording: one is written to, and when it is full the next begins, with all that is needed to start from there.
struct RecordingFolder: ~Copyable {
  private let options: RecordingOptions
  private let name: String
  private var number = 0
  private var recorder: Recorder
  private var file: RecordingFile
  /// How long a file may be before the next begins. Where a beginning alone is long, a file has at least as much of what came then.
  private var longest: Int

  /// - Parameter now: becomes part of the names, so that they stand in order.
  init(_ options: RecordingOptions, configuration: Configuration, seed: [UInt8], at now: Instant) throws(SetupError) {
    do throws(Files.Problem) { try Files.makeFolder(options.folder) } catch {
      throw SetupError("the folder \(options.folder) can't be made\(error.remark); choose another with --record")
    }
    let name = "\(now.wall / 1_000_000)-\(getpid())"
    var recorder = Recorder(secret: RunningServer.randomSeed(), keepsText: options.keepsText)
    var file = try RecordingFile(RecordingFolder.path(options.folder, name, 0), capacity: options.bytes / RecordingOptions.files)
    _ = file.append(recorder.begin(configuration: configuration, seed: seed, at: now))
    self.options = options
    self.name = name
    self.recorder = recorder
    self.file = file
    longest = RecordingFolder.share(options)
    RecordingFolder.removeOldest(options.folder)
  }

  private static func path(_ folder: String, _ name: String, _ number: Int) -> String {
    let digits = String(number)
    return "\(folder)/\(name)-\(String(repeating: "0", count: max(0, 6 - digits.count)))\(digits).recording"
  }

  /// No more files stay than there may be, those of earlier processes among them.
  private static func removeOldest(_ folder: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let old = names.filter { $0.hasSuffix(".recording") }.sorted().dropLast(RecordingOptions.files)
    for name in old { unlink("\(folder)/\(name)") }
  }

  /// To be called before the engine takes the input. Returns false if it can't be recorded, and nothing after it.
  mutating func input(_ input: Input, at now: Instant, before engine: Engine) -> Bool {
    file.append(recorder.input(input, at: now, before: engine))
  }

  /// To be called with what the engine wants before any of it is done.
  mutating func outputs(_ actions: [Action], of engine: Engine, at now: Instant) -> Bool {
    guard file.append(recorder.outputs(actions)) else { return false }
    return !actions.isEmpty || file.count < longest || beginNext(engine, now)
  }

  /// There is room behind it for what comes between two flushes.
  private static func share(_ options: RecordingOptions) -> Int { options.bytes / RecordingOptions.files / 4 * 3 }

  private mutating func beginNext(_ engine: Engine, _ now: Instant) -> Bool {
    let beginning = recorder.begin(from: engine, at: now)
    number += 1
    let path = RecordingFolder.path(options.folder, name, number)
    let capacity = max(options.bytes / RecordingOptions.files, beginning.count * 3)
    guard var next = try? RecordingFile(path, capacity: capacity), next.append(beginning) else { return false }
    file = consume next
    longest = max(RecordingFolder.share(options), beginning.count * 2)
    RecordingFolder.removeOldest(options.folder)
    return true
  }
}
