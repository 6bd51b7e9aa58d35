public import XML

/// A driver plays a script's characters: it holds all their connections, over sockets or in a simulated world.
///
/// Calls come one at a time and return when they are done. A character is connected between `connect` and `disconnect`; a driver is asked
/// nothing about a character that is not connected.
public protocol ScenarioDriver {
  /// A whole login: stream, authentication, resource binding; no presence. Returns the full JID that was bound.
  mutating func connect(_ character: Character) throws(DriverError) -> Text
  /// Opens a connection on which nothing is said: no stream begins. The character receives like stanzas: what the server offers,
  /// answers of its negotiation, stream errors. TLS begins when the server says that it may.
  mutating func open(_ character: Character) throws(DriverError)
  mutating func send(_ element: Element, as character: String) throws(DriverError)
  /// Writes bytes as they are on the connection of the character.
  mutating func write(_ bytes: [UInt8], as character: String) throws(DriverError)
  /// The next stanza that arrives for the character and was not yet returned; nil when none comes: within the driver's
  /// time-out, or, in simulation, when the world is at rest.
  mutating func receive(as character: String) throws(DriverError) -> Element?
  /// The same, but gives up as soon as it is known that nothing is under way: at rest in simulation, after an answered ping over sockets.
  mutating func receiveIfUnderWay(as character: String) throws(DriverError) -> Element?
  mutating func disconnect(_ character: String) throws(DriverError)
  /// Ends the server's process and starts another with all that is stored. Every connection ends; nothing that came on one is returned.
  mutating func restartServer() throws(DriverError)
  /// Kills the server's process and starts another with all that is durable. Every connection ends.
  mutating func crashServer() throws(DriverError)
  /// The next commit of the server's storage fails.
  mutating func failNextCommit() throws(DriverError)
  /// Changes the world around the server.
  mutating func change(_ change: WorldChange) throws(DriverError)
  /// Asks something of the server as whoever runs it. Returns why it was refused, or `nil` when it is done.
  mutating func operate(_ request: OperatorRequest) throws(DriverError) -> String?
  /// Breaks the character's connection without an end of its stream.
  mutating func breakConnection(of character: String) throws(DriverError)
  /// Makes the character's connection better or worse.
  mutating func change(_ change: ConnectionChange, of character: String) throws(DriverError)
  /// Lets time pass: virtual in simulation, real over sockets.
  mutating func wait(seconds: Int) throws(DriverError)
  /// Ends all that is still open. The last call, made once, whatever the outcome.
  mutating func finish()
}

extension ScenarioDriver {
  public mutating func crashServer() throws(DriverError) { throw DriverError(message: "only the simulator can make a server crash") }
  public mutating func failNextCommit() throws(DriverError) { throw DriverError(message: "only the simulator can make a commit fail") }
  public mutating func change(_ change: WorldChange) throws(DriverError) {
    throw DriverError(message: "only the simulator can change the server's disk, storage or clock")
  }
  public mutating func operate(_ request: OperatorRequest) throws(DriverError) -> String? {
    throw DriverError(message: "this server is another's to operate: leave out --connect, and the script has a server of its own")
  }
  public mutating func breakConnection(of character: String) throws(DriverError) {
    throw DriverError(message: "only the simulator can break a connection")
  }
  public mutating func change(_ change: ConnectionChange, of character: String) throws(DriverError) {
    throw DriverError(message: "only the simulator can make a connection worse")
  }
}

/// The failure of a driver's operation, in words.
public struct DriverError: Error, Sendable, Equatable, CustomStringConvertible {
  public var message: String

  public init(message: String) { self.message = message }

  public var description: String { message }
}

/// How a script ended.
public enum Outcome: Sendable, Equatable {
  case passed
  /// The line of the action that failed, what it expected and what happened, both in words and XML, perhaps of several lines.
  case failed(line: Int, expected: String, got: String)
}

extension Outcome: CustomStringConvertible {
  public var description: String {
    switch self {
    case .passed: "passed"
    case .failed(let line, let expected, let got): "failed at line \(line)\nexpected:\n\(indented(expected))\ngot:\n\(indented(got))"
    }
  }

  private func indented(_ text: String) -> String {
    text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { "  " + String(Substring($0)) }.joined(separator: "\n")
  }
}
