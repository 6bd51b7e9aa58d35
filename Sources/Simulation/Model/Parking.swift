internal import OrderedCollections
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

// The errands that wait for storage are bounded: once as many wait as may, the next is turned away.

extension ReferenceModel {
  /// Strikes from the waiting errands those that the server turned away.
  ///
  /// Which errands come in time depends on things that the documents do not speak of: logins wait there, too, and stanzas of rooms. So
  /// which letters wait is taken from the server, but only where it was full. (A departure is never turned away: where it finds no room it
  /// takes back the arrivals that it would have undone.)
  ///
  /// - Returns: what is wrong with that.
  mutating func reconcileRejections(_ server: Server) -> String? {
    let limit = configuration.limits[.queuedWhileLoading]
    for (key, errands) in waiting {
      let count = server.parkedCount(for: key)
      guard count + errands.count >= limit else { continue }
      var there = server.parked(for: key)
      var (arrivals, departures, areOfPlaces) = (0, 0, false)
      waiting[key] = errands.filter { errand in
        // Whether a binding takes place is seen by its session.
        if case .binding = errand { return true }
        if let found = there.firstIndex(where: { errand.isSame(as: $0) }) {
          there.remove(at: found)
          return true
        }
        // Model and server need not agree on the letters of sessions that a failed commit ends: see `wait`.
        guard errand.isOwed, !isRecovering else { return false }
        if errand.isDeparture { departures += 1 } else { arrivals += 1 }
        if case .letter(let letter) = errand, letter.isOfPlace { areOfPlaces = true }
        return false
      }
      // It was full then, and still is but for what departures took back, those of rooms among them, which the model does not know: a room's
      // presence comes with its letters, and a departure that takes it back leaves no trace.
      let areTakenBack = departures > 0 || areOfPlaces || server.parked(for: key).contains(where: \.isDeparture)
      let mayBeTakenBack = areTakenBack ? arrivals : 0
      if arrivals + departures > 0, count + mayBeTakenBack < limit {
        return "\(arrivals + departures) stanzas for \(key) are lost, and there was room for them"
      }
    }
    return nil
  }

  /// A letter that comes to wait, with the commits that it depends on.
  ///
  /// - Parameter made: the commits of this event.
  func dependent(_ letter: ModelStanza, made: [CommitID]) -> ModelStanza {
    let shard = shardIndex(of: letter.to)
    let (made, pending) = (made.filter { $0.shard == shard }, pending.filter { $0.number.shard == shard })
    var copy = letter
    copy.commit = pending.last?.number
    copy.cause = made.isEmpty ? pending.last { $0.touched.contains(letter.from.bare) }?.number : made.count == 1 ? made[0] : nil
    return copy
  }

  /// Strikes from the waiting letters those that a failed commit took back.
  ///
  /// A letter goes with the changes that it tells of. It stays where its writer had changed nothing before it was written, which only the server
  /// knows: so that is taken from the server, but for what says how subscriptions stand, which tells of a change. Of equal letters those stay that
  /// no failure concerns.
  mutating func withdraw(_ server: Server) {
    guard let failure else { return }
    for (key, errands) in waiting {
      var there = server.parked(for: key)
      func take(_ errand: Errand) -> Bool {
        guard let place = there.firstIndex(where: { errand.isSame(as: $0) }) else { return false }
        there.remove(at: place)
        return true
      }
      let mayGo = errands.map { errand in
        if case .letter(let letter) = errand, !errand.isDeparture, let commit = letter.commit {
          failure.number.isSameOrBefore(commit)
        } else {
          false
        }
      }
      for (errand, mayGo) in zip(errands, mayGo) where !mayGo { _ = take(errand) }
      waiting[key] = zip(errands, mayGo).filter { errand, mayGo in
        guard mayGo, case .letter(let letter) = errand else { return true }
        let stays = take(errand)
        if stays, letter.isOfSubscription, failure.touched.contains(letter.from.bare),
          letter.cause.map(failure.number.isSameOrBefore) ?? false
        {
          problem = problem ?? "\(letter.element) from \(letter.from) still waits for \(key), and the change that it tells of failed"
        }
        return stays
      }.map(\.0)
    }
  }
}

extension ModelStanza {
  /// RFC 6121, 3.
  fileprivate var isOfSubscription: Bool {
    element.stanzaKind == .presence && ["subscribe", "subscribed", "unsubscribe", "unsubscribed"].contains(element.type)
  }
}

extension Server.ParkedView {
  fileprivate var isDeparture: Bool {
    if case .stanza(let element, _, _) = self { element.stanzaKind == .presence && element.type == "unavailable" } else { false }
  }
}

extension ReferenceModel.Errand {
  /// A letter that need not be sent may not have been.
  fileprivate var isOwed: Bool { if case .letter(let letter) = self { letter.isOwed } else { true } }

  fileprivate var isDeparture: Bool {
    if case .letter(let letter) = self { letter.element.stanzaKind == .presence && letter.element.type == "unavailable" } else { false }
  }

  fileprivate func isSame(as parked: Server.ParkedView) -> Bool {
    switch (self, parked) {
    case (.letter(let letter), .stanza(let element, let from, let to)):
      letter.from == from && letter.to == to && letter.element.stanzaKind == element.stanzaKind && letter.element.type == element.type
        && letter.element.id == element.id
    case (.removal, .removal), (.creation, .creation): true
    default: false
    }
  }
}
