import Foundation

/// The folders of `corpus/`, each with the inputs of one fuzzer: those that it was started with, and every one that ever showed it a fault.
enum FuzzCorpus {
  struct Input {
    var name: String
    var bytes: [UInt8]
  }

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../corpus").standardized

  /// The inputs of a fuzzer, in the order of their names.
  static func inputs(_ fuzzer: String) throws -> [Input] {
    let folder = folder.appending(path: fuzzer)
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).sorted { $0.path < $1.path }
    return try files.map { Input(name: $0.lastPathComponent, bytes: [UInt8](try Data(contentsOf: $0))) }
  }
}

/// Chance that is the same in every run.
struct Random {
  private var state: UInt64 = 1

  /// A number from 0 up to `bound`, which is not among them.
  mutating func roll(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % bound
  }

  /// The input with up to four of its bytes, from `first` on, changed, left out or repeated.
  mutating func change(_ input: [UInt8], from first: Int) -> [UInt8] {
    let odd: [UInt8] = Array("<>/='\"?!&,@-:+0\n \u{0}\u{7F}".utf8) + [0x80, 0xC3, 0xEF, 0xFF]
    var input = input
    for _ in 0...roll(3) where input.count > first {
      let place = first + roll(input.count - first)
      switch roll(4) {
      case 0: input[place] = odd[roll(odd.count)]
      case 1: input.remove(at: place)
      case 2: input.insert(contentsOf: input[place..<min(input.count, place + roll(60))], at: first + roll(input.count - first))
      default: input.insert(odd[roll(odd.count)], at: place)
      }
    }
    return input
  }
}
