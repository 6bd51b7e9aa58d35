import ServerCore
import Simulation
import Testing
import XML

struct ReplayTests {
  /// The recordings of a run of that seed: a file for each life of its server.
  static func recordings(_ seed: Int, keepsText: Bool = false, seconds: Int64 = 5, segmentBytes: Int = .max) -> [[UInt8]] {
    var run = Run(Choices(seed: UInt64(seed)), RunOptions(duration: seconds * 1_000_000_000))
    run.record(secret: [1, 2, 3], keepsText: keepsText, segmentBytes: segmentBytes)
    _ = run.run()
    return run.recordings
  }

  /// With faults, crashes and tiny limits.
  @Test(arguments: 0..<10) func aRecordedRunReplaysToTheSameOutputs(seed: Int) throws {
    let files = Self.recordings(seed)
    #expect(!files.isEmpty)
    for (closing, file) in files.enumerated() {
      let recording = try Recording(parsing: file)
      #expect(!recording.isCut)
      var replay = Replay(recording)
      replay.run()
      #expect(replay.problem == nil, "closing \(closing): \(replay.problem!)")
    }
  }

  /// A file that begins in the midst of a run has all that is needed to go on from there: a snapshot of the engine is exact.
  @Test(arguments: 100..<106) func everySegmentReplaysByItself(seed: Int) throws {
    let files = Self.recordings(seed, keepsText: seed % 2 == 0, seconds: 3, segmentBytes: 1500 + seed * seed % 3001)
    #expect(files.count > 1)
    for (number, file) in files.enumerated() {
      var replay = Replay(try Recording(parsing: file))
      replay.run()
      #expect(replay.problem == nil, "segment \(number) of \(files.count): \(replay.problem!)")
    }
  }

  /// A rule that is broken is seen in a recording as in a run.
  @Test func oraclesLookAtARecordingToo() throws {
    var found = 0
    for seed in 0..<6 {
      guard let file = Self.recordings(seed).first else { continue }
      var replay = Replay(try Recording(parsing: file), mutation: .senderForged)
      replay.run()
      if case .failure(let failure) = replay.problem { found += failure.oracle == "sender" ? 1 : 0 }
    }
    #expect(found > 0)
  }

  /// A file that ends anywhere is good up to there; one that is damaged is refused in words, or shows a difference, and nothing worse.
  @Test func aFileThatIsCutReplaysUpToThere() throws {
    let file = try #require(Self.recordings(7, seconds: 2).first)
    let whole = try Recording(parsing: file).entries.count
    for end in stride(from: 300, to: file.count, by: 97) {
      guard let recording = try? Recording(parsing: Array(file[..<end]) + Array(repeating: 0, count: end % 3)) else { continue }
      #expect(recording.entries.count <= whole)
      var replay = Replay(recording)
      replay.run()
      #expect(replay.problem == nil, "cut at \(end): \(replay.problem!)")
    }
    let cut = try Recording(parsing: file.dropLast())
    #expect(cut.isCut && cut.entries.count == whole - 1)
  }

  @Test func damagedBytesDoNoHarm() throws {
    let file = try #require(Self.recordings(3, seconds: 1).first)
    var refused = 0
    for index in stride(from: 0, to: file.count, by: 13) {
      var damaged = file
      damaged[index] ^= UInt8(truncatingIfNeeded: 1 + index % 255)
      do { _ = try Recording(parsing: damaged) } catch {
        refused += 1
        #expect(!error.description.contains("\n") && !error.description.isEmpty)
      }
    }
    #expect(refused > 0)
    #expect(throws: RecordingProblem.self) { try Recording(parsing: Array("spondee-trace 1".utf8)) }
    #expect(throws: RecordingProblem.self) { try Recording(parsing: Array("spondee-recording 99\n".utf8)) }
  }

  /// The texts that people wrote, and the keys of their accounts, are nowhere in it.
  @Test(arguments: 0..<6) func nothingSecretIsInIt(seed: Int) throws {
    var run = Run(Choices(seed: UInt64(seed)), RunOptions(duration: 5_000_000_000))
    run.keepsHistory = true
    run.record(secret: [1, 2, 3])
    _ = run.run()
    let file = String(decoding: run.recordings.joined(), as: Unicode.ASCII.self)
    var bodies = 0
    for moment in run.history {
      guard case .sent(_, let stanza) = moment.observation, let body = stanza.child("body", "jabber:client")?.text, body.count >= 5 else {
        continue
      }
      // Some say nothing but the letter that texts are masked with.
      guard body.utf8.contains(where: { $0 != UInt8(ascii: "x") }) else { continue }
      bodies += 1
      #expect(!file.contains(body.string), "\(body)")
    }
    #expect(bodies > 0)
    var kept = Run(Choices(seed: UInt64(seed)), RunOptions(duration: 5_000_000_000))
    kept.record(secret: [1, 2, 3], keepsText: true)
    _ = kept.run()
    for file in kept.recordings {
      var replay = Replay(try Recording(parsing: file))
      replay.run()
      #expect(replay.problem == nil, "\(replay.problem!)")
    }
  }
}
