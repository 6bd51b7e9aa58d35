import Foundation
import FuzzChecks
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
}
