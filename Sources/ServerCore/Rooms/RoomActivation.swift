internal import OrderedCollections
internal import Storage
internal import XML
internal import XMPP

// Rooms come into memory, begin, and go: the server's side of them.

extension Server {
  /// All that a stanza needs of a room is done with one look-up.
  mutating func receiveAtRoom(_ stanza: Stanza, _ step: inout Step) {
    let jid = stanza.to.bare
    switch rooms.change(jid, { $0.receive(stanza, &step) }) {
    case .settled(let rest): return settle(jid, rest, &step)
    case .absent: return handToNobody(stanza, to: jid, &step)
    case .loading: break
    case nil:
      // No room comes up any more: all that there is to be said is that somebody left it.
      guard !isShuttingDown else { return }
      guard let inquiry = step.ask(.query(.room(jid)), .residency(.room(jid))) else { return giveUp(.stanza(stanza), &step) }
      rooms[jid] = Slot(awaiting: inquiry)
    }
    park(stanza, for: jid, &step)
  }

  /// Until the room is loaded.
  private mutating func park(_ stanza: Stanza, for jid: JID, _ step: inout Step) {
    let limit = configuration.limits[.parkedStanzas]
    let added = rooms.change(jid) { slot in
      if !slot.parked.isEmpty { step.reach(ActivationMark.parkedBehindRoom) }
      return slot.park(.stanza(stanza), limit: limit)
    }
    guard let added = added ?? nil else {
      step.reach(ActivationMark.parkedRoomFull)
      return giveUp(.stanza(stanza), &step)
    }
    parkedCount += added
  }

  /// Asks again for a room that is on its way.
  mutating func reload(_ jid: JID, _ step: inout Step) {
    guard let old = rooms[jid]?.inquiry else { return }
    _ = step.inquiries.close(old)
    // One question has just been closed, so there is room for another.
    rooms[jid]!.inquiry = step.reach(ActivationMark.loadRoomOutdated, step.ask(.query(.room(jid)), .residency(.room(jid)))) ?? old
  }

  mutating func roomLoaded(_ jid: JID, _ inquiry: InquiryID, _ answer: Answer, _ step: inout Step) {
    guard let slot = rooms[jid], slot.inquiry == inquiry else { return step.reach(InquiryMark.inquiryAnswerIgnored) }
    parkedCount -= slot.parked.count
    switch read(answer, of: jid, &step, { rows, step throws(RowProblem) in try restore(jid, rows, &step) }) {
    case .present(let room): rooms[jid] = Slot(room.isDestroyed ? nil : room)
    case .absent: rooms[jid] = Slot(nil)
    case .failed:
      step.reach(ActivationMark.loadRoomFailed)
      _ = rooms.remove(jid)
      for errand in slot.parked { giveUp(errand, &step) }
      return
    }
    for case .stanza(let stanza) in slot.parked { hand(stanza, to: jid, &step) }
    guard rooms[jid]?.entity != nil else { return _ = rooms.remove(jid) }
    wake(.room(jid), at: step.now.monotonic + configuration.limits[time: .idleTime])
  }

  /// A stored room as it may be: an older version may have stored what may not be, and the last owner's account may be gone.
  private func restore(_ jid: JID, _ rows: OwnerRows, _ step: inout Step) throws(RowProblem) -> Room {
    var room = Room(
      restoring: jid, try rows.root(RoomRow.self), try rows.rows(AffiliationRow.self), configuration.limits)
    step.reach(ActivationMark.loadRoom)
    // A commit that is still pending may be in it without being about it: the deletion of an account that had a rank.
    step.touch(jid)
    room.lastUse = step.now.monotonic
    room.mendList(&step)
    if room.affiliations.ownerCount == 0 { step.reach(RoomMark.roomLoadedWithoutOwner) }
    room.keepOwner(&step)
    return room
  }

  /// To the room in memory, or to nobody.
  private mutating func hand(_ stanza: Stanza, to jid: JID, _ step: inout Step) {
    guard case .settled(let rest)? = rooms.change(jid, { $0.receive(stanza, &step) }) else { return handToNobody(stanza, to: jid, &step) }
    settle(jid, rest, &step)
  }

