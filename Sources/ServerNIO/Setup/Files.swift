internal import Glibc

/// Folders and files, and why one can't be made, read or written, in words for whoever runs the server.
public enum Files {
  /// An error code of the system.
  public struct Problem: Error, Sendable, Hashable {
    public let code: Int32
    public init(code: Int32) { self.code = code }

    /// In parentheses with a space before them, or nothing where what the system says adds nothing to what failed.
    public var remark: String { Files.reason(code).map { " (\($0))" } ?? "" }
  }

  /// Makes a folder that nobody else may look into, and those above it that are missing.
  public static func makeFolder(_ path: String) throws(Problem) {
    var made = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      made += made.isEmpty || made.hasSuffix("/") ? part : "/" + part
      guard mkdir(made, 0o700) != 0, errno != EEXIST else { continue }
      // On a file system that nobody may write to, what is there is not said to be there.
      let code = errno
      if !isFolder(made) { throw Problem(code: code) }
    }
    if !isFolder(path) { throw Problem(code: ENOTDIR) }
  }

  public static func isFolder(_ path: String) -> Bool {
    // A file has nothing in it, not even itself.
    access(path + "/.", F_OK) == 0
  }

  public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Why a file can't be read; `nil` if it can.
  public static func problemReading(_ path: String) -> Problem? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return Problem(code: errno) }
    close(descriptor)
    return isFolder(path) ? Problem(code: EISDIR) : nil
  }

  /// Writes a whole file, in the place of what was there.
  public static func write(_ bytes: [UInt8], to path: String) throws(Problem) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Problem(code: errno) }
    defer { close(descriptor) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 || errno == EINTR else { throw Problem(code: errno) }
      rest = rest.dropFirst(max(count, 0))
    }
  }

  /// The meaning of an error code of the system, in words for somebody who wanted a file, a folder or a socket.
  static func reason(_ code: Int32) -> String? {
    switch code {
    // That it is not there is what "can't be read" or "can't be made" has just said.
    case 0, ENOENT: nil
    case EACCES, EPERM: "permission is denied"
    case EROFS: "its file system is read-only"
    case ENOSPC, EDQUOT: "there is no room on the disk"
    case ENOTDIR, EEXIST: "a part of the path is a file and no folder"
    case EISDIR: "it is a folder"
    case ENAMETOOLONG: "the path is too long"
    case EMFILE, ENFILE: "too many files are open"
    case EADDRINUSE: "another program listens there"
    case EADDRNOTAVAIL: "this machine has no such address"
    case EAFNOSUPPORT: "this machine has no addresses of that kind"
    default: String(cString: strerror(code))
    }
  }
}
