internal import OrderedCollections
internal import XML
internal import XMPP

/// Messages that wait until somebody is there: XEP-0160 with stamps of XEP-0203, and RFC 6121, 8.5.2.2.
enum OfflineMessages {
  static let feature = Feature(xep: 160, version: "1.0.1", name: "Offline Messages")
}

extension Account {
  mutating func storeOffline(_ stanza: Stanza, _ step: inout Step) {
    // XEP-0160, 3: chat states and other messages without content are not worth keeping.
    let keeps = stanza.element.child("body", NS.client) != nil || stanza.element.type != "chat" || !isOnlyStates(stanza.element)
    let limits = step.configuration.limits
    var message = stanza.element.delayed(from: jid.domain, at: step.now.wall)
    message["from"] = stanza.from.text
    message["to"] = stanza.to.text
    // In bytes too, as it will be read again: all of it will stand in one outbox.
    let weight = message.weight
    let isFull = offlineCount >= limits.offlineMessages
    guard step.configuration.features.offlineMessages, !isFull, offlineBytes + weight <= limits.offlineBytes else {
      step.reach(!step.configuration.features.offlineMessages ? .offlineOff : isFull ? .offlineFull : .offlineBytesFull)
      return step.bounce(stanza, StanzaError(.serviceUnavailable))
    }
    guard keeps else { return step.reach(.offlineNotWorthKeeping) }
    step.reach(.offlineStored)
    lastOffline += 1
    offlineCount += 1
    offlineBytes += weight
    step.persist(.offline(owner: jid, sequence: lastOffline, message))
  }

  private func isOnlyStates(_ element: Element) -> Bool {
    element.children.allSatisfy { $0.has(namespace: "http://jabber.org/protocol/chatstates") || $0.has(name: "thread") }
  }

  /// A session became able to take messages: what waited is its.
  mutating func offerOffline(to session: Session, _ step: inout Step) {
    guard offlineCount > 0, awaitsOffline == nil, session.priority >= 0 else { return }
    awaitsOffline = session.jid.resource
    step.immediate.append(.load(.offline(jid)))
  }

  /// Whether messages must wait, or they would overtake older ones that are on their way from storage.
  var mustLineUp: Bool { awaitsOffline != nil }

  /// Storage answered: what it has is handed over, then what lined up behind.
  mutating func offlineLoaded(_ messages: [OfflineMessage], _ step: inout Step) {
    let resource = awaitsOffline
    awaitsOffline = nil
    let waiting = resource.flatMap { sessions[$0] }.flatMap { $0.presence != nil && $0.priority >= 0 ? $0 : nil }
    if let session = waiting ?? available.first(where: { $0.priority >= 0 }) {
      if waiting == nil { step.reach(.offlineTakerGone) }
      handOver(messages, to: session, &step)
    } else {
      step.reach(.offlineNobodyLeft)
    }
    let line = linedUp
    linedUp = []
    if !line.isEmpty { step.reach(.offlineLineReleased) }
    for stanza in line {
      var addressees: [Addressee] = []
      // From the beginning: its sender may have been blocked meanwhile.
      receive(stanza, &step, deliver: &addressees)
      if !addressees.isEmpty { step.outputs.append(.write(stanza.element, from: stanza.from, to: addressees)) }
    }
  }

  private mutating func handOver(_ messages: [OfflineMessage], to session: Session, _ step: inout Step) {
    guard let last = messages.last else { return step.reach(.offlineNothingThere) }
    for message in messages {
      guard let from = message.stanza["from"].flatMap({ JID($0) }), let to = message.stanza["to"].flatMap({ JID($0) }) else { continue }
      var stanza = message.stanza
      stanza["from"] = nil
      stanza["to"] = nil
      if isBlocked(from) {
        step.reach(.blockedStored)
        // Blocked since it was sent.
        refuseBlocked(Stanza(stanza, from: from, to: to), &step)
      } else {
        step.outputs.append(.write(stanza, from: from, to: [Addressee(link: session.link, to: to)]))
      }
    }
    // Handed over with the same commit that forgets them: a crash before it leaves both undone.
    step.persist(.deleteOffline(owner: jid, through: last.sequence))
    offlineCount = max(0, offlineCount - messages.count)
    offlineBytes = offlineCount == 0 ? 0 : max(0, offlineBytes - messages.reduce(0) { $0 + $1.stanza.weight })
    if offlineCount > 0 { step.reach(.offlineMoreStored) }
    // What was stored since the question was asked comes next.
    offerOffline(to: session, &step)
  }
}
