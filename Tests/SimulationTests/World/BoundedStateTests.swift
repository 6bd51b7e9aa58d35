import OrderedCollections
import Testing
import XML
import XMPP

@testable import ServerCore
@testable import Simulation

/// Nothing in the server's memory can grow that nobody counts.
///
/// The test looks through the whole state of servers at work for whatever holds several things. Each must stand in the list below, with the
/// gauge that watches it or the reason why it can't grow: so a new queue is found by being there.
struct BoundedStateTests {
  /// How a collection is kept small.
  enum Bound: Equatable {
    /// Watched by the gauge of this name, against its limit (`Gauges.swift`).
    case gauge(String)
    /// One for each of something else that is counted.
    case with(String)
    /// Of a fixed size, or one that the configuration gives.
    case fixed
    /// Empty again before the engine returns, or at the next `flush`.
    case momentary
  }

  static let bounds: [String: Bound] = [
    "actions": .momentary, "dirty": .momentary, "effects": .momentary, "handled": .momentary, "overrun": .momentary, "resumed": .momentary,
    "scratch": .momentary, "sender": .momentary, "limits.overrides": .fixed,
    "marks.counts": .fixed, "connectionMarks.counts": .fixed, "server.marks.counts": .fixed,
    "server.setting.offers.offers": .fixed, "server.setting.offers.offers.isOffered": .fixed,
    "server.setting": .fixed, "server.setting.roomDomains": .fixed, "server.random.block": .fixed, "server.random.key": .fixed,
    "connections": .with("connections; the system bounds open files"),
    "holds.heap": .with("connections that were there no longer ago than it takes to pay for one read"),
    "backlogs.heap": .with("connections"),
    "connections.outbox": .gauge("bytes for a peer"), "connections.parser.pending": .gauge("bytes from a peer"),
    "connections.parser.framing.open": .with("depth of a stanza, StreamLimits.depth"),
    "connections.parser.framing.streamName": .with("StreamLimits.nameBytes"),
    "connections.parser.framing.quote": .fixed,
    "connections.parser.prologue.bindings": .with("a header's attributes, StreamLimits.attributes"),
    "server.streams": .with("connections"), "server.connectionCounts": .with("connections"),
    "server": .fixed, "server.homes": .with("connections"), "server.messages": .momentary, "server.passed": .momentary,
    "server.claims": .with("connections"), "server.throttled": .with("connections"),
    "server.setting.remotePolicy.denied": .fixed, "server.incoming": .with("connections"), "server.incoming.free": .with("connections"),
    "server.outgoing": .with("connections"), "server.outgoing.free": .with("connections"),
    "server.pairs": .gauge("pairs of domains"), "server.pairs.free": .gauge("pairs of domains"),
    "server.accounts": .with("sessions, and who was asked for within the last minute"),
    "server.accounts.entity": .with("server.accounts"), "server.rooms.entity": .with("server.rooms"),
    "server.accounts.parked": .gauge("stanzas parked for an account"),
    "server.accounts.entity.roster": .gauge("roster items"),
    "server.accounts.entity.contacts.subscribedFrom": .with("server.accounts.entity.roster"),
    "server.accounts.entity.contacts.subscribedTo": .with("server.accounts.entity.roster"),
    "server.accounts.entity.contacts.pendingOut": .with("server.accounts.entity.roster"),
    "server.accounts.entity.contacts.requesting": .with("server.accounts.entity.roster"),
    "server.accounts.entity.roster._groups.wrappedValue": .with("one stanza, StreamLimits.stanzaBytes"),
    "server.accounts.entity.sessions": .gauge("sessions of an account"),
    "server.accounts.entity.sessions.directed": .gauge("addresses with directed presence"),
    "server.accounts.entity.record.credentials": .fixed,
    "server.rooms": .with("occupants, and who was asked for within the last minute"),
    "server.rooms.parked": .gauge("stanzas parked for a room"),
    "server.rooms.entity.affiliations.bannedDomains": .gauge("affiliations of a room"),
    "server.rooms.entity.affiliations.entries": .gauge("affiliations of a room"),
    "server.rooms.entity.affiliations.holders": .gauge("affiliations of a room"),
    "server.rooms.entity.history.entries": .gauge("messages in a room's history"),
    "server.rooms.entity.nicks": .gauge("sessions in a room"), "server.rooms.entity.occupants": .gauge("sessions in a room"),
    "server.rooms.entity.occupants.sessions": .gauge("sessions in a room"),
    "server.rooms.entity.relays.entries": .gauge("requests between occupants"),
    "server.rooms.entity.invitations.entries": .gauge("invitations of a room"),
    "server.commits.held": .with("steps, Limit.pendingCommits, after which connections are not read from"),
    "server.commits.held.outputs": .with("what one stanza causes"), "server.commits.held.outputs.write.to": .with("what one stanza causes"),
    "server.commits.held.touched": .with("what one stanza causes"),
    "server.commits.bytesByAccount": .gauge("bytes of records because of an account"),
    "server.inquiries.open": .gauge("open questions"), "server.inquiries.order": .with("server.inquiries.open"),
    "server.inquiries.open.purpose.accountRows.filters": .fixed,
    "server.listings": .gauge("who waits for a list"),
    "server.timers.heap": .with("connections, accounts and rooms"), "server.timers.set": .with("connections, accounts and rooms"),
  ]

