// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours is built alike: language mode 6, warnings are errors, and what is unsafe says so.
let settings: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]
let strict = settings + [.strictMemorySafety()]

let package = Package(
  name: "spondee",
  products: [
    .library(name: "XML", targets: ["XML"]),
    .library(name: "XMPP", targets: ["XMPP"]),
    .library(name: "SASL", targets: ["SASL"]),
    .library(name: "ServerCore", targets: ["ServerCore"]),
    .library(name: "ClientCore", targets: ["ClientCore"]),
    .library(name: "Simulation", targets: ["Simulation"]),
    .library(name: "Scenario", targets: ["Scenario"]),
    .library(name: "FuzzChecks", targets: ["FuzzChecks"]),
    .library(name: "FuzzSASLChecks", targets: ["FuzzSASLChecks"]),
    .library(name: "FuzzCoreChecks", targets: ["FuzzCoreChecks"]),
    .library(name: "FuzzAdapterChecks", targets: ["FuzzAdapterChecks"]),
    .library(name: "Workloads", targets: ["Workloads"]),
    .executable(name: "spondee", targets: ["spondee"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
  ],
  targets: [
    .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
    .systemLibrary(name: "CIDN2", pkgConfig: "libidn2", providers: [.apt(["libidn2-dev"])]),
    .systemLibrary(name: "CUnistring", providers: [.apt(["libunistring-dev"])]),

    .target(name: "XML", dependencies: ["CLibXML2"], swiftSettings: strict),
    .target(name: "XMPP", dependencies: ["XML", "CIDN2", "CUnistring"], swiftSettings: strict),
    .target(name: "SASL", dependencies: ["XML", "XMPP", .product(name: "Crypto", package: "swift-crypto")], swiftSettings: strict),
    .target(
      name: "Storage",
      dependencies: ["XML", "XMPP", .product(name: "OrderedCollections", package: "swift-collections")], swiftSettings: strict),
    .target(
      name: "ServerCore",
      dependencies: [
        "XML", "XMPP", "SASL", "Storage",
        .product(name: "OrderedCollections", package: "swift-collections"),
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "HeapModule", package: "swift-collections"),
      ],
      swiftSettings: strict),
    .target(name: "ClientCore", dependencies: ["XML", "XMPP", "SASL"], swiftSettings: strict),
    .target(name: "Scenario", dependencies: ["XML", "XMPP"], swiftSettings: strict),
    .target(
      name: "Simulation",
      dependencies: [
        "CLibXML2", "XML", "XMPP", "SASL", "Storage", "ServerCore", "ClientCore", "Scenario",
        .product(name: "OrderedCollections", package: "swift-collections"),
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "HeapModule", package: "swift-collections"),
      ],
      resources: [.embedInCode("Report/Page")],
      swiftSettings: strict),
    .target(
      name: "StorageSQLite", dependencies: ["XML", "XMPP", "Storage", .product(name: "GRDB", package: "GRDB.swift")],
      swiftSettings: settings),
    .target(
      name: "ServerNIO",
      dependencies: [
        "XML", "XMPP", "SASL", "Storage", "ServerCore", "StorageSQLite",
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"), .product(name: "X509", package: "swift-certificates"),
        .product(name: "Crypto", package: "swift-crypto"), .product(name: "CryptoExtras", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: settings),
    .target(
      name: "ScenarioNIO",
      dependencies: [
        "XML", "XMPP", "ClientCore", "Scenario",
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "spondee",
      dependencies: [
        "XML", "XMPP", "SASL", "ServerCore", "Simulation", "Scenario", "ScenarioNIO", "ServerNIO",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    .testTarget(name: "ScenarioTests", dependencies: ["Scenario", "XML"], swiftSettings: settings),
    .testTarget(name: "SASLTests", dependencies: ["SASL", "XMPP", "XML"], swiftSettings: settings),
    .testTarget(name: "XMPPTests", dependencies: ["XMPP", "XML"], swiftSettings: settings),
    .testTarget(
      name: "StorageSQLiteTests", dependencies: ["StorageSQLite", "Storage", "ServerCore", "SASL", "XMPP", "XML"],
      resources: [.copy("Fixtures")],
      swiftSettings: settings),
    // One suite for every backend.
    .testTarget(name: "StorageTests", dependencies: ["Storage", "StorageSQLite", "XMPP", "XML"], swiftSettings: settings),
    .testTarget(
      name: "ServerNIOTests",
      dependencies: [
        "ServerNIO", "ServerCore", "StorageSQLite", "Storage", "SASL", "XMPP", "XML",
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ServerCoreTests",
      dependencies: [
        "ServerCore", "Storage", "SASL", "XML", "XMPP",
        .product(name: "OrderedCollections", package: "swift-collections"),
        .product(name: "DequeModule", package: "swift-collections"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "NetworkParityTests", dependencies: ["Simulation", "ServerNIO", "ServerCore", "ClientCore", "SASL", "XMPP", "XML"],
      swiftSettings: settings),
    .testTarget(name: "TidyTests", swiftSettings: settings),
    // Runs the program.
    .testTarget(name: "CommandTests", dependencies: ["spondee"], swiftSettings: settings),
    .testTarget(
      name: "SimulationTests",
      dependencies: [
        "Simulation", "Scenario", "ClientCore", "ServerCore", "Storage", "SASL", "XMPP", "XML",
        .product(name: "OrderedCollections", package: "swift-collections"),
      ],
      swiftSettings: settings),
    // The measured workloads: a target here too, for the program that counts instructions; the package in Tests/Benchmarks takes times.
    .target(
      name: "Workloads", dependencies: ["XML", "XMPP", "SASL", "Storage", "ServerCore", "ClientCore", "ServerNIO"],
      path: "Tests/Benchmarks/Workloads",
      swiftSettings: settings),
    .executableTarget(name: "spondee-count", dependencies: ["Workloads"], path: "Tests/Benchmarks/Count", swiftSettings: settings),
    // The checks of the fuzzers in the package in Fuzz, targets here so that a test can replay what the fuzzers found.
    // Those of one target need the same modules, so that a fuzzer is built with few others.
    .target(name: "FuzzChecks", dependencies: ["XML", "XMPP", "Scenario"], path: "Fuzz/Checks", swiftSettings: settings),
    .target(name: "FuzzSASLChecks", dependencies: ["XML", "XMPP", "SASL"], path: "Fuzz/SASLChecks", swiftSettings: settings),
    .target(
      name: "FuzzCoreChecks", dependencies: ["XML", "XMPP", "SASL", "Storage", "ServerCore", "Simulation"], path: "Fuzz/CoreChecks",
      swiftSettings: settings),
    .target(
      name: "FuzzAdapterChecks", dependencies: ["XML", "XMPP", "SASL", "ServerCore", "ServerNIO"], path: "Fuzz/AdapterChecks",
      swiftSettings: settings),
    .testTarget(
      name: "XMLTests", dependencies: ["XML", "FuzzChecks", "FuzzSASLChecks", "FuzzCoreChecks", "FuzzAdapterChecks"],
      swiftSettings: settings),
  ]
)
