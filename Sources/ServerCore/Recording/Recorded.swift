internal import SASL
internal import Storage
public import XML

/// A type of which a recording shows some texts or bytes as they are. Of any other, and of what is not listed, it shows stand-ins.
///
/// This is the list of what may stay of the server's state, as `RedactionContext` is of what peers say: identifiers, and the protocol's own words.
/// Addresses (`JID`) stay wherever they stand; `Element` and whatever is private by its type go their own ways.
protocol Recorded {
  static var shown: Shown { get }
}

enum Shown: Sendable {
  /// These properties, with the keys of dictionaries and the items of lists in them; of the case of an enum `case.label`.
  case properties([String])
  /// Everything in it, at any depth: somebody else has put stand-ins into it, or it holds nothing that people say.
  case everything
}

extension Configuration: Recorded {
  static var shown: Shown { .properties(["domains", "softwareVersion", "staticHosts"]) }
}
extension Configuration.Limits: Recorded {
  /// Names of limits, and numbers.
  static var shown: Shown { .everything }
}
extension Configuration.Settings: Recorded {
  /// Names of settings, and what was chosen: choices of ours, and the label of rooms.
  static var shown: Shown { .everything }
}
extension RoundsHistory: Recorded {
  static var shown: Shown { .properties(["key"]) }
}
extension RandomSource: Recorded {
  /// Without its seed nothing could be replayed.
  static var shown: Shown { .properties(["key", "block"]) }
}
extension StreamParser: Recorded {
  /// `Snapshot` puts stand-ins into what it has not read to its end; what it has beside that are names.
  static var shown: Shown { .everything }
}
extension ScramCredentials: Recorded {
  /// The keys are stand-ins by then, and the salt is told to everybody who asks.
  static var shown: Shown { .everything }
}
extension Secret: Recorded {
  static var shown: Shown { .everything }
}
extension ScramClientFirst: Recorded {
  static var shown: Shown { .properties(["gs2Header", "bare", "authorization", "username", "nonce"]) }
}
extension ScramExchange: Recorded {
  static var shown: Shown { .properties(["serverFirst", "nonce"]) }
}
extension Element: Recorded {
  static var shown: Shown { .everything }
}
extension Private: Recorded {
  static var shown: Shown { .everything }
}
extension PrivateKey: Recorded {
  static var shown: Shown { .everything }
}
extension SourceNetwork: Recorded {
  /// A stand-in by then.
  static var shown: Shown { .everything }
}
extension SASLServerExchange.State: Recorded {
  static var shown: Shown { .properties(["findingForPlain.name"]) }
}
extension ClientStream: Recorded {
  static var shown: Shown { .properties(["domain", "language"]) }
}
extension Account: Recorded {
  static var shown: Shown { .properties(["sessions"]) }
}
extension Session: Recorded {
  static var shown: Shown { .properties(["language"]) }
}
extension PendingTask: Recorded {
  static var shown: Shown { .properties(["bind.resource", "bind.id"]) }
}
extension Requester: Recorded {
  static var shown: Shown { .properties(["stream.id"]) }
}
extension Effect: Recorded {
  static var shown: Shown { .properties(["log._1"]) }
}
extension TLSStart: Recorded {
  static var shown: Shown { .properties(["server.domain", "client.serverName", "client.certificateOf"]) }
}
extension DNSQuestion: Recorded {
  /// What DNS and certificates say of domains is public.
  static var shown: Shown { .everything }
}
extension DNSAnswer: Recorded {
  static var shown: Shown { .everything }
}
extension Endpoint: Recorded {
  static var shown: Shown { .everything }
}
extension Question: Recorded {
  static var shown: Shown { .properties(["connect.from"]) }
}
extension CertificateVerdict: Recorded {
  static var shown: Shown { .everything }
}
extension VerifiedDomain: Recorded {
  static var shown: Shown { .everything }
}
extension TrustedChain: Recorded {
  static var shown: Shown { .everything }
}
extension ProvenPair: Recorded {
  static var shown: Shown { .properties(["local"]) }
}
extension IncomingStream: Recorded {
  static var shown: Shown { .properties(["local", "remote", "language"]) }
}
extension StreamParser.ContentAlias: Recorded {
  static var shown: Shown { .everything }
}
extension DomainPair: Recorded {
  static var shown: Shown { .everything }
}
extension Resolution: Recorded {
  static var shown: Shown { .everything }
}
extension StaticHost: Recorded {
  static var shown: Shown { .everything }
}
extension TLSFacts: Recorded {
  static var shown: Shown { .properties(["protocolName"]) }
}
extension StreamOpening: Recorded {
  static var shown: Shown { .properties(["id", "from", "to", "language"]) }
}
extension Query: Recorded {
  /// Keys and the columns that are filtered by are shown by their tables' declarations.
  static var shown: Shown { .everything }
}
extension RowQuery: Recorded {
  static var shown: Shown { .everything }
}
extension Change: Recorded {
  static var shown: Shown { .everything }
}
extension TableRows: Recorded {
  static var shown: Shown { .everything }
}
extension OwnerRows.Summary: Recorded {
  static var shown: Shown { .everything }
}
extension Page: Recorded {
  static var shown: Shown { .everything }
}
extension Room: Recorded {
  static var shown: Shown { .properties(["occupants", "nicks"]) }
}
extension RoomAffiliations: Recorded {
  static var shown: Shown { .properties(["holders", "bannedDomains"]) }
}
extension RoomAffiliations.Entry: Recorded {
  static var shown: Shown { .properties(["nick"]) }
}
extension RoomRelays: Recorded {
  static var shown: Shown { .properties(["entries"]) }
}
extension RoomRelays.Relay: Recorded {
  static var shown: Shown { .properties(["id"]) }
}
