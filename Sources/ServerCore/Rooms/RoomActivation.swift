internal import OrderedCollections
internal import Storage
internal import XML
internal import XMPP

// Rooms come into memory, begin, and go: the server's side of them.

extension Shard {
  /// All that a stanza needs of a room is done with one look-up.
  mutating func receiveAtRoom(_ stanza: Stanza, _ transaction: inout Transaction) {
    let jid = stanza.to.bare
    switch rooms.modify(jid, { $0.receive(stanza, &transaction) }) {
    case .settled(let rest): return settle(jid, rest, &transaction)
    case .absent: return handToNobody(stanza, to: jid, &transaction)
    case .loading: break
    case nil:
      // No room comes up any more: all that there is to be said is that somebody left it.
      guard !isShuttingDown else { return }
      guard let inquiry = transaction.ask(.query(.room(jid)), .residency(.room(jid))) else { return giveUp(.stanza(stanza), &transaction) }
      rooms[jid] = Loadable(awaiting: inquiry)
    }
    park(stanza, for: jid, &transaction)
  }

  /// Until the room is loaded.
  private mutating func park(_ stanza: Stanza, for jid: JID, _ transaction: inout Transaction) {
    let limit = configuration.limits[.queuedWhileLoading]
    let commit = pendingCommit(of: transaction, .stanza(stanza))
    let added = rooms.modify(jid) { loadable in
      if !loadable.parked.isEmpty { transaction.reach(ActivationMark.parkedBehindRoom) }
      return loadable.park(ParkedTask(task: .stanza(stanza), commit: commit), limit: limit)
    }
    guard let added = added ?? nil else {
      transaction.reach(ActivationMark.parkedRoomFull)
      return giveUp(.stanza(stanza), &transaction)
    }
    parkedCount += added
  }

  /// Asks again for a room that is on its way.
  mutating func reload(_ jid: JID, _ transaction: inout Transaction) {
    guard let old = rooms[jid]?.inquiry else { return }
    _ = transaction.inquiries.close(old)
    // One question has just been closed, so there is room for another.
    rooms[jid]!.inquiry =
      transaction.reach(ActivationMark.loadRoomOutdated, transaction.ask(.query(.room(jid)), .residency(.room(jid)))) ?? old
  }

  mutating func roomLoaded(_ jid: JID, _ inquiry: InquiryID, _ answer: Answer, _ transaction: inout Transaction) {
    guard let loadable = rooms[jid], loadable.inquiry == inquiry else { return transaction.reach(InquiryMark.inquiryAnswerIgnored) }
    parkedCount -= loadable.parked.count
    switch read(answer, of: jid, &transaction, { rows, transaction throws(RowProblem) in try restore(jid, rows, &transaction) }) {
    case .present(let room): rooms[jid] = Loadable(room.isDestroyed ? nil : room)
    case .absent: rooms[jid] = Loadable(nil)
    case .failed:
      transaction.reach(ActivationMark.loadRoomFailed)
      _ = rooms.remove(jid)
      for waiting in loadable.parked { giveUp(waiting.task, &transaction) }
      return
    }
    for case .stanza(let stanza) in loadable.parked.map(\.task) { hand(stanza, to: jid, &transaction) }
    guard rooms[jid]?.entity != nil else { return _ = rooms.remove(jid) }
    wake(.room(jid), at: transaction.now.monotonic + configuration.limits[time: .idleTime])
  }

  /// A stored room as it may be: an older version may have stored what may not be, and the last owner's account may be gone.
  private func restore(_ jid: JID, _ rows: OwnerRows, _ transaction: inout Transaction) throws(RowProblem) -> Room {
    var room = try Room(
      restoring: jid, try rows.root(RoomRow.self), try rows.rows(AffiliationRow.self), configuration.limits)
    transaction.reach(ActivationMark.loadRoom)
    // A commit that is still pending may be in it without being about it: the deletion of an account that had a rank.
    transaction.touch(jid)
    room.lastUse = transaction.now.monotonic
    room.mendList(&transaction)
    if room.affiliations.ownerCount == 0 { transaction.reach(RoomMark.roomLoadedWithoutOwner) }
    room.keepOwner(&transaction)
    return room
  }

  /// To the room in memory, or to nobody.
  private mutating func hand(_ stanza: Stanza, to jid: JID, _ transaction: inout Transaction) {
    guard case .settled(let rest)? = rooms.modify(jid, { $0.receive(stanza, &transaction) }) else {
      return handToNobody(stanza, to: jid, &transaction)
    }
    settle(jid, rest, &transaction)
  }

