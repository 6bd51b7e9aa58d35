import Foundation
import Testing

/// The program as somebody sees it who types commands: each message says what failed and what to do, in one line.
@Suite struct CommandTests {
  struct Outcome {
    var status: Int32
    var output: String
    var errors: String
  }

  /// Runs the program that was built beside the tests.
  private func spondee(_ arguments: String..., input: String = "") throws -> Outcome { try spondee(arguments, input: input) }

  private func spondee(_ arguments: [String], input: String = "") throws -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent().appending(
      path: "spondee")
    process.arguments = arguments
    let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
    (process.standardInput, process.standardOutput, process.standardError) = (stdin, stdout, stderr)
    try process.run()
    stdin.fileHandleForWriting.write(Data(input.utf8))
    try stdin.fileHandleForWriting.close()
    let errors = stderr.fileHandleForReading
    nonisolated(unsafe) var complaint = Data()
    let reading = Thread { complaint = errors.readDataToEndOfFile() }
    reading.start()
    let output = stdout.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    while !reading.isFinished { usleep(1000) }
    return Outcome(
      status: process.terminationStatus, output: String(decoding: output, as: UTF8.self), errors: String(decoding: complaint, as: UTF8.self)
    )
  }

  /// A folder that goes with the test.
  private final class Folder {
    let path = FileManager.default.temporaryDirectory.appending(path: "spondee-command-\(UInt64.random(in: 0...UInt64.max))").path
    init() { try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    func write(_ text: String, to name: String) throws -> String {
      try text.write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
      return path + "/" + name
    }
  }

  private func check(_ outcome: Outcome, status: Int32, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(outcome.status == status, "\(outcome.errors)", sourceLocation: sourceLocation)
    for part in parts { #expect(outcome.errors.contains(part), "\(outcome.errors)", sourceLocation: sourceLocation) }
    // Whole sentences of the system's add nothing.
    for remark in ["The operation could", "couldn’t be", "doesn’t exist", "doesn't exist", "NSCocoa", "Error Domain", "errno", "IOError"] {
      #expect(!outcome.errors.contains(remark), "\(outcome.errors)", sourceLocation: sourceLocation)
    }
    #expect(
      outcome.errors.split(separator: "\n").count { $0.hasPrefix("spondee:") || $0.hasPrefix("Error:") } == 1,
      sourceLocation: sourceLocation)
  }

  // MARK: Folders and files

  @Test func aDataFolderThatIsNotThereIsNotMadeByLooking() throws {
    let folder = Folder()
    for words in [["list"], ["delete", "romeo@localhost"], ["disable", "romeo@localhost"]] {
      let outcome = try spondee(["account"] + words + ["--data", folder.path + "/typo"])
      check(outcome, status: 2, folder.path + "/typo", "--data")
      #expect(!FileManager.default.fileExists(atPath: folder.path + "/typo"))
    }
    let added = try spondee(["account", "add", "romeo@localhost", "--password-stdin", "--data", folder.path + "/new"], input: "pw\n")
    #expect(added.status == 0)
    #expect(try spondee(["account", "list", "--data", folder.path + "/new"]).output == "romeo@localhost\n")
  }

  @Test func aDataFolderThatCannotBeMade() throws {
    let folder = Folder()
    let file = try folder.write("", to: "file")
    check(
      try spondee("serve", "--data", file + "/data"), status: 1,
      "data folder \(file)/data can't be made (a part of the path is a file", "--data")
    check(
      try spondee("account", "add", "a@localhost", "--password-stdin", "--data", "/proc/data", input: "pw\n"), status: 1,
      "data folder /proc/data can't be made; choose another with --data")
    check(try spondee("serve", "--data", folder.path, "--port", "0", "--record", file + "/r"), status: 1, "choose another with --record")
  }

  @Test func certificatesThatCannotBeRead() throws {
    let folder = Folder()
    try FileManager.default.createDirectory(atPath: folder.path + "/certs", withIntermediateDirectories: true)
    _ = try folder.write("nonsense", to: "certs/localhost.crt")
    check(try spondee("serve", "--data", folder.path, "--port", "0"), status: 1, "localhost.key can't be read", "put it there")
    _ = try folder.write("nonsense", to: "certs/localhost.key")
    check(try spondee("serve", "--data", folder.path, "--port", "0"), status: 1, "are not a certificate and its key in PEM", "replace them")
  }

  @Test func aDatabaseThatIsNone() throws {
    let folder = Folder()
    _ = try folder.write(String(repeating: "nonsense", count: 1000), to: "spondee.sqlite")
    check(try spondee("account", "list", "--data", folder.path), status: 1, "spondee.sqlite can't be opened as a database", "put a copy")
    _ = try folder.write("nonsense", to: "secret")
    check(try spondee("account", "list", "--data", folder.path), status: 1, "should hold 32 bytes; remove it")
  }

  @Test func aPathThatIsTooLongForASocket() throws {
    let folder = Folder()
    let long = folder.path + "/" + String(repeating: "a", count: 110)
    check(try spondee("serve", "--data", long, "--port", "0"), status: 1, "longer than the 107 bytes", "--data")
  }

  @Test func aPortThatIsTaken() throws {
    let folder = Folder()
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        #expect(bind(descriptor, $0, size) == 0 && listen(descriptor, 1) == 0 && getsockname(descriptor, $0, &size) == 0)
      }
    }
    let port = UInt16(bigEndian: address.sin_port)
    check(
      try spondee("serve", "--data", folder.path, "--port", "\(port)"), status: 1,
      "can't listen on 127.0.0.1:\(port) (another program listens there)", "--port")
  }

  @Test func whatIsNoConfiguration() throws {
    let folder = Folder()
    check(try spondee("serve", "--config", folder.path + "/none"), status: 78, "/none: the configuration can't be read; check the path")
    let wrong = try folder.write("limits:\n  room_lock_seconds: 0\n", to: "wrong.yaml")
    check(try spondee("serve", "--config", wrong), status: 78, "wrong.yaml:2: `0` is not a whole number from 1 to 31536000")
    let rounds = try folder.write("scram_rounds: 100\n", to: "rounds.yaml")
    check(try spondee("serve", "--config", rounds), status: 78, "rounds.yaml:1: `100` is not a whole number from 4096 to 10000000")
  }

  @Test func whatIsNoScriptOrRecording() throws {
    let folder = Folder()
    check(try spondee("scenario", folder.path + "/none"), status: 2, "there is no", "give a script")
    check(try spondee("scenario", folder.path), status: 2, "holds no *.scs", "give another")
    check(try spondee("simulate", "--replay", folder.path + "/none"), status: 2, "/none can't be read; give --replay")
    check(try spondee("simulate", "--replay", folder.path), status: 2, "there is no *.recording in \(folder.path)", "another folder")
    check(
      try spondee("simulate", "--seed", "1", "--duration", "1s", "--json", folder.path + "/none/x"), status: 2,
      "none/x can't be written; see that its folder")
    let file = try folder.write("", to: "file")
    check(
      try spondee("simulate", "--seed", "1", "--output", file + "/x"), status: 2, "can't be made (a part of the path is a file", "--output")
  }

  // MARK: The output of a campaign

  @Test func oneSeedListsNoMarks() throws {
    let outcome = try spondee("simulate", "--seed", "3", "--duration", "2s")
    #expect(outcome.status == 0 && !outcome.output.contains("marks were not reached"), "\(outcome.output)")
    #expect(outcome.output.split(separator: "\n").count == 2, "\(outcome.output)")
    #expect(outcome.output.contains("1 passed, 0 failed"))
  }

  @Test func failuresComeBeforeTheSummaryAndTheirFilesIntoAFolder() throws {
    let folder = Folder()
    let output = folder.path + "/new/folder"
    let outcome = try spondee("simulate", "--seeds", "0..<4", "--mutation", "senderBared", "--shrink", "--output", output)
    #expect(outcome.status == 1, "\(outcome.output)\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n")
    let lastFailure = try #require(lines.lastIndex { $0.hasPrefix("FAIL ") })
    let summary = try #require(lines.firstIndex { $0.contains(" of virtual time, digest ") })
    #expect(lastFailure < summary && lines.last?.contains(" failed; ") ?? false, "\(outcome.output)")
    let files = try FileManager.default.contentsOfDirectory(atPath: output).map { URL(fileURLWithPath: $0).pathExtension }
    #expect(Set(files) == ["trace", "scs", "html"])
  }
}
