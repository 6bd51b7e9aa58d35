internal import Dispatch
internal import Foundation
internal import ServerCore
internal import ServerNIO
internal import Simulation

/// `spondee simulate --replay` of what `spondee serve --record` wrote.
struct RecordingReplay {
  var printsTrace = false
  var keepsHistory = false
  var without: [String] = []
  var mutation: Mutation?

  /// A file that is no recording, in one line.
  struct Unreadable: Error, CustomStringConvertible { var description: String }

  /// More than any recording has; it is read into memory.
  private static let longest = 2 << 30

  /// The recordings at a path, a file or a folder, in order; `nil` if what is there is something else.
  static func files(at path: String) throws -> [String]? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return nil }
    guard isFolder.boolValue else {
      let start = FileHandle(forReadingAtPath: path)?.readData(ofLength: 64) ?? Data()
      return Recording.isRecording(Array(start)) ? [path] : nil
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter { $0.hasSuffix(".recording") }.sorted().map { path + "/" + $0 }
  }

  /// Prints what came of it. Returns whether nothing was wrong, and what a page shows of it.
  func run(_ path: String) throws -> (isGood: Bool, picture: RunPicture) {
    let recording = try read(path)
    let began = DispatchTime.now().uptimeNanoseconds
    var replay = Replay(recording, without: without, mutation: mutation)
    replay.keepsHistory = keepsHistory
    replay.run()
    let seconds = max(Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9, 1e-9)
    for moment in replay.history where printsTrace { print(moment) }
    let rate = String(format: "%.0f", Double(replay.inputs) / seconds)
    let length = String(format: "%.1f", Double(replay.time) / 1e9)
    if let problem = replay.problem { print("FAIL \(path): \(problem)") }
    print(
      "\(path): \(replay.inputs) events (\(rate) a second), \(replay.outputs) outputs, \(length) s\(recording.isCut ? ", cut short" : "")")
    let command = "spondee simulate --replay \(path)"
    let picture = RunPicture(title: "a recording", command: command, failure: replay.problem?.failure, history: replay.history)
    return (replay.problem == nil, picture)
  }

  func read(_ path: String) throws -> Recording {
    let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    guard size <= RecordingReplay.longest else {
      throw Unreadable(description: "\(path) is too large for a recording: more than \(RecordingReplay.longest >> 30) GB")
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Unreadable(description: "\(path) can't be read\(Files.problemReading(path)?.remark ?? "")")
    }
    do throws(RecordingProblem) { return try Recording(parsing: Array(data)) } catch {
      throw Unreadable(description: "\(path): \(error)")
    }
  }
}
