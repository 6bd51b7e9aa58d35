public import SASL
public import Storage
public import XML
public import XMPP

/// One connection, for as long as it lives. Never reused within a run.
public struct ConnectionID: Sendable, Hashable, Comparable, Codable {
  public let number: UInt64
  public init(_ number: UInt64) { self.number = number }
  public static func < (a: ConnectionID, b: ConnectionID) -> Bool { a.number < b.number }
}

/// An event that a `Server` handles.
public enum Event: Sendable {
  /// Somebody connected.
  case opened(ConnectionID, Opening)
  case header(ConnectionID, StreamParser.Header)
  case stanza(ConnectionID, Element)
  case streamEnd(ConnectionID)
  case streamFailure(ConnectionID, StreamParser.Failure)
  /// The TLS handshake is complete.
  case encrypted(ConnectionID, TLSFacts)
  /// The system has taken all that was written to the connection, which is one to another server.
  case drained(ConnectionID)
  /// The connection is gone, or its outbox ran over; nothing more can be written to it.
  case closed(ConnectionID)
  /// The commits of its shard up to and with this one are durable.
  case committed(through: CommitID)
  /// This commit and all of its shard after it that were emitted so far are not, and will not be, durable.
  case commitFailed(from: CommitID)
  case answered(InquiryID, Answer)
  /// Somebody with authority over the whole server wants something.
  case control(UInt64, ControlRequest)
  /// `nextDeadline` has come.
  case deadline
  /// Close every stream; the process is about to end.
  case shutdown
}

/// A wish of a `Server`, which its engine carries out.
public enum Effect: Sendable, Codable {
  /// Write the stanza to each addressee, with `from` and `to` put in. Serialise it once.
  case write(Element, from: JID?, to: [Addressee])
  case openStream(ConnectionID, StreamOpening)
  /// End the stream; then, when all is written, the connection.
  case closeStream(ConnectionID)
  /// End the connection when all is written.
  case close(ConnectionID)
  /// Hand the connection to TLS when all is written.
  case startTLS(ConnectionID, TLSStart)
  /// The parser begins a new stream, under these limits.
  case restart(ConnectionID, StreamLimits)
  /// Read no further events from the connection until `resume`.
  case pause(ConnectionID)
  case resume(ConnectionID)
  /// Drop what was received and not read.
  case discardInput(ConnectionID)
  /// Charge the connection for the output before this, which had waited for a commit: a stanza of this connection caused it.
  case charge(ConnectionID)
  /// Make the changes durable, all or none, in the order of the shard's numbers.
  case commit(CommitID, [Change])
  case ask(InquiryID, Question)
  case reply(UInt64, ControlReply)
  case log(LogLevel, String)
  /// End the process at once, without waiting for storage, which does not answer. Every acknowledged change is durable; a process that is started
  /// anew goes on from there. The reason is for the log.
  case giveUp(String)
  /// For another shard; a `Server` hands it over, and never returns it.
  case pass(ShardMessage)
}

public struct Addressee: Sendable, Hashable, Codable {
  public var connection: ConnectionID
  public var to: JID?
  public init(connection: ConnectionID, to: JID?) {
    self.connection = connection
    self.to = to
  }
}

/// A header of ours: it answers a peer's, or is the first (RFC 6120, 4.7).
public struct StreamOpening: Sendable, Hashable, Codable {
  public var role: StreamRole
  /// `nil` in the header of whoever connected (RFC 6120, 4.7.3).
  public var id: Text?
  public var from: Text?
  public var to: Text?
  public var language: Text?
}

public enum LogLevel: String, Sendable, CaseIterable, Codable { case debug, info, warning, error }

public enum ControlRequest: Sendable, Codable {
  case addAccount(JID, password: Secret)
  case changePassword(JID, password: Secret)
  case deleteAccount(JID)
  case disableAccount(JID)
  case enableAccount(JID)
  case listAccounts
}

public enum ControlReply: Sendable, Hashable, Codable {
  case done
  case accounts([AccountListing])
  /// In words that the one who asked can act on.
  case refused(String)
}

public struct AccountListing: Sendable, Hashable, Codable {
  public var jid: JID
  public var isDisabled: Bool
  public init(jid: JID, isDisabled: Bool) {
    self.jid = jid
    self.isDisabled = isDisabled
  }
}
