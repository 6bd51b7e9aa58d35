internal import Foundation
internal import Glibc
internal import ServerCore

extension ServeConfiguration {
  /// `$XDG_DATA_HOME/spondee`, or `~/.local/share/spondee`.
  public static var defaultDataFolder: String {
    let environment = ProcessInfo.processInfo.environment
    if let home = environment["XDG_DATA_HOME"], home.hasPrefix("/") { return home + "/spondee" }
    return (environment["HOME"] ?? FileManager.default.homeDirectoryForCurrentUser.path) + "/.local/share/spondee"
  }
}

/// The folder of one server, which it holds alone while it runs.
final class DataDirectory: Sendable {
  private let lock: Int32

  /// Makes the folder where it is missing, and locks it.
  init(_ path: String) throws(SetupError) {
    do throws(Files.Problem) { try Files.makeFolder(path) } catch {
      throw SetupError("the data folder \(path) can't be made\(error.remark); choose another with --data")
    }
    let file = path + "/lock"
    lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else {
      throw SetupError("\(file) can't be opened\(Files.Problem(code: errno).remark); choose another data folder with --data")
    }
    // `deinit` closes the file here, too: it runs when an initialiser throws that has set everything.
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      throw SetupError("another server uses the data folder \(path); stop it, or choose another with --data")
    }
  }

  deinit { Glibc.close(lock) }

  /// Lets the next server have the folder.
  func release() { flock(lock, LOCK_UN) }

  /// The file's 32 bytes; made at the first start, readable by nobody else.
  static func secret(_ file: String) throws(SetupError) -> [UInt8] {
    if let data = FileManager.default.contents(atPath: file) {
      guard data.count == 32 else { throw SetupError("\(file) should hold 32 bytes; remove it, and the next start makes a new one") }
      return [UInt8](data)
    }
    var generator = SystemRandomNumberGenerator()
    let secret = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
    try write(secret, to: file)
    return secret
  }

  /// The iteration counts that the server has used, kept in a file; made at the first start, and written again when the setting changes.
  static func roundsHistory(
    _ file: String, shares: [RoundsHistory.Share], _ configuration: Configuration, at now: Instant
  ) throws(SetupError) -> RoundsHistory {
    guard let data = FileManager.default.contents(atPath: file) else {
      let history = RoundsHistory(shares: shares, rounds: configuration.scramRounds, secret: configuration.secret, at: now.wall)
      try write(Array(history.text.utf8), to: file)
      return history
    }
    guard var history = RoundsHistory(text: String(decoding: data, as: UTF8.self), secret: configuration.secret) else {
      throw SetupError("\(file) does not say which SCRAM iteration counts were used; remove it, and the next start makes a new one")
    }
    if history.update(shares: shares, rounds: configuration.scramRounds, at: now.wall) { try write(Array(history.text.utf8), to: file) }
    return history
  }

  /// Writes a file that nobody else may read, wholly or not at all.
  static func write(_ bytes: [UInt8], to file: String) throws(SetupError) {
    let temporary = file + ".new"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    defer { if descriptor >= 0 { Glibc.close(descriptor) } }
    guard descriptor >= 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0, rename(temporary, file) == 0
    else {
      throw SetupError(
        "\(file) can't be written\(Files.Problem(code: errno).remark); let this user write there, and see that there is room on the disk")
    }
  }
}
