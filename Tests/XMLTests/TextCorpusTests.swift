import FuzzAdapterChecks
import FuzzChecks
import FuzzCoreChecks
import FuzzSASLChecks
import Testing

/// The corpora of the parsers of texts, SASL messages, configurations and control lines, and of names in certificates, through the checks
/// of their fuzzers.
@Suite struct TextCorpusTests {
  struct Fuzzer: Sendable, CustomTestStringConvertible {
    var name: String
    /// The parsers that the first byte of an input chooses among.
    var kinds: Int
    var fault: @Sendable ([UInt8]) -> String?
    var depth: @Sendable ([UInt8]) -> Int
    var testDescription: String { name }
  }

  static let fuzzers = [
    Fuzzer(
      name: "FuzzText", kinds: TextCheck.Kind.allCases.count, fault: { TextCheck.fault(in: $0) }, depth: { TextCheck.depth(of: $0) }),
    Fuzzer(
      name: "FuzzSASL", kinds: SASLCheck.Kind.allCases.count, fault: { SASLCheck.fault(in: $0) }, depth: { SASLCheck.depth(of: $0) }),
    Fuzzer(
      name: "FuzzAdapter", kinds: AdapterCheck.Kind.allCases.count, fault: { AdapterCheck.fault(in: $0) },
      depth: { AdapterCheck.depth(of: $0) }),
    Fuzzer(name: "FuzzNames", kinds: 1, fault: { NameMatchingCheck.fault(in: $0) }, depth: { NameMatchingCheck.depth(of: $0) }),
  ]

  @Test(arguments: fuzzers) func everyInputIsReadAsItShould(fuzzer: Fuzzer) throws {
    for input in try FuzzCorpus.inputs(fuzzer.name) {
      if let fault = fuzzer.fault(input.bytes) { Issue.record("\(fuzzer.name)/\(input.name): \(fault)") }
    }
  }

  /// A corpus in which a parser refuses everything tests nothing of what is behind it, and looks as good as any.
  @Test(arguments: fuzzers) func everyParserTakesSomeOfItsInputs(fuzzer: Fuzzer) throws {
    let inputs = try FuzzCorpus.inputs(fuzzer.name)
    for kind in 0..<fuzzer.kinds {
      let depths = inputs.filter { Int($0.bytes.first ?? 0) % fuzzer.kinds == kind }.map { fuzzer.depth($0.bytes) }
      #expect(depths.count { $0 > 0 } >= 3, "kind \(kind) of \(fuzzer.name): \(depths)")
    }
  }

  /// A little of what the fuzzers do, in every test run.
  @Test(arguments: fuzzers) func whatIsNearlyAnInputIsReadAsItShould(fuzzer: Fuzzer) throws {
    let inputs = try FuzzCorpus.inputs(fuzzer.name)
    var random = Random()
    for _ in 0..<1500 {
      let input = random.change(inputs[random.roll(inputs.count)].bytes, from: 1)
      if let fault = fuzzer.fault(input) {
        Issue.record("\(input): \(fault)")
        return
      }
    }
  }
}
