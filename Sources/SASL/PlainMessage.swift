internal import XML

/// PLAIN's message (RFC 4616, section 2): authorization, NUL, name, NUL, password. Bytes that are no UTF-8 read as U+FFFD, which no name and no
/// password of an account has.
struct PlainMessage: Sendable, Hashable {
  /// Empty if the client asked for none.
  let authorization: Text
  /// Not empty.
  let name: Text
  /// Not empty.
  let password: Text

  init(authorization: Text, name: Text, password: Text) {
    self.authorization = authorization
    self.name = name
    self.password = password
  }

  init(parsing bytes: [UInt8]) throws(SASLServerExchange.Failure) {
    let parts = bytes.split(separator: 0, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[1].isEmpty, !parts[2].isEmpty else { throw .plainMalformed }
    authorization = Text(utf8: parts[0])
    name = Text(utf8: parts[1])
    password = Text(utf8: parts[2])
  }

  var bytes: [UInt8] { Array(authorization.utf8) + [0] + name.utf8 + [0] + password.utf8 }
}
