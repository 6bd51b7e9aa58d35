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

  /// Every line that names the feature, as `path:line`, outside its folders: by an identifier that is its name or has it as a part.
  static func mentions(of feature: String, in files: [(path: String, text: String)]) -> [String] {
    files.flatMap { file -> [String] in
      guard !file.path.contains("/Features/\(feature)/") else { return [] }
      let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false)
      return lines.indices.filter { names(lines[$0], feature) }.map { "\(file.path):\($0 + 1)" }
    }
  }

  /// `Ping` is in `PingMark`, `Ping.feature` and `.pingHost`, but not in `Mapping` or `pinged`; other words in small letters are prose.
  static func names(_ line: Substring, _ feature: String) -> Bool {
    let small = feature.prefix { $0.isUppercase }.count == 1 ? feature.prefix(1).lowercased() + feature.dropFirst() : feature.lowercased()
    return has(line, feature) { !$0.isLowercase } || has(line, small) { $0.isUppercase }
  }

  /// Whether a word stands there with no letter before it, or behind it a character of this kind or nothing.
  private static func has(_ line: Substring, _ word: String, before isEnd: (Character) -> Bool) -> Bool {
    line.ranges(of: word).contains { range in
      let isBeginning =
        range.lowerBound == line.startIndex || !line[line.index(before: range.lowerBound)].isLetter || word.first!.isUppercase
      return isBeginning && (range.upperBound == line.endIndex ? word.first!.isUppercase : isEnd(line[range.upperBound]))
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
      let count = mentions.count { $0.hasPrefix(list) }
      #expect(count == 1 || (count == 0 && list != Self.lists[0]), "\(feature) stands in one line of \(list)")
    }
    let others = mentions.filter { mention in !Self.lists.contains { mention.hasPrefix($0) } }
    #expect(others.isEmpty, "\(feature) is named outside its folders: \(others)")
    let simulator = Self.root.appendingPathComponent("Sources/Simulation/Features/\(feature)")
    let isStored = try Self.files().contains { $0.path.contains("ServerCore/Features/\(feature)/") && $0.text.contains(": StoredRow {") }
    #expect(!isStored || FileManager.default.fileExists(atPath: simulator.path), "\(feature) stores rows and has no part in the simulator")
  }

  @Test(arguments: [
    ("let a = PingMark.host", true), ("Ping.feature,", true), ("case pingHost", true), ("stops at Ping", true), ("struct Mapping {", false),
    ("a pinged client", false), ("to ping a room", false),
  ])
  func aNameIsAPartOfAnIdentifier(line: String, isNamed: Bool) { #expect(Self.names(Substring(line), "Ping") == isNamed) }

  /// The search itself finds a name.
  @Test func aMentionIsFound() {
    let file = (path: "Sources/ServerCore/Server.swift", text: "let a = 1\nif PrivateThing.isOn {}\n")
    let own = (path: "Sources/ServerCore/Features/PrivateThing/A.swift", text: "enum PrivateThing {}")
    #expect(Self.mentions(of: "PrivateThing", in: [file, own]) == ["Sources/ServerCore/Server.swift:2"])
  }
}
