/// Why a server can't start, in one line that says what to do, and with what status the process should exit.
public struct SetupError: Error, Sendable, Hashable, CustomStringConvertible {
  public enum Kind: Sendable, Hashable {
    /// Something about the machine: a port that is taken, a folder that can't be written.
    case failure
    /// Something about the command line.
    case usage
    /// Something about the configuration file.
    case configuration
  }
  public let kind: Kind
  public let description: String

  init(_ description: String, kind: Kind = .failure) {
    self.kind = kind
    self.description = description
  }

  /// 78 is `EX_CONFIG` of sysexits.h.
  public var exitStatus: Int32 {
    switch kind {
    case .failure: 1
    case .usage: 2
    case .configuration: 78
    }
  }
}
