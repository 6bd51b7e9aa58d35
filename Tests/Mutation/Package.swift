// swift-tools-version: 6.2
import PackageDescription

// Mutation testing of the core: see CONTRIBUTING.md. A package of its own, so that the server's build does not pay for SwiftSyntax.
let settings: [SwiftSetting] = [
  .treatAllWarnings(as: .error), .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "spondee-mutation",
  platforms: [.macOS(.v15)],
  dependencies: [.package(url: "https://github.com/swiftlang/swift-syntax", exact: "603.0.1")],
  targets: [
    .target(
      name: "MutationRules",
      dependencies: [
        .product(name: "SwiftSyntax", package: "swift-syntax"), .product(name: "SwiftParser", package: "swift-syntax"),
        .product(name: "SwiftOperators", package: "swift-syntax"),
      ],
      swiftSettings: settings),
    .executableTarget(name: "mutate", dependencies: ["MutationRules"], path: "Sources/Mutate", swiftSettings: settings),
    .testTarget(name: "MutationRulesTests", dependencies: ["MutationRules"], swiftSettings: settings),
  ]
)
