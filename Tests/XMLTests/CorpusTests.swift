import Foundation
import FuzzChecks
import FuzzCoreChecks
import Testing

/// What the fuzzer was started with, and every input that ever showed it a fault.
@Suite struct CorpusTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../corpus/FuzzStreamParser").standardized

  @Test func everyInputIsReadAsItShould() throws {
    let files = try FileManager.default.contentsOfDirectory(at: Self.folder, includingPropertiesForKeys: nil)
    #expect(files.count >= 12)
    for file in files {
      let input = [UInt8](try Data(contentsOf: file))
      for kind in 0..<8 as Range<UInt8> {
        var changed = input
        changed[0] = kind
        #expect(StreamParserCheck.fault(in: changed) == nil, "\(file.lastPathComponent), first byte \(kind)")
      }
    }
  }

  /// The same with bytes changed, left out and repeated: a little of what the fuzzer does, in every test run.
  @Test func whatIsNearlyAnInputIsRecordedAsItShould() throws {
    let folder = Self.folder.deletingLastPathComponent().appending(path: "FuzzRecorder")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    let seeds = try files.sorted { $0.path < $1.path }.map { [UInt8](try Data(contentsOf: $0)) }
    var state: UInt64 = 1
    func roll(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let odd: [UInt8] = Array("<>/='\"?! \u{0}\u{7F}".utf8) + [0x80, 0xC3, 0xEF, 0xFF]
    for _ in 0..<400 {
      var input = seeds[roll(seeds.count)]
      for _ in 0...roll(3) {
        let place = 4 + roll(input.count - 4)
        switch roll(4) {
        case 0: input[place] = odd[roll(odd.count)]
        case 1: input.remove(at: place)
        case 2: input.insert(contentsOf: input[place..<min(input.count, place + roll(60))], at: 4 + roll(input.count - 4))
        default: input.removeSubrange(place..<min(input.count, place + roll(40)))
        }
        if input.count < 40 { input += seeds[0] }
      }
      if let fault = RecorderCheck.fault(in: input) {
        Issue.record("\(String(decoding: input, as: UTF8.self)): \(fault)")
        return
      }
    }
  }

  @Test func everyInputIsRecordedAsItShould() throws {
    let folder = Self.folder.deletingLastPathComponent()
    for name in ["FuzzRecorder", "FuzzStreamParser"] {
      let files = try FileManager.default.contentsOfDirectory(at: folder.appending(path: name), includingPropertiesForKeys: nil)
      #expect(!files.isEmpty)
      for file in files {
        let input = [UInt8](try Data(contentsOf: file))
        for kind in 0..<4 as Range<UInt8> {
          var changed = input
          changed[0] = kind
          #expect(RecorderCheck.fault(in: changed) == nil, "\(file.lastPathComponent), first byte \(kind)")
        }
      }
    }
  }

  /// Choices of runs: chance, and whatever showed a fault.
  @Test func everyRunOfBytesIsGood() throws {
    let folder = Self.folder.deletingLastPathComponent().appending(path: "FuzzSimulation")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    #expect(files.count >= 6)
    for file in files { #expect(SimulationCheck.fault(in: [UInt8](try Data(contentsOf: file))) == nil, "\(file.lastPathComponent)") }
  }
}
