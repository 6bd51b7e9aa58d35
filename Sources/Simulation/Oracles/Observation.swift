internal import Scenario
public import ServerCore
public import XML
public import XMPP

/// One thing that an observer outside the server can see.
///
/// A new case needs its line in `facts`, a producer, and a consumer. Everybody else looks at the cases that concern them, and at the facts.
public enum Observation: Sendable {
  /// A client connected, and will log in.
  case connected(SessionID)
  /// A session was bound.
  case began(SessionID, JID)
  /// Its connection is gone.
  case ended(SessionID)
  /// It wrote this stanza, whole.
  case sent(SessionID, Element)
  /// It wrote these bytes, which need not be stanzas.
  case wrote(SessionID, [UInt8])
  /// It read this stanza.
  case received(SessionID, Element)
  /// Something was broken on purpose.
  case fault(String)
  /// The operator asked something of the server.
  case asked(UInt64, ControlRequest)
  case answered(UInt64, ControlReply)

  /// The facts that reports show of an observation, so that they need not know its case.
  var facts: Facts {
    switch self {
    case .connected(let session): Facts("connected", session) { "connected" }
    case .began(let session, let jid): Facts("began", session, text: jid.text.string) { "began as \(jid)" }
    case .ended(let session): Facts("ended", session) { "ended" }
    case .sent(let session, let element): Facts("sent", session, stanza: element) { "--> \(element)" }
    case .wrote(let session, let bytes):
      Facts("wrote", session, text: RawBytes(bytes).summary) { "--> \(bytes.count) bytes: \(RawBytes(bytes).summary)" }
    case .received(let session, let element): Facts("received", session, stanza: element) { "<-- \(element)" }
    case .fault(let what): Facts("fault", text: what) { "*** \(what)" }
    case .asked(let id, let request): Facts("asked", text: request.summary) { "operator \(id) --> \(request.summary)" }
    case .answered(let id, let reply): Facts("answered", text: reply.summary) { "operator \(id) <-- \(reply)" }
    }
  }

  struct Facts {
    /// The name of the case on the report page.
    let kind: String
    /// The session that it concerns; `nil` if it concerns the server.
    let session: SessionID?
    /// For the report page, beside the kind.
    let text: String?
    let stanza: Element?
    /// For a trace, in words, without the session. Made on demand: writing a stanza costs more than looking at an observation.
    let line: () -> String

    init(_ kind: String, _ session: SessionID? = nil, text: String? = nil, stanza: Element? = nil, line: @escaping () -> String) {
      self.kind = kind
      self.session = session
      self.text = text
      self.stanza = stanza
      self.line = line
    }
  }

  /// The session that it concerns; `nil` if it concerns the server.
  public var session: SessionID? { facts.session }
}

extension Observation: CustomStringConvertible {
  public var description: String { (session.map { "\($0) " } ?? "") + facts.line() }
}

extension ControlRequest {
  /// For people, without the password.
  var summary: String {
    switch self {
    case .addAccount(let jid, _): "add \(jid)"
    case .changePassword(let jid, _): "change the password of \(jid)"
    case .deleteAccount(let jid): "delete \(jid)"
    case .disableAccount(let jid): "disable \(jid)"
    case .enableAccount(let jid): "enable \(jid)"
    case .listAccounts: "list all accounts"
    }
  }
  /// Sessions of the account may end by it.
  var isCutting: Bool {
    switch self {
    case .changePassword, .deleteAccount, .disableAccount: true
    case .addAccount, .enableAccount, .listAccounts: false
    }
  }
  /// The account that it is about.
  var account: JID? {
    switch self {
    case .addAccount(let jid, _), .changePassword(let jid, _), .deleteAccount(let jid), .disableAccount(let jid), .enableAccount(let jid):
      jid
    case .listAccounts: nil
    }
  }
}

extension ControlReply {
  /// For people, without the names of accounts.
  var summary: String {
    switch self {
    case .done: "done"
    case .accounts(let accounts): accounts.count == 1 ? "1 account" : "\(accounts.count) accounts"
    case .refused(let reason): "refused, \(reason)"
    }
  }
}

extension Element {
  /// Whether the stanza asks for the end of its sender's account, by whatever feature.
  var removesAccount: Bool { Element.removals.contains { $0(self) } }
  private static let removals = SimulatedFeature.all.compactMap(\.removesAccount)

  /// RFC 6121, 4.7.2.3: a presence without a priority has zero.
  var priority: Int { child("priority", NS.client).flatMap { Int($0.text.trimmed.string) } ?? 0 }
  /// The number by which a presence of the workload is told from others.
  var presenceNumber: Text? { child("status", NS.client).map(\.text).flatMap { $0.hasPrefix("P") ? $0 : nil } }
}

/// One session's life, from login to the end of its connection; a client that comes back has a new one.
public struct SessionID: Sendable, Hashable, Comparable, CustomStringConvertible {
  public var description: String { "\(actor).\(incarnation)" }
  public var actor: Int
  public var incarnation: Int
  public static func < (a: SessionID, b: SessionID) -> Bool { (a.actor, a.incarnation) < (b.actor, b.incarnation) }
}
