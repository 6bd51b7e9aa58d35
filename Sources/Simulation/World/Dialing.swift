internal import ServerCore
internal import XML
internal import XMPP

// How the servers of a world find each other, connect, and know each other's certificates.

extension World {
  /// A domain's server is found and has a certificate from here on.
  mutating func join(_ server: Int) {
    let configuration = nodes[server].configuration
    let rooms = configuration[flag: .rooms] ? configuration.domains.map { configuration.conferenceLabel + "." + $0 } : []
    let names = (configuration.domains + rooms).compactMap { JID.ascii(domain: $0) }
    network.add(server, domains: names)
    present(SimulatedCertificate(PresentedNames(dns: names)), at: server)
  }

  /// The server shows this certificate in all handshakes from now on; `nil`: none where it is the one that connects.
  public mutating func present(_ certificate: SimulatedCertificate?, at server: Int) {
    nodes[server].chain = certificate.map { [authority.issue($0)] } ?? []
  }

  /// The answer to a question about another server, or `nil` if none comes.
  mutating func answerAbroad(_ question: Question, _ server: Int) -> Answer? {
    switch question {
    case .resolve(let question):
      switch network.answer(to: question) {
      case .found(let records): .resolved(DNSAnswer(.records(records)))
      case .noRecords: .resolved(DNSAnswer(.noRecords))
      case .noSuchName: .resolved(DNSAnswer(.noSuchName))
      case .fails: .failed("the resolver failed")
      case .silent: nil
      }
    case .connect(let endpoint, _): network.silentAddresses.contains(endpoint.address) ? nil : dial(endpoint, from: server)
    case .verify(let question): .verdict(authority.verdict(on: question))
    case .query, .deriveKeys: .failed("this is no question about another server")
    }
  }

  /// A connection of one server to another, or a refusal.
  private mutating func dial(_ endpoint: Endpoint, from server: Int) -> Answer {
    guard let listener = network.listener(at: endpoint), nodes[listener.server].isUp else { return .failed("refused") }
    let (here, there) = (nodes[server].nextConnection(), nodes[listener.server].nextConnection())
    let id = SocketID(number: Node.label(server, 1 << 49 | here.number))
    let origin = SourceNetwork(address: SimulatedNetwork.address(of: server).bytes)
    var connection = SimulatedConnection(id, from: (server, here), to: (listener.server, there), origin: origin, settings: settings)
    connection[.dialer].isDirectTLS = endpoint.isDirectTLS
    connection[.acceptor].isDirectTLS = listener.isDirectTLS
    connections.add(connection)
    let ends = (dialer: connection.id(of: .dialer), acceptor: connection.id(of: .acceptor))
    nodes[server].ends[here] = ends.dialer
    nodes[listener.server].ends[there] = ends.acceptor
    if listener.isDirectTLS { awaitHandshake(ends.acceptor) }
    tell(.opened(there, Opening(role: .incomingServer, from: origin, isDirectTLS: listener.isDirectTLS)), listener.server)
    if endpoint.isDirectTLS { beginHandshakeAsClient(ends.dialer) }
    return .connected(here)
  }

  // MARK: Handshakes between servers

  private mutating func awaitHandshake(_ end: EndID) { connections[end].awaitsHandshake = true }

  /// The handshake begins at this end: the client speaks first.
  mutating func begin(_ start: TLSStart, between end: EndID) {
    switch start {
    case .client: beginHandshakeAsClient(end)
    case .server: awaitHandshake(end)
    }
  }

  private mutating func beginHandshakeAsClient(_ end: EndID) {
    guard connections.has(end.socket), connections[end].isThere else { return }
    awaitHandshake(end)
    write(.handshake, from: end)
  }

  /// The facts that a server learns of another in a handshake.
  func facts(for end: EndID) -> TLSFacts {
    guard let other = connections.other(end).server else { return connections[end].facts }
    return TLSFacts(protocolName: connections[end].isDirectTLS ? StreamRole.incomingServer.protocolName : nil, chain: nodes[other].chain)
  }
}
