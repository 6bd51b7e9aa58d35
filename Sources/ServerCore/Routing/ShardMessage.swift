internal import OrderedCollections
internal import Storage
internal import XML
internal import XMPP

/// The session whose stanza caused something, as far as it is known.
struct Cause: Sendable, Codable {
  /// It pays for the bytes that are written because of it, by being read from more slowly.
  var connection: ConnectionID?
  /// The account (bare) whose changes these are: see `Limit.accountRecordBytes`.
  var payer: JID?
  /// Tells the stanzas of sessions apart; 0 where nobody has to.
  var serial: UInt64 = 0
}

/// Something that leaves one shard for another. It never leaves a `Server`.
public struct ShardMessage: Sendable, Codable {
  enum Content: Sendable, Codable {
    case stanza(Element, from: JID, to: [JID])
    /// A stanza for another server: to the shard of the remote domain.
    case remote(Stanza)
    /// A stream goes to the shard of the account that it claims to be of, where the task goes on. The sender has it until it has gone.
    case stream(ConnectionID, PendingTask, account: JID)
    /// An account (bare) was deleted: rooms forget its affiliations.
    case accountRemoved(JID)
    /// A question for the rooms of a service, with those that are known so far; each shard adds its own, and the last one answers.
    case roomList(Stanza, [RoomListing], askedBy: Int)
    /// A stanza for these sessions is lost: their streams end.
    case lost([JID])
  }

  var content: Content
  /// The number of the shard that gets it.
  var shard: Int
  var cause = Cause()

  init(_ content: Content, to shard: Int) { (self.content, self.shard) = (content, shard) }

  /// About as many bytes as the change has that a stanza may become where it goes (`Change.weight`), at most.
  var weight: Int {
    switch content {
    case .stanza(let element, _, _): 500 + element.stored.count
    case .remote(let stanza): 500 + stanza.element.stored.count
    case .stream, .accountRemoved, .roomList, .lost: 0
    }
  }
}

extension Shard {
  /// The shard, of so many, that an account or room belongs to: FNV-1a over the bare address.
  static func index(of address: JID, of count: Int) -> Int {
    index(ofText: address.bareText, of: count)
  }

  /// The shard, of so many, that sees to the stanzas for a remote domain.
  static func index(ofDomain domain: Text, of count: Int) -> Int { index(ofText: domain, of: count) }

  private static func index(ofText text: Text, of count: Int) -> Int {
    guard count > 1 else { return 0 }
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return Int((hash ^ hash >> 32) % UInt64(count))
  }

  func home(of address: JID) -> Int { Shard.index(of: address, of: count) }

  /// The addressees of an envelope that belong to this shard. The envelope goes on to the others, in the order of their shards.
  func keepOwn(_ envelope: Transaction.Envelope, _ transaction: inout Transaction) -> [JID] {
    guard count > 1 else { return envelope.to }
    var parts = [[JID]](repeating: [], count: count)
    for to in envelope.to {
      switch destination(of: to) {
      case .account, .room: parts[home(of: to)].append(to)
      // Hosts and services are wherever somebody asks them.
      case .host, .roomService, .remote: parts[index].append(to)
      }
    }
    for shard in 0..<count where shard != index && !parts[shard].isEmpty {
      transaction.reach(ShardMark.shardStanza)
      transaction.pass(.stanza(envelope.element, from: envelope.from, to: parts[shard]), to: shard)
    }
    return parts[index]
  }

  /// Does something with an account's rows for a stream that has no session: in the shard of the account, to which the stream goes.
  mutating func runAtHome(_ task: PendingTask, for account: JID, _ connection: ConnectionID, _ transaction: inout Transaction) {
    let home = home(of: account)
    guard home != index else { return run(task, for: account, &transaction) }
    transaction.reach(ShardMark.shardStream)
    transaction.pass(.stream(connection, task, account: account), to: home)
  }

  mutating func passToOthers(_ content: ShardMessage.Content, _ transaction: inout Transaction) {
    for shard in 0..<count where shard != index { transaction.pass(content, to: shard) }
  }

  // MARK: Messages from another shard

