internal import ArgumentParser
internal import Foundation
internal import ServerCore
internal import ServerNIO
internal import Simulation

/// Looks for the fewest of the deeds in a recording after which a rule is broken, or the server traps.
///
/// Candidates of which the server may trap are tried in processes of their own.
struct RecordingShrink {
  let path: String
  let recording: Recording
  let output: String
  let mutation: Mutation?

  private var base: String {
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    return URL(fileURLWithPath: output).appendingPathComponent(name + "-shrunk").path
  }

  /// Fails with status 1: what is looked for was found.
  func run() throws {
    let piece = SessionReplay(recording)
    let traps = try runChild(["--replay", path] + planted) || runChild(["--reenact", "0-\(max(0, piece.actions.count - 1))"])
    if traps { return try shrinkTrap(piece) }
    guard let failure = piece.perform(Array(piece.actions.indices), mutation: mutation).failure else {
      var replay = Replay(recording, mutation: mutation)
      replay.run()
      guard let problem = replay.problem else {
        print("nothing fails, neither in the recording nor when its clients do the same again")
        return print("1 passed, 0 failed")
      }
      print("FAIL \(path): \(problem); it does not come back when its clients do the same again, and so can't be made smaller")
      print("0 passed, 1 failed")
      throw ExitCode(1)
    }
    let found = piece.shrink { piece.perform($0, mutation: mutation).failure?.signature == failure.signature }
    let outcome = piece.perform(found.kept, mutation: mutation)
    try write(Data(outcome.recording), to: base + ".recording")
    try write(Data((outcome.script ?? "").utf8), to: base + ".scs")
    report(found, piece, outcome.failure?.description ?? failure.description)
    throw ExitCode(1)
  }

  private func shrinkTrap(_ piece: SessionReplay) throws {
    let whole = RecordingShrink.text(Array(piece.actions.indices))
    guard try runChild(["--reenact", whole]) else {
      print("FAIL \(path): the server traps, and not when its clients do the same again")
      print("0 passed, 1 failed")
      throw ExitCode(1)
    }
    let found = try piece.shrink(budget: 300) { try runChild(["--reenact", RecordingShrink.text($0)]) }
    _ = try runChild(["--reenact", RecordingShrink.text(found.kept), "--output", base + ".recording"])
    report(found, piece, "the server traps")
    throw ExitCode(1)
  }

  private func report(_ found: (kept: [Int], attempts: Int), _ piece: SessionReplay, _ what: String) {
    print("FAIL \(path): \(what)")
    print("shrunk in \(found.attempts) attempts from \(piece.actions.count) to \(found.kept.count) actions")
    print("     spondee simulate --replay \(base).recording --trace")
    print("0 passed, 1 failed")
  }

  /// In a child: does these deeds, and writes what is recorded of it as it happens, if there is a file for it.
  func reenact(_ actions: String) throws {
    let file = output == "." ? nil : fopen(output, "w")
    nonisolated(unsafe) let stream = file
    _ = SessionReplay(recording).perform(try RecordingShrink.indices(actions), mutation: mutation) { bytes in
      guard let stream else { return }
      fwrite(bytes, 1, bytes.count, stream)
      fflush(stream)
    }
    if let file { fclose(file) }
  }

  // MARK: Children

  private var planted: [String] { mutation.map { ["--mutation", $0.rawValue] } ?? [] }

  /// Whether the child was ended by a signal.
  private func runChild(_ arguments: [String]) throws -> Bool {
    let child = Process()
    child.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let isReenactment = arguments.first == "--reenact"
    child.arguments = ["simulate"] + (isReenactment ? ["--replay", path] : []) + arguments + (isReenactment ? planted : [])
    child.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    child.standardOutput = FileHandle.nullDevice
    child.standardError = FileHandle.nullDevice
    do { try child.run() } catch {
      throw RecordingReplay.Unreadable(description: "no process can be started to try it in; see that fewer run, or that there is memory")
    }
    child.waitUntilExit()
    return child.terminationReason == .uncaughtSignal
  }

  private func write(_ data: Data, to path: String) throws {
    do throws(Files.Problem) { try Files.write(Array(data), to: path) } catch {
      throw RecordingReplay.Unreadable(description: "\(path) can't be written\(error.remark); choose another folder with --output")
    }
  }

  /// `0-3,7` as a command line takes it.
  static func text(_ indices: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for index in indices {
      if let last = ranges.last, last.upperBound + 1 == index {
        ranges[ranges.count - 1] = last.lowerBound...index
      } else {
        ranges.append(index...index)
      }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
  }

  static func indices(_ text: String) throws -> [Int] {
    try text.split(separator: ",").flatMap { part throws -> [Int] in
      let ends = part.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, ends.count <= 2, first <= last, last < 1 << 24 else {
        throw RecordingReplay.Unreadable(description: "`\(part)` is no range of actions")
      }
      return Array(first...last)
    }
  }
}
