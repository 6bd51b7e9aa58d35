// swift-tools-version: 6.2
import PackageDescription

/// A fuzzer: libFuzzer brings the main function.
///
/// - Parameter wrapped: calls of the coverage runtime for which the fuzzer has functions of its own.
func fuzzer(_ name: String, _ checks: String..., others: [Target.Dependency] = [], wrapped: [String] = []) -> Target {
  .executableTarget(
    name: name, dependencies: checks.map { .product(name: $0, package: "spondee") } + others,
    swiftSettings: [.unsafeFlags(["-parse-as-library"])],
    linkerSettings: wrapped.isEmpty ? [] : [.unsafeFlags(wrapped.flatMap { ["-Xlinker", "--wrap=__sanitizer_cov_\($0)"] })])
}

// Built with `swift build --package-path Fuzz -c release --sanitize fuzzer --product NAME`. The first three need XML, XMPP and Scenario alone and
// are built in a minute or two; FuzzSASL needs the cryptography as well; the others need the core or the adapter, with all that these need.
let package = Package(
  name: "spondee-fuzz",
  dependencies: [.package(name: "spondee", path: "..")],
  targets: [
    .target(name: "CLibFuzzer"),
    // Only the fuzzer that compares needs expat.
    .systemLibrary(name: "CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
    // The changes of streams, which libFuzzer finds by name in what is linked.
    .target(name: "StreamMutation", dependencies: ["CLibFuzzer", .product(name: "FuzzChecks", package: "spondee")]),
    fuzzer("FuzzStreamParser", "FuzzChecks", others: ["StreamMutation"]),
    fuzzer("FuzzSecondParser", "XML", others: ["CExpat", "StreamMutation"]),
    fuzzer("FuzzText", "FuzzChecks"),
    fuzzer("FuzzSASL", "FuzzSASLChecks"),
    fuzzer("FuzzRecorder", "FuzzCoreChecks"),
    fuzzer("FuzzNames", "FuzzCoreChecks"),
    fuzzer("FuzzSimulation", "FuzzCoreChecks"),
    fuzzer("FuzzAdapter", "FuzzAdapterChecks"),
    // Its work is counted in passed edges: CONTRIBUTING has the options.
    .target(name: "EdgeCount"),
    fuzzer("FuzzCost", "FuzzCoreChecks", others: ["EdgeCount"], wrapped: ["trace_pc_guard", "trace_pc_guard_init"]),
  ]
)