  /// To nobody, who becomes a room if this is how rooms begin.
  private mutating func handToNobody(_ stanza: Stanza, to jid: JID, _ step: inout Step) {
    guard Room.isCreation(stanza) else {
      let isJoin = stanza.kind == .presence && stanza.type == nil
      step.reach(
        !isJoin
          ? RoomMark.roomAbsentAsked.mark
          : stanza.to.isBare ? RoomMark.roomAbsentWithoutNick.mark : RoomPresenceMark.roomJoinNickUnseen.mark)
      return Room.refuseAsAbsent(stanza, &step)
    }
    step.reach(RoomMark.roomCreated)
    rooms[jid] = Slot(Room(creating: jid, &step))
    hand(stanza, to: jid, &step)
  }

  mutating func roomSettled(_ jid: JID, _ step: inout Step) {
    guard let rest = rooms.look(jid, { $0.look { $0.rest } }) ?? nil else { return }
    settle(jid, rest, &step)
  }

  private mutating func settle(_ jid: JID, _ rest: Room.Rest, _ step: inout Step) {
    if rest.isGone {
      if !rest.isDestroyed { step.reach(RoomMark.roomGoneWithLast) }
      return _ = rooms.remove(jid)
    }
    if let deadline = rest.deadline { wake(.room(jid), at: deadline) }
    if rest.isIdle { wake(.room(jid), at: step.now.monotonic + configuration.limits[time: .idleTime]) }
  }

  mutating func checkRoom(_ jid: JID, _ step: inout Step) {
    guard let rest = rooms.look(jid, { $0.look { $0.rest } }) ?? nil else { return }
    if rest.isIdle {
      // The timer may have been set for an earlier use: what leaves memory loses its history.
      let due = rest.lastUse + configuration.limits[time: .idleTime]
      guard isPast(due, step) else { return wake(.room(jid), at: step.reach(ActivationMark.idleRoomPostponed, due)) }
      return _ = rooms.remove(step.reach(ActivationMark.idleRoomReleased, jid))
    }
    guard let deadline = rest.deadline else { return }
    guard isPast(deadline, step) else { return wake(.room(jid), at: deadline) }
    let after = rooms.change(jid) { slot in
      slot.change { room in
        room.deadlinePassed(&step)
        return room.rest
      }
    }
    if let after = after ?? nil { settle(jid, after, &step) }
  }

  // MARK: The service

  mutating func receiveAtRoomService(_ stanza: Stanza, _ step: inout Step) {
    guard RoomService.isListQuery(stanza) else { return RoomService.receive(stanza, &step) }
    let list = RoomRow.listed(at: stanza.to.domain)
    if listings[list] != nil { step.reach(RoomServiceMark.serviceListShared) }
    ask(for: list, .stanza(stanza), &step)
  }

  /// Stored rooms, and those that live in memory only.
  func answerRoomList(_ stanza: Stanza, _ stored: [RoomListing], _ step: inout Step) {
    let live = rooms.sortedKeys().filter { $0.domain == stanza.to.domain }.compactMap { rooms[$0]?.entity }
    let gone = OrderedSet(live.filter { $0.listing == nil }.map(\.jid))
    step.reach(gone.isEmpty ? RoomServiceMark.serviceListed : .serviceListHidesRoom)
    guard let query = stanza.element.firstChild else { return }
    step.reply(stanza, RoomService.list(stored.filter { !gone.contains($0.jid) } + live.compactMap(\.listing), for: query))
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

extension Server.Slot<Room> {
  /// Gives the stanza to the room, if it is there.
  fileprivate mutating func receive(_ stanza: Stanza, _ step: inout Step) -> Room.Reception {
    guard !isLoading else { return .loading }
    let rest = change { room in
      room.lastUse = step.now.monotonic
      room.receive(stanza, &step)
      return room.rest
    }
    return rest.map { .settled($0) } ?? .absent
  }
}
