internal import Foundation
internal import MutationRules

// mutate TREE CATALOG EXCLUDED FOLDER…: rewrites the Swift files of these folders of TREE in place, and writes the list of mutants to
// CATALOG. EXCLUDED is a file with a mutant's identity on each line.

/// Code for tests alone, which see and count by it: the server itself uses none of it.
let unjudged = ["Sources/ServerCore/Introspection.swift", "Sources/ServerCore/Gauges.swift", "Sources/ServerCore/Marks/"]

struct Refusal: Error, CustomStringConvertible { var description: String }

func run(_ arguments: [String]) throws {
  guard arguments.count >= 4 else { throw Refusal(description: "usage: mutate TREE CATALOG EXCLUDED FOLDER…") }
  let tree = URL(fileURLWithPath: arguments[0], isDirectory: true)
  let excluded = try String(contentsOfFile: arguments[2], encoding: .utf8).split(separator: "\n").map(String.init)
  var files: [String] = []
  for folder in arguments[3...] {
    let all = FileManager.default.enumerator(atPath: tree.appendingPathComponent(folder).path)
    var here: [String] = []
    while let name = all?.nextObject() as? String { if name.hasSuffix(".swift") { here.append(folder + "/" + name) } }
    // In the order of the folders: what changes the numbers in one leaves those of the folders before it as they are.
    files += here.filter { file in !unjudged.contains { file.hasPrefix($0) } }.sorted()
  }
  let sources = try files.map { try String(contentsOf: tree.appendingPathComponent($0), encoding: .utf8) }
  let mutator = Mutator(enums: EnumCatalog(sources: Array(zip(files, sources)).map { (file: $0, text: $1) }), excluded: Set(excluded))
  var mutants: [Mutant] = []
  for (file, source) in zip(files, sources) {
    let mutated = mutator.mutate(source, file: file, first: mutants.count + 1)
    mutants += mutated.mutants
    try mutated.text.write(to: tree.appendingPathComponent(file), atomically: false, encoding: .utf8)
  }
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  let lines = try mutants.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
  try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: arguments[1]))
  print("\(mutants.count) mutants in \(files.count) files")
}

do {
  try run(Array(CommandLine.arguments.dropFirst()))
} catch {
  FileHandle.standardError.write(Data("mutate: \(error)\n".utf8))
  exit(2)
}
