import Foundation
import FuzzChecks
import FuzzCoreChecks
import Testing

/// The inputs that the fuzzers were started with, and every input that ever showed one a fault.
@Suite struct CorpusTests {
  // MARK: Whether anything is looked at

  /// A corpus whose inputs are all turned away by the first check tests nothing, and looks as good as any: it happened to recordings when their
  /// version changed.
  @Test func everyCorpusGetsPastTheFirstCheck() throws {
    let streams = try FuzzCorpus.inputs("FuzzStreamParser")
    #expect(streams.count >= 12)
    let stanzas = streams.map { StreamParserCheck.depth(of: $0.bytes) }
    #expect(stanzas.count { $0 > 0 } * 3 > streams.count, "\(stanzas)")
    let runs = try FuzzCorpus.inputs("FuzzSimulation")
    #expect(runs.count >= 6)
    for input in runs { #expect(SimulationCheck.depth(of: input.bytes) > 100, "\(input.name)") }
    for kind in RecorderCheck.Kind.allCases {
      let depths = try FuzzCorpus.inputs("FuzzRecorder").filter { $0.bytes.first == UInt8(kind.rawValue) }.map {
        RecorderCheck.depth(of: $0.bytes)
      }
      let remark: Comment =
        "inputs of the kind \(kind) got so far: \(depths). If what a recording holds has changed, SPONDEE_WRITE_CORPUS=1 swift test --filter CorpusTests writes those of files anew"
      #expect(depths.contains { $0 > 9 } && depths.count { $0 > 1 } >= 2, remark)
    }
  }

  /// A forged file is refused for its forged part, and not for something before that.
  @Test func seedsOfFilesAreWhatTheyShouldBe() throws {
    for seed in RecordingSeeds.all {
      switch seed.refusal {
      case nil: #expect(RecorderCheck.depth(of: seed.input) > 3, "\(seed.name)")
      case let refusal?: #expect(RecorderCheck.refusal(of: seed.input)?.contains(refusal) ?? false, "\(seed.name)")
      }
      let file = FuzzCorpus.folder.appending(path: "FuzzRecorder/\(seed.name)")
      if ProcessInfo.processInfo.environment["SPONDEE_WRITE_CORPUS"] != nil { try Data(seed.input).write(to: file) }
      #expect(FileManager.default.fileExists(atPath: file.path), "\(seed.name)")
    }
  }

  // MARK: Whether it is good

  @Test func everyInputIsReadAsItShould() throws {
    for input in try FuzzCorpus.inputs("FuzzStreamParser") {
      for kind in 0..<8 as Range<UInt8> {
        var changed = input.bytes
        changed[0] = kind
        #expect(StreamParserCheck.fault(in: changed) == nil, "\(input.name), first byte \(kind)")
      }
    }
  }

  /// The same with bytes changed, left out and repeated: a little of what the fuzzer does, in every test run.
  @Test(arguments: [true, false]) func whatIsNearlyAnInputIsRecordedAsItShould(isFile: Bool) throws {
    let seeds = try isFile ? RecordingSeeds.all.map(\.input) : FuzzCorpus.inputs("FuzzRecorder").map(\.bytes).filter { $0[0] != 0 }
    var random = Random()
    let odd: [UInt8] = Array("<>/='\"?!& \u{0}\u{7F}".utf8) + [0x80, 0xC3, 0xEF, 0xFF]
    for _ in 0..<400 {
      var input = seeds[random.roll(seeds.count)]
      for _ in 0...random.roll(3) {
        let place = 4 + random.roll(input.count - 4)
        switch random.roll(4) {
        case 0: input[place] = odd[random.roll(odd.count)]
        case 1: input.remove(at: place)
        case 2: input.insert(contentsOf: input[place..<min(input.count, place + random.roll(60))], at: 4 + random.roll(input.count - 4))
        default: input.removeSubrange(place..<min(input.count, place + random.roll(40)))
        }
        if input.count < 40 { input += seeds[0] }
      }
      if let fault = RecorderCheck.fault(in: input) {
        Issue.record("\(String(decoding: input, as: UTF8.self)): \(fault)")
        return
      }
    }
  }

  /// Secrets wherever one may stand, however it is written.
  @Test func noSecretIsRecorded() {
    var random = Random()
    var planted = 0
    for _ in 0..<200 {
      let input = [UInt8(RecorderCheck.Kind.secrets.rawValue)] + (0..<20 + random.roll(180)).map { _ in UInt8(random.roll(256)) }
      planted += RecorderCheck.depth(of: input)
      if let fault = RecorderCheck.fault(in: input) {
        Issue.record("\(fault)")
        return
      }
    }
    #expect(planted > 1000)
  }

  @Test func everyInputIsRecordedAsItShould() throws {
    for name in ["FuzzRecorder", "FuzzStreamParser"] {
      for input in try FuzzCorpus.inputs(name) {
        for kind in RecorderCheck.Kind.allCases {
          var changed = input.bytes
          changed[0] = UInt8(kind.rawValue)
          #expect(RecorderCheck.fault(in: changed) == nil, "\(input.name), as \(kind)")
        }
      }
    }
  }

  /// Choices of runs: chance, and whatever showed a fault.
  @Test func everyRunOfBytesIsGood() throws {
    for input in try FuzzCorpus.inputs("FuzzSimulation") { #expect(SimulationCheck.fault(in: input.bytes) == nil, "\(input.name)") }
  }

  /// The runs that cost most, as far as it can be seen without instrumentation: changes are in proportion to what was said.
  @Test func everyCrowdedRunChangesLittle() throws {
    let inputs = try FuzzCorpus.inputs("FuzzCost")
    #expect(inputs.count >= 5)
    for input in inputs {
      let (fault, changedBytes) = CostCheck.judgeChanges(in: input.bytes)
      #expect(fault == nil, "\(input.name)")
      #expect(changedBytes > 0, "\(input.name)")
    }
  }
}
