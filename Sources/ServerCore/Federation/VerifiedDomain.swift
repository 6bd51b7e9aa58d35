internal import XML
internal import XMPP

// The proofs of streams between servers. Each can be made in one way, by what it takes, so that no state of a stream says "authenticated" without
// it. (A recording holds those of the server that it was made of; nothing that serves reads one.)

/// The certificates of one handshake, for which an authority vouches. `VerifiedDomain.prove` says for which domain they stand.
struct TrustedChain: Sendable, Hashable, Codable {
  let names: PresentedNames
  /// The first time at which one of them expires, on the wall clock.
  let until: Int64

  /// - Parameters:
  ///   - settled: the question for the certificates, with its answer.
  ///   - connection: the connection on which they were presented.
  ///   - handshake: the number of the handshake in which they were presented.
  /// - Returns: the problem `noAnswer` unless the answer is a verdict, and to the question of this very handshake.
  static func trust(_ settled: consuming SettledInquiry, of connection: ConnectionID, handshake: Int)
    -> Result<TrustedChain, CertificateProblem>
  {
    guard case .certificate(connection, handshake: handshake) = settled.purpose, case .verdict(let verdict) = settled.answer else {
      return .failure(.noAnswer)
    }
    switch verdict {
    case .trusted(let names, let until): return .success(TrustedChain(names: names, until: until))
    case .rejected(let problem): return .failure(problem)
    }
  }

  private init(names: PresentedNames, until: Int64) { (self.names, self.until) = (names, until) }
}

/// A domain that the other side of a stream has proved to be: what `VerifiedIdentity` is for accounts.
struct VerifiedDomain: Sendable, Hashable, Codable {
  /// Prepared, with U-labels.
  let domain: Text
  /// The time at which the proof expires, on the wall clock (RFC 6120, 13.7.2.3).
  let until: Int64

  /// - Parameter domain: prepared.
  /// - Returns: `nil` if the certificate is somebody else's (RFC 9525, 6).
  static func prove(_ domain: Text, by chain: TrustedChain) -> VerifiedDomain? {
    NameMatching.matches(chain.names, domain: domain) ? VerifiedDomain(domain: domain, until: chain.until) : nil
  }

  private init(domain: Text, until: Int64) { (self.domain, self.until) = (domain, until) }
}

/// The right of a peer to send us stanzas from its domain to one of ours.
struct ProvenPair: Sendable, Hashable, Codable {
  /// A domain of ours, or that of a room service of ours.
  let local: Text
  let peer: VerifiedDomain
}

/// The other server's word that it believes us (RFC 6120, 6.4.6).
struct Acceptance: ~Copyable {
  /// `nil` unless the element says so.
  init?(_ element: Element) {
    guard element.is("success", NS.sasl) else { return nil }
  }
}

/// The right to send stanzas of a pair on a stream: the peer has proved itself, and it believes us.
struct SendingRight: Sendable, Hashable, Codable {
  let pair: DomainPair

  init(of local: Text, to peer: VerifiedDomain, by _: consuming Acceptance) { pair = DomainPair(local: local, remote: peer.domain) }
}
