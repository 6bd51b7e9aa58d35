internal import ClientCore
internal import OrderedCollections
internal import SASL
public import Scenario
public import ServerCore
public import XML
internal import XMPP

/// Plays a script against a fresh simulated server whose accounts are made from the cast. The seed chooses how bytes are split and how
/// what is under way interleaves; nobody sleeps.
public struct SimulatedDriver: ScenarioDriver {
  var world: World
  private let pool = ParserPool()
  private var connectionCount: UInt64 = 0
  private var players: OrderedDictionary<String, ScriptedClient> = [:]

  private struct ScriptedClient {
    var connection: World.SocketID
    var client: Client
    var inbox: [Element] = []
    var trouble: String?
  }

  /// A configuration for scripts: the domains of the cast, cheap passwords, and the limits that the script names, each in a line of its own before
  /// the actions: `## limit sessions_per_account: 2`, in the unit of a configuration file. (What other tags there are belongs to others.)
  public static func configuration(for script: Script) -> Configuration {
    var domains: [Text] = []
    for character in script.cast {
      if let jid = JID(character.jid), !domains.contains(jid.domain) { domains.append(jid.domain) }
    }
    var configuration = Configuration(domains: domains.isEmpty ? ["localhost"] : domains)
    configuration.scramRounds = 1
    configuration[flag: .openRegistration] = true
    for (limit, value) in script.tags.compactMap({ limit(of: $0) }) { configuration.limits.set(limit, to: value) }
    return configuration
  }

  /// Why the script names a limit in vain; `nil` if it does not.
  public static func problem(of script: Script) -> String? {
    for tag in script.tags where tag.name.hasPrefix("limit ") && limit(of: tag) == nil {
      return "`\(tag.name)` is no limit that a configuration file may set, or `\(tag.value ?? "")` is beyond its bounds"
    }
    return nil
  }

  private static func limit(of tag: Script.Tag) -> (Limit, Int64)? {
    guard let limit = Limit.all.first(where: { "\($0)" == tag.name }), let number = tag.value.flatMap({ Int($0) }),
      limit.settable?.contains(number) ?? false
    else { return nil }
    return (limit, limit.unit == .seconds ? .seconds(Int64(number)) : Int64(number))
  }

  public init(script: Script, seed: UInt64, configuration: Configuration? = nil) {
    let settings = WorldSettings(configuration: configuration ?? SimulatedDriver.configuration(for: script))
    world = World(choices: Choices(seed: seed), settings: settings)
    var accounts: OrderedSet<JID> = []
    for (index, character) in script.cast.enumerated() {
      // Of several characters with one account the first says its password.
      guard let jid = JID(character.jid), accounts.append(jid.bare).inserted else { continue }
      world.control(UInt64(index), .addAccount(jid.bare, password: Secret(Array(character.password.utf8))))
    }
    settle()
  }

  public mutating func connect(_ character: Scenario.Character) throws(DriverError) -> Text {
    guard let account = JID(character.jid) else { throw DriverError(message: "'\(character.jid)' is not an address") }
    connectionCount += 1
    let connection = world.connect(connectionCount)
    let nonce: Text = "nonce\(connection.number)"
    var client = Client(
      account: account, password: character.password, resource: character.resource ?? "", nonce: nonce, security: .opportunistic)
    let outputs = client.begin()
    players[character.name] = ScriptedClient(connection: connection, client: client)
    follow(outputs, character.name)
    settle { $0.players[character.name]?.client.isBound ?? true }
    guard let player = players[character.name], let jid = player.client.jid else {
      throw DriverError(message: "login failed: \(players[character.name]?.trouble ?? "the server gave no answer")")
    }
    return jid.text
  }

  public mutating func send(_ element: Element, as character: String) throws(DriverError) {
    guard let player = players[character], player.trouble == nil else {
      throw DriverError(message: players[character]?.trouble ?? "not connected")
    }
    world.send(Client.encode(element), on: player.connection)
  }

  public mutating func receive(as character: String) throws(DriverError) -> Element? {
    settle { !($0.players[character]?.inbox.isEmpty ?? true) }
    guard let player = players[character], !player.inbox.isEmpty else { return nil }
    return players[character]!.inbox.removeFirst()
  }

  public mutating func receiveIfUnderWay(as character: String) throws(DriverError) -> Element? { try receive(as: character) }

  public mutating func disconnect(_ character: String) throws(DriverError) {
    guard var player = players[character] else { return }
    follow(player.client.close(), character)
    player = players[character]!
    world.close(player.connection)
    settle()
    players[character] = nil
  }

  public mutating func finish() {
    for name in players.keys.elements { try? disconnect(name) }
  }

  /// Lets things happen until the world is at rest or enough happened.
  private mutating func settle(until isEnough: (SimulatedDriver) -> Bool = { _ in false }) {
    deliver()
    while !isEnough(self), world.advance(untilRest: true) { deliver() }
  }

  private mutating func deliver() {
    for notice in world.takeNotices() {
      switch notice {
      case .bytes(let connection, let bytes):
        guard let name = name(of: connection) else { continue }
        follow(players[name]!.client.received(bytes, using: pool), name)
      case .handshake(let connection):
        guard let name = name(of: connection) else { continue }
        world.completeHandshake(on: connection)
        follow(players[name]!.client.tlsEstablished(), name)
      case .closed(let connection):
        guard let name = name(of: connection), players[name]!.trouble == nil else { continue }
        players[name]!.trouble = "the connection was closed"
      case .crashed, .restarted, .unreadable, .reply, .alarm: break
      }
    }
  }

  private func name(of connection: World.SocketID) -> String? {
    players.first { $0.value.connection == connection }?.key
  }

  private mutating func follow(_ outputs: [Client.Output], _ name: String) {
    for output in outputs {
      switch output {
      case .bytes(let bytes): world.send(bytes, on: players[name]!.connection)
      case .stanza(let element): players[name]!.inbox.append(element)
      case .ended(let reason): players[name]!.trouble = reason ?? "the server ended the stream"
      case .startTLS, .ready: break
      }
    }
  }
}
