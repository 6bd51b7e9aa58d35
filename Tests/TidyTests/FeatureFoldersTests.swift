import Foundation
import Testing

/// A feature that has a folder is one folder of the server, one of the simulator, one script, and a line in each of two lists. The centre does
/// not name it, so nothing else changes when it comes, goes or changes.
struct FeatureFoldersTests {
  static let root = LayersTests.root

  /// The features that have a folder, by their names in code.
  static let features: [String] = {
    let folder = root.appendingPathComponent("Sources/ServerCore/Features")
    let entries = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: [.isDirectoryKey])) ?? []
    return entries.filter { (try? $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) ?? false }.map(\.lastPathComponent).sorted()
  }()

  /// The two lists in which a feature is registered.
  static let lists = ["Sources/ServerCore/Features/Feature.swift", "Sources/Simulation/Features/SimulatedFeature.swift"]

  /// Every line of code that names the feature, as `path:line`, outside its folders.
  static func mentions(of feature: String, in files: [(path: String, text: String)]) -> [String] {
    files.flatMap { file -> [String] in
      guard !file.path.contains("/Features/\(feature)/") else { return [] }
      return file.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
        line.lowercased().contains(feature.lowercased()) ? "\(file.path):\(index + 1)" : nil
      }
    }
  }

  static func files() throws -> [(path: String, text: String)] {
    try ["Sources", "Tests", "Fuzz"].flatMap { top -> [(path: String, text: String)] in
      let folder = root.appendingPathComponent(top)
      let all = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
      return try all.filter { $0.pathExtension == "swift" && !$0.path.contains("/.build/") }.map {
        (String($0.path.dropFirst(root.path.count + 1)), try String(contentsOf: $0, encoding: .utf8))
      }
    }
  }

  @Test func thereAreFeatures() { #expect(!Self.features.isEmpty) }

  @Test(arguments: features)
  func aFeatureIsNamedInItsFoldersAndTwoListsAlone(feature: String) throws {
    let mentions = Self.mentions(of: feature, in: try Self.files())
    for list in Self.lists {
      #expect(mentions.count { $0.hasPrefix(list) } == 1, "\(feature) stands in one line of \(list)")
    }
    let others = mentions.filter { mention in !Self.lists.contains { mention.hasPrefix($0) } }
    #expect(others.isEmpty, "\(feature) is named outside its folders: \(others)")
    let simulator = Self.root.appendingPathComponent("Sources/Simulation/Features/\(feature)")
    #expect(FileManager.default.fileExists(atPath: simulator.path), "\(feature) has no part in the simulator")
  }

  /// The search itself finds a name.
  @Test func aMentionIsFound() {
    let file = (path: "Sources/ServerCore/Server.swift", text: "let a = 1\nif PrivateThing.isOn {}\n")
    let own = (path: "Sources/ServerCore/Features/PrivateThing/A.swift", text: "enum PrivateThing {}")
    #expect(Self.mentions(of: "PrivateThing", in: [file, own]) == ["Sources/ServerCore/Server.swift:2"])
  }
}
