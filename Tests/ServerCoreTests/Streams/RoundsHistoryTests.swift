import SASL
import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// RFC 5802, section 5: whoever asks for a salt and an iteration count must not learn whether the account exists.
struct RoundsHistoryTests {
  private static let day = Int64.seconds(86_400)
  private let names: [Text] = (0..<400).map { "name\($0)" }

  private func counts(_ history: RoundsHistory, at wall: Int64) -> [Int] { names.map { history.rounds(for: $0, at: wall) } }

  @Test func aNewSettingChangesNoNameAtOnce() {
    var history = RoundsHistory(shares: [], rounds: 4096, secret: [1], at: 0)
    let before = counts(history, at: Self.day)
    #expect(before.allSatisfy { $0 == 4096 })
    let isNew = history.update(shares: [.init(rounds: 4096, accounts: 3)], rounds: 10_000, at: Self.day)
    let isNewAgain = history.update(shares: [], rounds: 10_000, at: 2 * Self.day)
    #expect(isNew && !isNewAgain)
    #expect(counts(history, at: Self.day) == before)
    // A day later perhaps one in a thousand has moved.
    #expect(zip(counts(history, at: 2 * Self.day), before).count { $0 != $1 } < 4)
  }

  /// Names move one by one, over two years, and none goes back.
  @Test func namesMoveOneByOne() {
    var history = RoundsHistory(shares: [], rounds: 4096, secret: [1], at: 0)
    history.update(shares: [], rounds: 10_000, at: Self.day)
    var moved: [Int] = []
    var last = counts(history, at: 0)
    for month in 0...26 {
      let now = counts(history, at: Self.day + Int64(month) * 30 * Self.day)
      #expect(zip(last, now).allSatisfy { $0 == $1 || ($0 == 4096 && $1 == 10_000) })
      moved.append(zip(last, now).count { $0 != $1 })
      last = now
    }
    #expect(moved.allSatisfy { $0 < 40 }, "\(moved)")
    #expect((260...340).contains(last.count { $0 == 10_000 }), "three in four have moved")
  }

  /// Names are shown the counts that accounts had when the history began, in the same proportions; accounts that come later move none.
  @Test func namesAreSpreadLikeAccounts() {
    let shares: [RoundsHistory.Share] = [.init(rounds: 4096, accounts: 30), .init(rounds: 10_000, accounts: 10)]
    var history = RoundsHistory(shares: shares, rounds: 10_000, secret: [1], at: 0)
    let before = counts(history, at: 0)
    #expect((260...340).contains(before.count { $0 == 4096 }))
    history.update(shares: [.init(rounds: 4096, accounts: 30), .init(rounds: 10_000, accounts: 1000)], rounds: 10_000, at: Self.day)
    #expect(counts(history, at: 0) == before)
    let others = RoundsHistory(shares: shares, rounds: 10_000, secret: [2], at: 0)
    #expect(counts(others, at: 0) != before, "nobody without the secret knows which")
  }

  /// A command that knew nothing of the configuration made an account with a count of its own: others may have it, too, from then on.
  @Test func countsOfStrangeAccountsBecomeKnown() {
    var history = RoundsHistory(shares: [], rounds: 4096, secret: [1], at: 0)
    let isNew = history.update(shares: [.init(rounds: 10_000, accounts: 1)], rounds: 4096, at: Self.day)
    #expect(counts(history, at: 300 * Self.day).contains(10_000))
    let isNewAgain = history.update(shares: [.init(rounds: 10_000, accounts: 1)], rounds: 4096, at: 2 * Self.day)
    #expect(isNew && !isNewAgain)
  }

  @Test func aFileKeepsIt() throws {
    var history = RoundsHistory(
      shares: [.init(rounds: 4096, accounts: 3), .init(rounds: 5000, accounts: 1)], rounds: 6000, secret: [1], at: 1_234_567_890_987_654_321
    )
    history.update(shares: [], rounds: 7000, at: 1_334_567_890_987_654_321)
    let copy = try #require(RoundsHistory(text: history.text, secret: [1]))
    #expect(copy == history)
    for text in ["", "accounts 4096 0\n", "accounts 4096\n", "accounts -1 1\n", "since 1 1\n", "accounts 1 99999999999999\n", "what\n"] {
      #expect(RoundsHistory(text: text, secret: [1]) == nil, "\(text)")
    }
  }

  // MARK: In the exchange

