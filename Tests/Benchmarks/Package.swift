// swift-tools-version: 6.2
import PackageDescription

// Run with `swift package --package-path Tests/Benchmarks benchmark`.
let package = Package(
  name: "spondee-benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "spondee", path: "../.."),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.0", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "XMLBenchmarks",
      dependencies: [.product(name: "XML", package: "spondee"), .product(name: "Benchmark", package: "benchmark")],
      path: "Benchmarks/XMLBenchmarks",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ]
)
