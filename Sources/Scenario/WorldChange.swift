/// A change of the world around the server, as a script may bring it about.
public enum WorldChange: Sendable, Equatable {
  /// The disk under the server's storage becomes a better or a worse one.
  case disk(DiskState)
  /// Storage refuses to answer questions, or answers again. Commits succeed as before.
  case storage(isReadable: Bool)
  /// Somebody sets the server's wall clock so far ahead, or back.
  case clock(seconds: Int)

  /// The furthest that a script may set the clock: a day.
  public static let clockSeconds = -86_400...86_400
}

/// The disk under the server's storage, as a script may have it.
public enum DiskState: Sendable, Equatable {
  /// No commit succeeds.
  case full
  /// Commits and questions take so many times as long.
  case slow(times: Int)
  /// Nothing is answered any more, until the server's process ends.
  case hung
  /// As at the beginning. A disk that hangs, and for which the server waits, stays as it is.
  case well

  /// A script may make a disk so many times as slow.
  public static let times = 2...1000
}

/// A change of a character's connection while it goes on.
public enum ConnectionChange: String, Sendable, CaseIterable {
  /// The character's program reads no more: what comes stays in the buffers of both systems.
  case stopsReading = "stops reading"
  case readsAgain = "reads again"
  /// Nothing passes on the connection, in either direction, and nobody says so.
  case stalls
  case goesOn = "goes on"
}

// MARK: - As a script has them

extension WorldChange {
  /// The line of a script, without its end.
  public var line: String {
    switch self {
    case .disk(let state): state.line
    case .storage(let isReadable): isReadable ? "Storage can be read again" : "Storage can't be read"
    case .clock(let seconds): "The clock is set \(abs(seconds)) seconds \(seconds < 0 ? "back" : "ahead")"
    }
  }

  fileprivate var summary: String {
    switch self {
    case .disk: "a disk that changes"
    case .storage: "storage that can't be read"
    case .clock: "a clock that is set"
    }
  }
}

extension ConnectionChange {
  fileprivate var summary: String {
    switch self {
    case .stopsReading, .readsAgain: "a client that does not read"
    case .stalls, .goesOn: "a connection that stalls"
    }
  }
}

extension DiskState {
  /// The line of a script, without its end.
  public var line: String {
    switch self {
    case .full: "The disk is full"
    case .slow(let times): "The disk takes \(times) times as long"
    case .hung: "The disk hangs"
    case .well: "The disk works again"
    }
  }
}

// MARK: - Events that only some drivers can bring about

extension Script {
  /// The first action that only the simulator can do, with its line; `nil` if other drivers can play the script, too.
  public var simulatedAction: (line: Int, what: String)? {
    if !servers.isEmpty { return (1, "several servers") }
    for action in actions {
      switch action.event {
      case .serverCrashes: return (action.line, "a crash of the server")
      case .nextCommitFails: return (action.line, "a commit that fails")
      case .world(let change): return (action.line, change.summary)
      case .character(_, .losesConnection): return (action.line, "a connection that breaks")
      case .character(_, .connection(let change)): return (action.line, change.summary)
      case .character, .serverRestarts, .operates, .timePasses: continue
      }
    }
    return nil
  }
}
