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
  var clients = SimulatedClients()
  private var connectionCount: UInt64 = 0
  /// The places of the characters' names are the numbers of their clients.
  private var names: OrderedSet<String> = []
  /// Why a client that has not disconnected can't send any more.
  private var troubles: OrderedDictionary<Int, String> = [:]

  /// A configuration for scripts: the domains of the cast, cheap passwords, and the limits that the script names, each in a line of its own before
  /// the actions: `## limit sessions_per_account: 2`, in the unit of a configuration file. (Other tags are left to others.)
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
    let index = names.append(character.name).index
    connectionCount += 1
    troubles[index] = nil
    let stream = Client(
      account: account, password: character.password, resource: character.resource ?? "", nonce: "nonce\(connectionCount)",
      security: .opportunistic)
    open(clients.nextSession(of: index), label: connectionCount, as: stream)
    settle { $0.clients[index].isBound }
    guard let jid = clients[index].stream?.jid else {
      throw DriverError(message: "login failed: \(troubles[index] ?? "the server gave no answer")")
    }
    return jid.text
  }

  public mutating func send(_ element: Element, as character: String) throws(DriverError) {
    guard let index = names.firstIndex(of: character), clients[index].connection != nil, troubles[index] == nil else {
      throw DriverError(message: names.firstIndex(of: character).flatMap { troubles[$0] } ?? "not connected")
    }
    write(element, as: index)
  }

  public mutating func receive(as character: String) throws(DriverError) -> Element? {
    guard let index = names.firstIndex(of: character) else {
      settle()
      return nil
    }
    settle { !$0.clients[index].inbox.isEmpty }
    return clients[index].inbox.isEmpty ? nil : clients[index].inbox.removeFirst()
  }

  public mutating func receiveIfUnderWay(as character: String) throws(DriverError) -> Element? { try receive(as: character) }

  public mutating func disconnect(_ character: String) throws(DriverError) {
    guard let index = names.firstIndex(of: character), clients[index].connection != nil else { return }
    endStream(index)
    hangUp(index)
    troubles[index] = nil
    settle()
  }

  public mutating func restartServer() throws(DriverError) {
    world.shutDown(grace: 1_000_000_000)
    wait(nanoseconds: 2_000_000_000)
    settle()
  }

  public mutating func wait(seconds: Int) throws(DriverError) { wait(nanoseconds: Int64(seconds) * 1_000_000_000) }

  private mutating func wait(nanoseconds: Int64) {
    let end = world.now + nanoseconds
    while world.now < end, world.advance(untilRest: false, upTo: end) { attend() }
    settle()
  }

  public mutating func finish() {
    for name in names { try? disconnect(name) }
  }

  /// Lets things happen until the world is at rest or enough happened.
  private mutating func settle(until isEnough: (SimulatedDriver) -> Bool) {
    attend()
    while !isEnough(self), world.advance(untilRest: true) { attend() }
  }
}

extension SimulatedDriver: ClientHost {
  mutating func streamEnded(_ index: Int, _ reason: String?) { troubles[index] = reason ?? "the server ended the stream" }
  mutating func connectionClosed(_ index: Int) { troubles[index] = troubles[index] ?? "the connection was closed" }
}
