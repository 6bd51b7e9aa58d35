import ServerCore
import Testing
import XML

@testable import ServerNIO

@Suite struct ConfigurationFileTests {
  private func read(_ yaml: String) throws(SetupError) -> ServeConfiguration {
    try ServeConfiguration(yaml: yaml, file: "s.yaml", folder: "/etc/spondee")
  }

  @Test func everythingCanBeSaid() throws {
    let read = try read(
      """
      domains: [Example.ORG, example.net]
      listeners:
        - address: "::"
          port: 5223
        - address: 127.0.0.1
        - { address: 127.0.0.1, tls: direct }
        - { tls: direct, port: 443, address: "::" }
        - { address: "::1", tls: starttls }
      data: /var/lib/spondee
      certificates: certs
      log_level: warning
      requires_tls: false
      conflict_policy: refuse-new
      denied_domains: [evil.example, BAD.example, evil.example]
      blocked_messages: drop
      conference_label: rooms
      scram_rounds: 20000
      event_loops: 3
      features:
        open_registration: true
        rooms: false
        offline_messages: false
      limits:
        outbox_bytes: 1_000_000
        idle_seconds: 5
        bytes_per_second: 0
        burst_bytes: 9000
        connections_per_address: 50
        stanza_bytes: 20000
        pending_requests: 7
        pending_commits: 50
        room_sessions: 40
        room_history_messages: 0
      """)
    #expect(read.core.domains == ["example.org", "example.net"])
    #expect(
      read.listeners == [
        .init(address: "::", port: 5223), .init(address: "127.0.0.1", port: 5222), .init(address: "127.0.0.1", port: 5223, tls: .direct),
        .init(address: "::", port: 443, tls: .direct), .init(address: "::1", port: 5222),
      ])
    #expect(read.dataFolder == "/var/lib/spondee")
    #expect(read.certificates == "/etc/spondee/certs")
    #expect(read.logLevel == .warning)
    #expect(!read.core.requiresTLS)
    #expect(read.core.conflictPolicy == .refuseNew)
    #expect(read.core[text: .deniedDomains] == "bad.example evil.example" && read.core[text: .allowedDomains] == "")
    #expect(read.core.blockedMessages == .drop)
    #expect(read.core.conferenceLabel == "rooms")
    #expect(read.core.scramRounds == 20_000)
    #expect(read.core[flag: .openRegistration] && !read.core[flag: .rooms] && !read.core[flag: .offlineMessages])
    #expect(read.core.limits[.outboxBytes] == 1_000_000)
    #expect(read.core.limits[time: .idleTime] == .seconds(5))
    #expect(read.core.limits[.bytesPerSecond] == 0 && read.core.limits[.burstBytes] == 9_000)
    #expect(read.core.limits[.connectionsPerAddress] == 50)
    #expect(read.eventLoops == 3)
    #expect(read.core.limits[.stanzaBytes] == 20_000)
    #expect(read.core.limits[.pendingRequests] == 7)
    #expect(read.core.limits[.pendingCommits] == 50)
    #expect(read.core.limits[.roomSessions] == 40 && read.core.limits[.roomHistoryMessages] == 0)
  }

  @Test func nothingNeedBeSaid() throws {
    #expect(try read("").isLocalOnly)
    #expect(try read("features:\n").core.domains == ["localhost"])
    #expect(
      ServeConfiguration().listenersOrDefault() == [
        .init(address: "127.0.0.1", port: 5222), .init(address: "::1", port: 5222), .init(address: "127.0.0.1", port: 5223, tls: .direct),
        .init(address: "::1", port: 5223, tls: .direct),
      ])
    #expect(try read("domains: [example.org]").listenersOrDefault().map(\.address) == ["0.0.0.0", "::", "0.0.0.0", "::"])
  }

  /// A port of one's own takes the place of the standard one, and nothing listens at the standard one for direct TLS unless the file says so.
  @Test(arguments: [
    ("", ["127.0.0.1:7000", "[::1]:7000"]),
    ("listeners: [{ address: \"::1\" }, { address: \"::1\", tls: direct }]", ["[::1]:7000", "[::1]:5223"]),
  ])
  func aPortOfOnesOwn(yaml: String, listeners: [String]) throws {
    var configuration = try read(yaml)
    configuration.setPort(7000)
    #expect(configuration.listeners.map(\.description) == listeners)
  }

  @Test(arguments: [
    ("domain: x", "s.yaml:1: `domain` is not known in the configuration; known are: "),
    ("domains:\n  - example.org\n  - 'not a domain'\n", "s.yaml:3: `not a domain` is not a domain name"),
    ("domains: [a.org, A.org]", "s.yaml:1: the domain `a.org` stands here twice"),
    ("domains: []", "s.yaml:1: `domains` should be a list with at least one item"),
    ("\n\nrequires_tls: perhaps", "s.yaml:3: `perhaps` is neither `true` nor `false`"),
    ("limits:\n  roster_items: 5\n  outbox_bytes: lots", "s.yaml:3: `lots` is not a whole number 4096 or more"),
    ("limits:\n  held_steps: 50", "s.yaml:2: `held_steps` is now called `pending_commits`; rename the key"),
    ("limits:\n  outbox_bites: 5000", "s.yaml:2: `outbox_bites` is not known in `limits`"),
    ("listeners:\n  - port: 70000", "s.yaml:2: `70000` is not a whole number from 0 to 65535"),
    ("listeners:\n  - port: 7000", "s.yaml:2: a listener needs an `address`"),
    ("listeners:\n  - address: example.org", "s.yaml:2: `example.org` is not an IP address"),
    ("listeners:\n  - address: \"::\"\n    tls: maybe", "s.yaml:3: `maybe` is not one of: starttls, direct"),
    ("conflict_policy: fight", "s.yaml:1: `fight` is not one of: replace-old, refuse-new, rename"),
    ("denied_domains: evil.example", "s.yaml:1: `denied_domains` should be a list with at least one item"),
    ("allowed_domains:\n  - a.example\n  - b@c.example", "s.yaml:3: `b@c.example` is not a domain name"),
    ("conference_label: a.b", "s.yaml:1: `a.b` is not one label of a domain name"),
    ("features: yes", "s.yaml:1: `features` should be `key: value` lines"),
    ("data: x\ndata: y", "`data` stands here twice"),
    ("data: [", "s.yaml:2: this is not YAML"),
  ])
  func whatIsWrongIsSaidWithItsLine(yaml: String, message: String) throws {
    let error = #expect(throws: SetupError.self) { try read(yaml) }
    #expect(error?.description.contains(message) ?? false, "\(error?.description ?? "")")
    #expect(error?.description.contains("\n") == false)
    #expect(error?.exitStatus == 78)
  }

  @Test func aFileThatIsMissingIsAnErrorOfConfiguration() {
    let error = #expect(throws: SetupError.self) { try ServeConfiguration(file: "/nowhere/s.yaml") }
    #expect(error?.exitStatus == 78)
  }
}
