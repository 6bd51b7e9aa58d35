internal import SASL
internal import XML

/// Which iteration counts a server has used, so that names without an account are shown one that an account of that name could have
/// (RFC 5802, section 5: whoever asks must not learn whether the account exists).
///
/// An account's count was fixed when its password was set, so after a change of `Configuration.scramRounds` most accounts still show the old one.
/// Names without an account do the same: each has the count that it had before, until a moment of its own within two years after the change, as if
/// its password had been changed then; one in four never moves. The count shown for a name depends on nothing but the name, a key, and the
/// settings that there were: neither a restart nor the coming of accounts, which a stranger might bring about, changes it. A name never
/// goes back to a count that it had left.
///
/// It has to outlive the process; see `text`.
public struct RoundsHistory: Sendable, Hashable, Codable {
  /// How many accounts had a count.
  public struct Share: Sendable, Hashable, Codable {
    public var rounds: Int
    public var accounts: Int
    public init(rounds: Int, accounts: Int) {
      self.rounds = rounds
      self.accounts = accounts
    }
  }
  private struct Change: Sendable, Hashable, Codable {
    /// On the wall clock, in nanoseconds.
    var since: Int64
    var rounds: Int
  }

  /// The counts that accounts had when the history began: names are spread over them in the same proportions.
  private var first: [Share]
  private var changes: [Change] = []
  /// Follows from the server's secret, which does not follow from it. A recording shows it, or a replay would choose otherwise.
  private let key: [UInt8]

  /// - Parameters:
  ///   - shares: of the accounts that there are; may be none.
  ///   - rounds: `Configuration.scramRounds`.
  ///   - secret: `Configuration.secret`.
  public init(shares: [Share], rounds: Int, secret: [UInt8], at wall: Int64) {
    let shares = shares.filter { $0.accounts > 0 }.sorted { $0.rounds < $1.rounds }
    first = shares.isEmpty ? [Share(rounds: rounds, accounts: 1)] : shares
    key = RoundsHistory.key(secret)
    update(shares: shares, rounds: rounds, at: wall)
  }

  private static func key(_ secret: [UInt8]) -> [UInt8] { Scram.hmac(.sha256, key: secret, Array("rounds".utf8)) }

  /// Whether the setting is another than before, or there are accounts with a count that is not known. (One may be added while no server runs,
  /// by a command that was told nothing of the server's configuration.)
  ///
  /// - Returns: whether something has changed, so that it has to be kept.
  @discardableResult
  public mutating func update(shares: [Share], rounds: Int, at wall: Int64) -> Bool {
    let before = self
    // As the file keeps it.
    let wall = wall / .seconds(1) * .seconds(1)
    for share in shares where share.accounts > 0 && !isKnown(share.rounds) { changes.append(Change(since: wall, rounds: share.rounds)) }
    let isFirst = changes.isEmpty && first.count == 1 && first[0].rounds == rounds
    if !isFirst, changes.last?.rounds != rounds { changes.append(Change(since: wall, rounds: rounds)) }
    return self != before
  }

  private func isKnown(_ rounds: Int) -> Bool { first.contains { $0.rounds == rounds } || changes.contains { $0.rounds == rounds } }

  /// Why it can't be; `nil` if it can.
  var isPossible: Bool {
    let numbers = first.map(\.rounds) + changes.map(\.rounds) + first.map(\.accounts)
    return !first.isEmpty && numbers.allSatisfy { (0...1 << 32).contains($0) } && first.contains { $0.accounts > 0 }
  }

  // MARK: The count shown for a name

  /// - Parameter name: a bare address, or whatever was given in the place of one.
  func rounds(for name: Text, at wall: Int64) -> Int {
    var current = choose(name)
    for change in changes where wall >= change.since {
      let delay = draw("change \(change.since) \(change.rounds)", name)
      // Three in four, evenly over the time that it takes.
      let moment = (delay / 3).multipliedFullWidth(by: UInt64(RoundsHistory.span) << 2).high
      if delay < 3 << 62, UInt64(bitPattern: wall &- change.since) >= moment { current = change.rounds }
    }
    return current
  }

  private func choose(_ name: Text) -> Int {
    let total = first.reduce(UInt64(0)) { $0 + UInt64($1.accounts) }
    var left = draw("first", name).multipliedFullWidth(by: total).high
    for share in first {
      if left < UInt64(share.accounts) { return share.rounds }
      left -= UInt64(share.accounts)
    }
    return first.last?.rounds ?? 0
  }

  private static let span = Int64.seconds(2 * 365 * 86_400)

  private func draw(_ use: String, _ name: Text) -> UInt64 {
    Scram.hmac(.sha256, key: key, Array(use.utf8) + [0] + name.utf8).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}

// MARK: - In a file

extension RoundsHistory {
  /// A line for each count that accounts had at the beginning, and one for each change, with its time in seconds since 1970.
  public var text: String {
    let lines = first.map { "accounts \($0.rounds) \($0.accounts)" } + changes.map { "since \($0.since / .seconds(1)) \($0.rounds)" }
    return lines.map { $0 + "\n" }.joined()
  }

  /// Reads what `text` gave. `nil` if it is something else.
  public init?(text: String, secret: [UInt8]) {
    (first, key) = ([], RoundsHistory.key(secret))
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 3, let one = Int64(words[1]), let two = Int64(words[2]), (0...1 << 40).contains(one), (0...1 << 32).contains(two)
      else {
        return nil
      }
      switch words[0] {
      case "accounts": first.append(Share(rounds: Int(one), accounts: Int(two)))
      case "since": changes.append(Change(since: .seconds(min(one, 1 << 32)), rounds: Int(two)))
      default: return nil
      }
    }
    guard isPossible else { return nil }
  }
}
