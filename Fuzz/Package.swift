// swift-tools-version: 6.2
import PackageDescription

// Built with `swift build --package-path Fuzz -c release --sanitize fuzzer`, and `--product NAME` for one of them. libFuzzer brings the main function.
let package = Package(
  name: "spondee-fuzz",
  dependencies: [.package(name: "spondee", path: "..")],
  targets: [
    .executableTarget(
      name: "FuzzStreamParser",
      dependencies: [.product(name: "FuzzChecks", package: "spondee")],
      swiftSettings: [.unsafeFlags(["-parse-as-library"])]),
    .executableTarget(
      name: "FuzzRecorder",
      dependencies: [.product(name: "FuzzCoreChecks", package: "spondee")],
      swiftSettings: [.unsafeFlags(["-parse-as-library"])]),
    .executableTarget(
      name: "FuzzSimulation",
      dependencies: [.product(name: "FuzzCoreChecks", package: "spondee")],
      swiftSettings: [.unsafeFlags(["-parse-as-library"])]),
    .target(name: "EdgeCount"),
    .executableTarget(
      name: "FuzzCost",
      dependencies: ["EdgeCount", .product(name: "FuzzCoreChecks", package: "spondee")],
      swiftSettings: [.unsafeFlags(["-parse-as-library"])],
      linkerSettings: [
        .unsafeFlags([
          "-Xlinker", "--wrap=__sanitizer_cov_trace_pc_guard", "-Xlinker", "--wrap=__sanitizer_cov_trace_pc_guard_init",
        ])
      ]),
  ]
)