  /// To nobody, who becomes a room if this is how rooms begin.
  private mutating func handToNobody(_ stanza: Stanza, to jid: JID, _ transaction: inout Transaction) {
    guard Room.isCreation(stanza) else {
      let isJoin = stanza.kind == .presence && stanza.type == nil
      transaction.reach(
        !isJoin
          ? RoomMark.roomAbsentAsked.mark
          : stanza.to.isBare ? RoomMark.roomAbsentWithoutNick.mark : RoomPresenceMark.roomJoinNickUnseen.mark)
      return Room.refuseAsAbsent(stanza, &transaction)
    }
    transaction.reach(RoomMark.roomCreated)
    rooms[jid] = Loadable(Room(creating: jid, &transaction))
    hand(stanza, to: jid, &transaction)
  }

  mutating func roomSettled(_ jid: JID, _ transaction: inout Transaction) {
    guard let rest = rooms.read(jid, { $0.read { $0.rest } }) ?? nil else { return }
    settle(jid, rest, &transaction)
  }

  private mutating func settle(_ jid: JID, _ rest: Room.Rest, _ transaction: inout Transaction) {
    if rest.isGone {
      if !rest.isDestroyed { transaction.reach(RoomMark.roomGoneWithLast) }
      return _ = rooms.remove(jid)
    }
    if let deadline = rest.deadline { wake(.room(jid), at: deadline) }
    if rest.isIdle { wake(.room(jid), at: transaction.now.monotonic + configuration.limits[time: .idleTime]) }
  }

  mutating func checkRoom(_ jid: JID, _ transaction: inout Transaction) {
    guard let rest = rooms.read(jid, { $0.read { $0.rest } }) ?? nil else { return }
    if rest.isIdle {
      // The timer may have been set for an earlier use: what leaves memory loses its history.
      let due = rest.lastUse + configuration.limits[time: .idleTime]
      guard isPast(due, transaction) else { return wake(.room(jid), at: transaction.reach(ActivationMark.idleRoomPostponed, due)) }
      return _ = rooms.remove(transaction.reach(ActivationMark.idleRoomReleased, jid))
    }
    guard let deadline = rest.deadline else { return }
    guard isPast(deadline, transaction) else { return wake(.room(jid), at: deadline) }
    let after = rooms.modify(jid) { loadable in
      loadable.modify { room in
        room.deadlinePassed(&transaction)
        return room.rest
      }
    }
    if let after = after ?? nil { settle(jid, after, &transaction) }
  }

  // MARK: The service

  mutating func receiveAtRoomService(_ stanza: Stanza, _ transaction: inout Transaction) {
    guard RoomService.isListQuery(stanza) else { return RoomService.receive(stanza, &transaction) }
    let list = RoomRow.listed(at: stanza.to.domain)
    if listings[list] != nil { transaction.reach(RoomServiceMark.serviceListShared) }
    ask(for: list, .stanza(stanza), &transaction)
  }

  /// Adds the rooms in memory to the stored ones, and asks the next shard; the last one answers.
  func addRooms(to stored: [RoomListing], for stanza: Stanza, askedBy asker: Int, _ transaction: inout Transaction) {
    let live = rooms.sortedKeys().filter { $0.domain == stanza.to.domain }.compactMap { rooms[$0]?.entity }
    let gone = OrderedSet(live.filter { $0.listing == nil }.map(\.jid))
    transaction.reach(gone.isEmpty ? RoomServiceMark.serviceListed : .serviceListHidesRoom)
    guard let query = stanza.element.firstChild else { return }
    let known = stored.filter { !gone.contains($0.jid) } + live.compactMap(\.listing)
    let next = (index + 1) % count
    guard next == asker else {
      return transaction.pass(.roomList(stanza, known, askedBy: asker), to: transaction.reach(ShardMark.shardRoomList, next))
    }
    transaction.reply(stanza, RoomService.list(known, for: query))
  }
}

extension Room {
  /// All that the server has to know of a room to see what becomes of it.
  struct Rest {
    let isGone: Bool
    let isDestroyed: Bool
    let isIdle: Bool
    let deadline: Int64?
    let lastUse: Int64
  }

  /// The outcome of a stanza for a room.
  enum Reception {
    case settled(Rest)
    /// It is known that there is no room.
    case absent
    case loading
  }

  var rest: Rest { Rest(isGone: isGone, isDestroyed: isDestroyed, isIdle: isIdle, deadline: nextDeadline, lastUse: lastUse) }
}

extension Shard.Loadable<Room> {
  /// Gives the stanza to the room, if it is there.
  fileprivate mutating func receive(_ stanza: Stanza, _ transaction: inout Transaction) -> Room.Reception {
    guard !isLoading else { return .loading }
    let rest = modify { room in
      room.lastUse = transaction.now.monotonic
      room.receive(stanza, &transaction)
      return room.rest
    }
    return rest.map { .settled($0) } ?? .absent
  }
}