  private static let passages = [".some", ".storage", "._storage", ".value", ".values", ".places", ".cells", ".shards"]
  /// Under what other name the list knows something.
  private static let names = [".held": ".entity"]
  /// Parts of keys, and of what waits in a queue that is watched.
  private static let inner = ["credentials", "salt", "storedKey", "serverKey", "bytes"]

  /// Adds the path of whatever may hold several things, and how many it held at most.
  private func look(at value: Any, _ path: String, _ found: inout OrderedDictionary<String, Int>) {
    if value is Element || value is Text || value is JID || value is ParserPool || value is Configuration { return }
    let mirror = Mirror(reflecting: value)
    let isCollection = [.collection, .dictionary, .set].contains(mirror.displayStyle)
    if isCollection { found[path] = max(found[path] ?? 0, mirror.children.count) }
    if value is [UInt8] || value is [Int] { return }
    for child in mirror.children {
      var label = isCollection ? "" : "." + (child.label ?? "")
      if value is Shard.Loadable<Account> || value is Shard.Loadable<Room> { label = BoundedStateTests.names[label] ?? label }
      let isNamed = !label.isEmpty && !BoundedStateTests.passages.contains(label) && !label.hasPrefix("..")
      look(at: child.value, isNamed ? (path.isEmpty ? String(label.dropFirst()) : path + label) : path, &found)
    }
  }

  /// Below the queues of the list everything belongs to their entries, which are bounded as stanzas are.
  private func isKnown(_ path: String) -> Bool {
    if BoundedStateTests.bounds[path] != nil { return true }
    let parts = path.split(separator: ".").map(String.init)
    if let last = parts.last, BoundedStateTests.inner.contains(last) { return true }
    // Places of a `Store` that are free: as many as there once were taken.
    if parts.last == "free", BoundedStateTests.bounds[parts.dropLast().joined(separator: ".")] != nil { return true }
    // One for each feature that declares a state; what is in it the feature counts itself (`FeatureState.gauges`).
    if path.hasPrefix("server.accounts.entity.states") || path.hasPrefix("server.accounts.entity.sessions.states") { return true }
    return parts.contains("parked") || path.hasPrefix("actions.") || path.hasPrefix("server.commits.held.outputs")
      || path.hasPrefix("server.streams.phase")
  }

  @Test func everyCollectionIsCounted() {
    var found: OrderedDictionary<String, Int> = [:]
    var gauges: OrderedSet<String> = []
    for seed in UInt64(0)..<20 {
      var run = Run(Choices(seed: seed), RunOptions(duration: 3_000_000_000))
      run.begin()
      while run.goOn() {
        guard run.world.happenings % 100 == 0 else { continue }
        look(at: run.world.engine, "", &found)
        run.world.engine.visitGauges { name, _, _ in gauges.append("\(name)") }
      }
    }
    #expect(found.count > 30)
    let unknown = found.keys.filter { !isKnown($0) }
    #expect(unknown.isEmpty, "nobody counts these: give each a gauge, or say here why it can't grow")
    // The gauges that the list names exist.
    for (path, most) in found where most > 0 {
      if case .gauge(let name)? = BoundedStateTests.bounds[path] { #expect(gauges.contains(name), "\(path) has no gauge '\(name)'") }
    }
  }
}
