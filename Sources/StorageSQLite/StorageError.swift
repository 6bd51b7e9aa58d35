/// Why a database can't be opened or written, in one line for whoever runs the server.
public struct StorageError: Error, Sendable, Hashable, CustomStringConvertible {
  public let description: String
  init(_ description: String) { self.description = description }
}
