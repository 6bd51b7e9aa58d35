// swift-tools-version: 6.2
import PackageDescription

// Times: `swift package --package-path Tests/Benchmarks benchmark`. Instructions, which say the same on every machine: count.py.
let package = Package(
  name: "spondee-benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "spondee", path: "../.."),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.0", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "CoreBenchmarks",
      dependencies: [.product(name: "Workloads", package: "spondee"), .product(name: "Benchmark", package: "benchmark")],
      path: "Benchmarks/CoreBenchmarks",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ]
)
