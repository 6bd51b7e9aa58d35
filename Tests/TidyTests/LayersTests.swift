import Foundation
import Testing

/// The rules of ARCHITECTURE.md that the compiler does not know.
struct LayersTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The imports that each module of ours may have. Arrows point only upwards in this list.
  static let allowed: [(module: String, imports: Set<String>)] = [
    ("XML", ["CLibXML2"]),
    ("XMPP", ["XML", "CIDN2", "CUnistring"]),
    ("Storage", ["XML", "XMPP", "OrderedCollections"]),
    ("SASL", ["XML", "XMPP", "Crypto"]),
    ("ServerCore", ["XML", "XMPP", "SASL", "Storage", "OrderedCollections", "DequeModule", "HeapModule"]),
    ("ClientCore", ["XML", "XMPP", "SASL"]),
    ("Scenario", ["XML", "XMPP"]),
    (
      "Simulation",
      [
        "CLibXML2", "XML", "XMPP", "SASL", "Storage", "ServerCore", "ClientCore", "Scenario", "OrderedCollections", "DequeModule",
        "HeapModule",
      ]
    ),
    ("StorageSQLite", ["XML", "XMPP", "Storage", "GRDB", "Foundation", "Dispatch", "Glibc", "Synchronization"]),
  ]
  static let pure = ["XML", "XMPP", "SASL", "Storage", "ServerCore", "ClientCore", "Scenario", "Simulation"]

  static func sources(of module: String) throws -> [(name: String, text: String)] {
    let folder = root.appendingPathComponent("Sources/\(module)")
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
    return try files.filter { $0.pathExtension == "swift" }.map { ($0.lastPathComponent, try String(contentsOf: $0, encoding: .utf8)) }
  }

  /// The code of a file, without comments and the text of literals.
  static func code(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let withoutComment = line.range(of: "//").map { line[..<$0.lowerBound] } ?? line[...]
      return String(withoutComment)
    }
  }

  @Test(arguments: allowed.map(\.module))
  func importsPointUpwards(module: String) throws {
    let imports = Self.allowed.first { $0.module == module }!.imports
    let files = try Self.sources(of: module)
    #expect(!files.isEmpty)
    for file in files {
      for line in Self.code(file.text) where line.contains("import ") && !line.hasPrefix(" ") {
        let name = String(line.split(separator: " ").last!)
        #expect(imports.contains(name), "\(module)/\(file.name) imports \(name)")
      }
    }
  }

  /// No clock, no randomness but what is given, no tasks, no addresses, no hash order: or a run could not be replayed.
  static let forbidden = [
    "import Foundation", "Date(", "ContinuousClock", "SuspendingClock", "DispatchTime", "SystemRandomNumberGenerator", ".random(",
    "randomElement(",
    ".shuffle", "Task {", "Task.", "async ", "await ", "UUID(", ".hashValue", "ObjectIdentifier(", "clock_gettime", "getenv", "ProcessInfo",
    "print(",
    "fatalError(", "try!",
  ]

  @Test(arguments: pure)
  func pureModulesStayPure(module: String) throws {
    for file in try Self.sources(of: module) {
      for (number, line) in Self.code(file.text).enumerated() {
        for word in Self.forbidden {
          #expect(!line.contains(word), "\(module)/\(file.name):\(number + 1) has '\(word)'")
        }
      }
    }
  }

  /// A `Dictionary` or a `Set` that is kept and iterated shows its order. Those that the pure modules keep are listed with why they may.
  @Test(arguments: pure)
  func hashTablesAreNotIterated(module: String) throws {
    for file in try Self.sources(of: module) {
      let lines = Self.code(file.text)
      var tables: [String] = []
      let declaration = /(?:let|var) (\w+)(?:: (?:\[[\w.]+: [^\]]+\]|Set<.+>)| = (?:Set|Dictionary)[<(])/
      for line in lines where !line.contains("Ordered") {
        if let match = line.firstMatch(of: declaration) { tables.append(String(match.1)) }
      }
      for (number, line) in lines.enumerated() {
        for table in tables {
          let iterates = [
            "in \(table) {", "in \(table) where", "\(table).map", "\(table).forEach", "\(table).values", "\(table).keys", "\(table).first ",
          ]
          for shape in iterates where line.contains(shape) && !line.contains(".sorted") {
            #expect(Bool(false), "\(module)/\(file.name):\(number + 1) iterates the hash table '\(table)'")
          }
        }
      }
    }
  }

  /// A file is read in one sitting.
  @Test func filesAreShort() throws {
    for folder in ["Sources", "Tests", "Fuzz"] {
      let files =
        FileManager.default.enumerator(at: Self.root.appendingPathComponent(folder), includingPropertiesForKeys: nil)?.compactMap {
          $0 as? URL
        } ?? []
      for file in files where file.pathExtension == "swift" && !file.path.contains("/.build/") {
        let count = try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false).count
        #expect(count <= 400, "\(file.lastPathComponent) has \(count) lines")
      }
    }
  }
}
