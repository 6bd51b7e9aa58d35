internal import OrderedCollections
internal import Storage
internal import XML
internal import XMPP

// Rooms come into memory, begin, and go: the server's side of them.

extension Server {
  mutating func receiveAtRoom(_ stanza: Stanza, _ step: inout Step) {
    let jid = stanza.to.bare
    if rooms[jid] == nil {
      // No room comes up any more: all that there is to be said is that somebody left it.
      guard !isShuttingDown else { return }
      rooms[jid] = Slot(entity: nil, isLoading: true)
      step.immediate.append(.load(.room(jid)))
    }
    if rooms[jid]!.isLoading {
      if !rooms[jid]!.parked.isEmpty { step.reach(ActivationMark.parkedBehindRoom) }
      guard let added = rooms[jid]!.park(.stanza(stanza), limit: configuration.limits[.parkedStanzas]) else {
        step.reach(ActivationMark.parkedRoomFull)
        return giveUp(.stanza(stanza), &step)
      }
      return parkedCount += added
    }
    hand(stanza, to: jid, &step)
  }

  mutating func roomLoaded(_ jid: JID, _ answer: Answer, _ step: inout Step) {
    guard let slot = rooms[jid], slot.isLoading else { return }
    if slot.isOutdated, case .owner = answer {
      rooms[jid]!.isOutdated = step.reach(ActivationMark.loadRoomOutdated, false)
      return step.immediate.append(.load(.room(jid)))
    }
    parkedCount -= slot.parked.count
    do throws(RowProblem) {
      guard case .owner(let rows) = answer else { throw RowProblem("a room can't be read") }
      let room: Room? = if let rows { try restore(jid, rows, &step) } else { nil }
      rooms[jid] = Slot(entity: room, isLoading: false)
    } catch {
      // The reason of a failed answer is in the log already.
      if case .owner = answer { step.outputs.append(.log(.error, "storage: \(jid): \(error)")) }
      step.reach(ActivationMark.loadRoomFailed)
      _ = rooms.remove(jid)
      for errand in slot.parked { giveUp(errand, &step) }
      return
    }
    if rooms[jid]!.entity?.isDestroyed ?? false { rooms[jid]!.entity = nil }
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

  /// To the room in memory, or to nobody, who becomes one if this is how rooms begin.
  private mutating func hand(_ stanza: Stanza, to jid: JID, _ step: inout Step) {
    if !(rooms.look(jid, { $0.hasEntity }) ?? false) {
      guard Room.isCreation(stanza) else {
        let isJoin = stanza.kind == .presence && stanza.type == nil
        step.reach(
          !isJoin
            ? RoomMark.roomAbsentAsked.mark
            : stanza.to.isBare ? RoomMark.roomAbsentWithoutNick.mark : RoomPresenceMark.roomJoinNickUnseen.mark)
        return Room.refuseAsAbsent(stanza, &step)
      }
      step.reach(RoomMark.roomCreated)
      rooms[jid] = Slot(entity: Room(creating: jid, &step), isLoading: false)
    }
    _ = rooms.change(jid) { slot in
      slot.change { room in
        room.lastUse = step.now.monotonic
        room.receive(stanza, &step)
      }
    }
    roomSettled(jid, &step)
  }

  mutating func roomSettled(_ jid: JID, _ step: inout Step) {
    guard let room = rooms[jid]?.entity else { return }
    if room.isGone {
      if !room.isDestroyed { step.reach(RoomMark.roomGoneWithLast) }
      return _ = rooms.remove(jid)
    }
    if let deadline = room.nextDeadline { wake(.room(jid), at: deadline) }
    if room.isIdle { wake(.room(jid), at: step.now.monotonic + configuration.limits[time: .idleTime]) }
  }

  mutating func checkRoom(_ jid: JID, _ step: inout Step) {
    guard let room = rooms[jid]?.entity else { return }
    if room.isIdle {
      // The timer may have been set for an earlier use: what leaves memory loses its history.
      let due = room.lastUse + configuration.limits[time: .idleTime]
      guard isPast(due, step) else { return wake(.room(jid), at: step.reach(ActivationMark.idleRoomPostponed, due)) }
      return _ = rooms.remove(step.reach(ActivationMark.idleRoomReleased, jid))
    }
    guard let deadline = room.nextDeadline else { return }
    guard isPast(deadline, step) else { return wake(.room(jid), at: deadline) }
    rooms[jid]!.entity!.deadlinePassed(&step)
    roomSettled(jid, &step)
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