  mutating func receive(_ message: ShardMessage, _ transaction: inout Transaction) {
    switch message.content {
    case .stanza(let element, let from, let to): transaction.route(element, from: from, to: to)
    case .remote(let stanza): sendAbroad(stanza, &transaction)
    case .stream: break
    case .accountRemoved(let jid): forgetAffiliations(of: jid, isOfAnotherShard: true, &transaction)
    case .roomList(let stanza, let rooms, let shard): addRooms(to: rooms, for: stanza, askedBy: shard, &transaction)
    case .lost(let sessions):
      for jid in sessions {
        guard let connection = accounts[jid.bare]?.entity?.sessions[jid.resource]?.connection else { continue }
        let error = StreamError(.internalServerError, text: "storage failed")
        endStream(connection, transaction.reach(ShardMark.shardLost, error), &transaction)
      }
    }
  }

  /// Takes over a stream that claims to be of an account of this shard.
  mutating func adopt(_ stream: ClientStream, _ task: PendingTask, of account: JID, _ transaction: inout Transaction) {
    let connection = stream.connection
    streams[connection] = stream
    claim(of: connection, changed: nil, to: stream.claim)
    if let deadline = stream.deadline(configuration.limits) { wake(.connection(connection), at: deadline) }
    guard !stream.isClosing else { return }
    guard !isShuttingDown else {
      return endStream(connection, transaction.reach(StreamMark.streamShutdown, StreamError(.systemShutdown)), &transaction)
    }
    run(task, for: account, &transaction)
  }

  /// Gives a stream away, if it is still there.
  mutating func release(_ connection: ConnectionID) -> ClientStream? {
    let stream = streams.remove(connection)
    claim(of: connection, changed: stream?.claim, to: nil)
    return stream
  }

  // MARK: Messages that are lost on their way

  /// A failed commit discarded a message to another shard: nobody may wait for it in vain.
  mutating func recover(_ message: ShardMessage, _ transaction: inout Transaction) {
    switch message.content {
    case .stanza(let element, let from, let to):
      // Without a departure somebody would stay for ever. (One that a room's lost change caused, such as a ban, is told although it is undone.)
      if element.stanzaKind == .presence, element.type == "unavailable" { return transaction.pass(message.content, to: message.shard) }
      // Nobody asks a second time for an answer, a presence or what is said in a room, and an error to its sender would not reach the session
      // that it was for (an error for a room's message would reach whoever spoke, as if an occupant had sent it): that session ends.
      let isAnswer = ["error", "result", "groupchat"].contains(element.type) || element.stanzaKind == .presence && element.type == nil
      let sessions = isAnswer ? to.filter { $0.isFull && destination(of: $0) == .account } : []
      if !sessions.isEmpty { transaction.pass(.lost(sessions), to: message.shard) }
      if element.type == "error" || element.type == "result" { return }
      let others = sessions.isEmpty ? to : to.filter { !sessions.contains($0) }
      for to in others { transaction.bounce(Stanza(element, from: from, to: to), transaction.reach(ShardMark.shardStanzaLost, Shard.busy)) }
    case .remote(let stanza):
      if stanza.isDeparture { return transaction.pass(message.content, to: message.shard) }
      // The other server still waits for the answer to a request.
      if stanza.kind == .iq, stanza.type == "result" || stanza.type == "error" {
        let error = stanza.element.errorReply(transaction.reach(RemoteMark.remoteAnswerLost, Shard.busy))
        return transaction.pass(.remote(Stanza(error, from: stanza.from, to: stanza.to)), to: message.shard)
      }
      transaction.bounce(stanza, transaction.reach(ShardMark.shardStanzaLost, Shard.busy))
    case .roomList(let stanza, _, _): transaction.bounce(stanza, transaction.reach(ShardMark.shardStanzaLost, Shard.busy))
    // A stream that stays is abandoned by its shard; a deletion that failed is none.
    case .stream, .accountRemoved: break
    case .lost: transaction.pass(message.content, to: message.shard)
    }
  }
}

extension Area {
  static let shards = Area(name: "shards", marks: [ShardMark.self], limits: [.shards])
}

extension Limit {
  /// Into how many shards accounts and rooms are divided. Each has its own commit order, so a commit holds back only what its shard says.
  public static let shards = number(
    "shards", .count, 1, 1...mostShards, possible: 1...Int64(mostShards), effect: nil, placement: .top)
  static let mostShards = 64
}

/// Marks: what passes between shards.
public enum ShardMark: UInt16, CoverageMark {
  case shardStanza, shardStream
  case shardRoomList
  case shardStanzaLost, shardLost

  public static let offset = Mark.offset(of: ShardMark.self)

  public var clause: String { "shards" }
}