  /// The salt and the count that a name is shown.
  private func challenge(
    _ name: String, _ mechanism: String, at domain: String = "localhost", _ harness: inout EngineHarness
  ) throws -> (salt: Text, rounds: Int) {
    let connection = harness.open()
    harness.send(EngineHarness.header.replacing("localhost", with: domain), on: connection)
    _ = harness.read(connection)
    let first = Base64.encode(Array("n,,n=\(name),r=abc".utf8))
    harness.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='\(mechanism)'>\(first)</auth>", on: connection)
    let answer = try #require(harness.read(connection).firstMatch(of: /<challenge[^>]*>([^<]*)</)?.1)
    let fields = Scram.fields(Text(utf8: try #require(Base64.decode(Text(answer)))))
    return (fields[1].value, try #require(Int(fields[2].value.string)))
  }

  private func harness(_ rounds: Int, _ history: RoundsHistory?) -> EngineHarness {
    var harness = EngineHarness {
      $0.scramRounds = rounds
      $0.roundsHistory = history
    }
    harness.now = Self.day
    return harness
  }

  /// Both hashes show one count; what another setting does is shown nowhere but with new passwords.
  @Test func aNameIsShownTheSameAfterTheSettingHasChanged() throws {
    var history = RoundsHistory(shares: [], rounds: 3, secret: [7], at: 0)
    var before = harness(3, history)
    history.update(shares: [], rounds: 5, at: Self.day)
    var after = harness(5, history)
    after.addAccount("juliet")
    for name in ["romeo", "nobody", "no one@", "x"] {
      for mechanism in ["SCRAM-SHA-1", "SCRAM-SHA-256"] {
        let (old, new) = (try challenge(name, mechanism, &before), try challenge(name, mechanism, &after))
        #expect(old == new && new.rounds == 3)
      }
    }
    let juliet = try challenge("juliet", "SCRAM-SHA-256", &after)
    #expect(juliet.rounds == 5)
  }

  /// An account that lacks a hash shows for it what it shows for the other, like a name that has none.
  @Test func anAccountWithoutAHashLooksLikeTheOthers() throws {
    let history = RoundsHistory(shares: [], rounds: 3, secret: [7], at: 0)
    let jid = JID("juliet@localhost")!
    let salted = Scram.saltedPassword(.sha256, password: Array("secret".utf8), salt: [1], rounds: 9)
    var database = MemoryDatabase(.server)
    let credentials = [Scram.credentials(.sha256, saltedPassword: salted, salt: [1], rounds: 9)]
    database.apply(StoredAccount(jid: jid, credentials: credentials).changes)
    for mechanism in ["SCRAM-SHA-1", "SCRAM-SHA-256"] {
      var other = self.harness(3, history)
      other.loadsAtOnce = false
      let connection = other.openStream()
      _ = other.read(connection)
      let first = Base64.encode(Array("n,,n=juliet,r=abc".utf8))
      other.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='\(mechanism)'>\(first)</auth>", on: connection)
      other.input(.answered(try #require(other.open(.account(jid))), .result(database.answer(.account(jid)))))
      let answer = try #require(other.read(connection).firstMatch(of: /<challenge[^>]*>([^<]*)</)?.1)
      let fields = Scram.fields(Text(utf8: try #require(Base64.decode(Text(answer)))))
      #expect(fields[2].value == "9")
    }
  }

  /// PLAIN takes as long for a name without an account as for one that has the count that the name is shown.
  @Test func plainDerivesWithTheCountThatIsShown() throws {
    var history = RoundsHistory(shares: [], rounds: 3, secret: [7], at: 0)
    history.update(shares: [], rounds: 5, at: Self.day)
    var configuration = Configuration(domains: ["localhost"])
    (configuration.scramRounds, configuration.secret, configuration.roundsHistory) = (5, [7], history)
    var engine = Engine(configuration: configuration, seed: [1])
    let (connection, now) = (ConnectionID(1), Instant(monotonic: 0, wall: Self.day))
    func input(_ input: Input) -> [Action] {
      engine.handle(input, at: now)
      return engine.flush()
    }
    _ = input(.opened(connection, Opening()))
    _ = input(.bytes(connection, Array((EngineHarness.header + "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>").utf8)))
    _ = input(.encrypted(connection, TLSFacts()))
    let message = Base64.encode(Array("\0nobody\0secret".utf8))
    _ = input(
      .bytes(
        connection,
        Array((EngineHarness.header + "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>\(message)</auth>").utf8)))
    let actions = input(.answered(InquiryID(shard: 0, 1), .result(.owner(nil))))
    let rounds = actions.compactMap { action -> [Int]? in if case .ask(_, .deriveKeys(let request)) = action { request.rounds } else { nil }
    }
    #expect(rounds == [[3]])
  }

  /// Accounts of the same name in two domains have salts of their own, and so have names without one.
  @Test func namesOfTwoDomainsHaveTwoSalts() throws {
    var harness = EngineHarness {
      $0.domains = ["localhost", "example.org"]
      $0.secret = [7]
    }
    let salts = try ["localhost", "example.org"].map { try challenge("romeo", "SCRAM-SHA-1", at: $0, &harness).salt }
    // In the first domain the localpart alone counts.
    #expect(salts == ["romeo", "romeo@example.org"].map { Base64.encode(Scram.decoy(.sha1, name: $0, secret: [7], rounds: 1).salt) })
  }

  // MARK: Pinned: a newer version must show the same counts, or whoever asked before would learn which names have accounts

  /// The counts of forty names, a letter for each: a for 4,096, b for 10,000, c for 20,000.
  private func letters(_ history: RoundsHistory, at wall: Int64) -> String {
    (0..<40).map { number in
      switch history.rounds(for: "name\(number)", at: wall) {
      case 4096: "a"
      case 10_000: "b"
      case 20_000: "c"
      default: "?"
      }
    }.joined()
  }

  @Test func countsOfNamesArePinned() {
    let start = Int64.seconds(1_800_000_000)
    let shares = [
      RoundsHistory.Share(rounds: 10_000, accounts: 1), RoundsHistory.Share(rounds: 4096, accounts: 3),
      RoundsHistory.Share(rounds: 7, accounts: 0),
    ]
    let history = RoundsHistory(shares: shares, rounds: 20_000, secret: [1, 2], at: start + 500_000_000)
    #expect(history.text == "accounts 4096 3\naccounts 10000 1\nsince 1800000000 20000\n")
    let year: Int64 = .seconds(365 * 86_400)
    #expect(letters(history, at: start - 1) == "aaaaaaaaaabbaaaaaaaaaaabaaaaaaaabaabbaaa")
    #expect(letters(history, at: start) == "aaaaaaaaaabbaaaaaaaaaaabaaaaaaaabaabbaaa")
    #expect(letters(history, at: start + year / 2) == "aaaaaaaaacbccaaaaaaaaaacacaaaaaabacbbaaa")
    #expect(letters(history, at: start + year) == "caaacaaaacbccaaacaaaaaccaccaaaaabacbbacc")
    #expect(letters(history, at: start + 2 * year) == "caaacccccccccccaccacccccaccaccacbacccacc")
    #expect(letters(history, at: start + 20 * year) == "caaacccccccccccaccacccccaccaccacbacccacc")
  }

  @Test(arguments: [
    ("", false), ("accounts 4096 1\n", true), ("accounts 4096 0\n", false), ("since 5 4096\n", false),
    ("accounts 0 0\naccounts 4096 1\nsince 0 0\n", true), ("accounts -1 1\n", false), ("accounts 4096 -1\n", false),
    ("accounts 4294967296 4294967296\n", true), ("accounts 4294967297 1\n", false), ("accounts 1 4294967297\n", false),
    ("accounts 4096 1\nsince -1 5\n", false), ("accounts 4096 1\nsince 1099511627776 5\n", true),
    ("accounts 4096 1\nsince 1099511627777 5\n", false), ("accounts 4096 1 1\n", false), ("accounts 4096\n", false),
    ("rounds 1 1\n", false),
  ])
  func files(_ text: String, _ isHistory: Bool) { #expect((RoundsHistory(text: text, secret: [1]) != nil) == isHistory) }

  @Test func updates() {
    let start = Int64.seconds(1_800_000_000)
    func history(_ shares: [RoundsHistory.Share]) -> RoundsHistory { RoundsHistory(shares: shares, rounds: 4096, secret: [1], at: start) }
    func share(_ rounds: Int, _ accounts: Int = 1) -> RoundsHistory.Share { RoundsHistory.Share(rounds: rounds, accounts: accounts) }
    /// The lines that an update adds, if it says that something has changed.
    func added(_ history: inout RoundsHistory, _ shares: [RoundsHistory.Share], _ rounds: Int, after seconds: Int64) -> Substring? {
      let before = history.text
      guard history.update(shares: shares, rounds: rounds, at: start + .seconds(seconds)) else { return history.text == before ? nil : "?" }
      return history.text.dropFirst(before.count)
    }
    for shares in [[], [share(4096)]] {
      var it = history(shares)
      #expect(it.text == "accounts 4096 1\n")
      #expect(added(&it, [share(4096, 9)], 4096, after: 1) == nil)
      #expect(added(&it, [share(77, 0)], 4096, after: 1) == nil)
    }
    var it = history([])
    #expect(added(&it, [], 5, after: 7) == "since 1800000007 5\n")
    #expect(added(&it, [share(5), share(4096)], 5, after: 8) == nil)
    // Back to the first count: a change like any other.
    #expect(added(&it, [], 4096, after: 9) == "since 1800000009 4096\n")
    // Accounts with a count that nobody knew, and the setting as it was: names move to that count, and back.
    #expect(added(&it, [share(6)], 4096, after: 10) == "since 1800000010 6\nsince 1800000010 4096\n")
    // Two counts at the beginning: the setting is one change.
    #expect(history([share(1), share(4096)]).text == "accounts 1 1\naccounts 4096 1\nsince 1800000000 4096\n")
  }
}
