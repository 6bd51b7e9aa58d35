internal import ArgumentParser
internal import Foundation
internal import Scenario
internal import ServerNIO
internal import Simulation

/// Scripts that a command line names.
enum ScriptFiles {
  /// Scripts in the order given; those of a folder by name.
  static func expand(_ paths: [String]) throws -> [String] {
    var files: [String] = []
    for path in paths {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
        throw ValidationError("there is no '\(path)'; give a script (*.scs) or a folder of them")
      }
      if isFolder.boolValue {
        guard let all = try? FileManager.default.contentsOfDirectory(atPath: path) else {
          throw ValidationError("the folder '\(path)' can't be read; let this user read it")
        }
        let inside = all.filter { $0.hasSuffix(".scs") }.sorted()
        guard !inside.isEmpty else { throw ValidationError("'\(path)' holds no *.scs; give another folder") }
        files += inside.map { path + "/" + $0 }
      } else {
        files.append(path)
      }
    }
    return files
  }

  /// The last part of the path, without its ending.
  static func name(_ file: String) -> String { URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent }

  /// A file that is no script, in words.
  struct Mistake: Error {
    var description: String
  }

  /// - Throws: `Mistake` if the file is no script, or `ValidationError` if it can't be read.
  static func read(_ file: String) throws -> Script {
    let source: String
    do { source = try String(contentsOfFile: file, encoding: .utf8) } catch {
      throw ValidationError("'\(file)' can't be read\(Files.problemReading(file)?.remark ?? " (it is not UTF-8)")")
    }
    let script: Script
    do { script = try Script(parsing: source, name: file) } catch { throw Mistake(description: "\(error)") }
    if let problem = SimulatedDriver.problem(of: script) { throw Mistake(description: "\(file): \(problem)") }
    return script
  }
}
