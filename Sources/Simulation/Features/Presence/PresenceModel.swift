internal import OrderedCollections
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// An account as RFC 6121 has it: contacts and what stands between them and the user (section 3), resources and who hears of them
/// (section 4). Rosters, subscriptions and presence are one part: each stanza of one changes the others.
///
/// If the RFC leaves a choice, the comment says "chosen", and names the choice.
struct PresenceModel: AccountPart {
  struct Contact: Sendable, Hashable {
    var state = SubscriptionState.none
    /// The contact's request as it was written, while that has no answer ("MUST keep a record of the complete presence stanza", 3.1.3).
    var request: Element?
    /// In the roster that the user sees. A mere request is not (appendix A.1, "Pending In").
    var isInRoster = false
    /// The name that the user gave the contact there.
    var name: Text?
    var groups: [Text] = []
  }

  /// A connected resource (2.1 and 4.2).
  struct Resource: Sendable {
    var connection: ConnectionID
    /// `nil` while it is not available.
    var priority: Int?
    /// It asked for the roster, and so is interested (2.1.6).
    var isInterested = false
    /// The addresses that got directed presence and were not told since that it ended (4.6).
    var directed: OrderedSet<JID> = []
  }

  /// Bare.
  let jid: JID
  var contacts: OrderedDictionary<JID, Contact> = [:]
  /// By full JID.
  var resources: OrderedDictionary<JID, Resource> = [:]
  /// The addresses that hear nothing of the user, nor the user of them.
  var doors = Doors()

  init(_ account: JID) { jid = account }

  mutating func load(from database: MemoryDatabase) {
    contacts = [:]
    for item in database.rows(RosterItem.self, of: jid) { contacts[item.jid] = Contact(item) }
  }

  /// Contacts that the commit would have let hear of the user may hear that the sessions end.
  mutating func recover(from database: MemoryDatabase) -> [ModelStanza] {
    let before = hearers
    load(from: database)
    let lost = before.filter { !state(with: $0).contactHears }
    return available.flatMap { resource in
      lost.map { ModelStanza.presence("unavailable", from: resource, to: $0, isOwed: false) }
    }
  }

  mutating func learn(_ doors: Doors) { self.doors = doors }

  var kept: [String] {
    contacts.map { jid, contact in
      "contact \(jid) \(contact.state) \(contact.isInRoster) '\(contact.name ?? "-")' \(contact.groups) \(contact.request?.description ?? "-")"
    }.sorted()
  }

  mutating func began(_ session: JID, on connection: ConnectionID) { resources[session] = Resource(connection: connection) }

  func state(with contact: JID) -> SubscriptionState { contacts[contact]?.state ?? .none }

  /// Chosen: the number of known contacts is bounded, and one too many is refused. A contact whom the user chose takes no place from
  /// strangers who wait for an answer, nor they from these.
  func hasRoom(for contact: JID, _ mailbox: ModelMailbox) -> Bool {
    contacts[contact]?.isInRoster ?? false || contacts.values.count(where: \.isInRoster) < mailbox.limits[.rosterItems]
  }
  private func hasRoom(forRequestOf contact: JID, _ mailbox: ModelMailbox) -> Bool {
    contacts[contact]?.isInRoster ?? false || contacts.values.count(where: { !$0.isInRoster }) < mailbox.limits[.pendingRequests]
  }

  /// Contacts that hear of the user.
  private var hearers: [JID] { contacts.filter { $0.value.state.contactHears && !doors.isShut(to: $0.key) }.map(\.key.bare) }
  private var available: [JID] { resources.filter { $0.value.priority != nil }.map(\.key) }
}

extension PresenceModel.Contact {
  /// A contact as a server has it; a state that the RFC does not have counts as none, and is reported by the comparison.
  init(_ item: RosterItem) {
    state =
      SubscriptionState(
        userHears: item.subscription == .to || item.subscription == .both,
        contactHears: item.subscription == .from || item.subscription == .both,
        isPendingOut: item.isPendingOut, isPendingIn: item.request != nil) ?? .none
    request = item.request
    isInRoster = item.isInRoster
    name = item.name
    groups = item.groups
  }

  fileprivate var subscription: Text {
    state.userHears ? (state.contactHears ? "both" : "to") : (state.contactHears ? "from" : "none")
  }
  /// As the user sees it: that somebody asks is no part of it.
  fileprivate var shown: PresenceModel.Shown? {
    isInRoster ? PresenceModel.Shown(subscription: subscription, isPendingOut: state.isPendingOut, name: name, groups: groups) : nil
  }
}

extension PresenceModel {
  fileprivate struct Shown: Hashable {
    var subscription: Text
    var isPendingOut: Bool
    var name: Text?
    var groups: [Text]
  }

  /// Changes what is known of a contact; interested resources are told (2.1.6). If nothing shows, nobody has to be.
  mutating func change(_ contact: JID, _ mailbox: inout ModelMailbox, pushesAlways: Bool = false, _ body: (inout Contact) -> Void) {
    let old = contacts[contact] ?? Contact()
    var new = old
    body(&new)
    if !new.state.isPendingIn { new.request = nil }
    // A contact that is neither in the roster nor under way leaves nothing behind.
    contacts[contact] = new.isInRoster || new.state != .none ? new : nil
    guard old.shown != nil || new.shown != nil else { return }
    let push = Delivery.What.push(subscription: new.shown?.subscription ?? "remove", isPendingOut: new.shown?.isPendingOut ?? false)
    for resource in resources.values where resource.isInterested {
      mailbox.deliver(push, about: contact, to: resource.connection, isOwed: pushesAlways || old.shown != new.shown)
    }
  }

  /// A contact ceases to hear: whoever was there must be seen to go while the contact may still see it (3.2.2, 3.3.3). The subscription
  /// takes precedence over presence that was directed there (4.6.1): its end is told by this.
  mutating func sendUnavailable(to contact: JID, _ mailbox: inout ModelMailbox) {
    // A contact that is shut out has seen them go (XEP-0191, 3.3).
    if !doors.isShut(to: contact) { for resource in available { mailbox.send(.presence("unavailable", from: resource, to: contact)) } }
    for resource in available { resources[resource]?.directed.removeAll { $0.bare == contact } }
  }
}

// MARK: - What the user sends

extension PresenceModel {
  /// A resource sends presence; `address` is nil where it named none.
  mutating func send(_ presence: Element, of resource: JID, to address: JID?, _ mailbox: inout ModelMailbox) {
    if let address, let type = presence.type, let stanza = SubscriptionStanza(rawValue: type.string) {
      return send(stanza, presence, to: address.bare, &mailbox)
    }
    switch (presence.type, address) {
    case (nil, nil):
      if let priority = Self.priority(of: presence) { becomeAvailable(resource, priority, &mailbox) }
    case ("unavailable", nil): becomeUnavailable(resource, &mailbox)
    case (nil, let address?):
      // 4.6.3, 1: contacts that hear the resource anyway are no case of this.
      if resources[resource]?.priority == nil || !state(with: address.bare).contactHears {
        // Chosen: nobody is told of a presence whose end could not be told as well, for want of room.
        let known = resources[resource]?.directed ?? []
        guard known.contains(address) || known.count < mailbox.limits[.directedPresences] else { return }
        resources[resource]?.directed.append(address)
      }
      mailbox.send(ModelStanza(element: presence, from: resource, to: address))
    case ("unavailable", let address?):
      // Chosen: a bare address stands for all below it, as for a room that one has entered under a nick.
      resources[resource]?.directed.removeAll { $0 == address || (address.isBare && $0.bare == address) }
      mailbox.send(ModelStanza(element: presence, from: resource, to: address))
    // Chosen: who asked and has no answer learns nothing by a probe of his own.
    case ("probe", let address?) where state(with: address.bare).isPendingOut: break
    case ("probe", let address?), ("error", let address?):
      mailbox.send(ModelStanza(element: presence, from: resource, to: address))
    default: break
    }
  }

  /// 4.7.2.3: an integer from -128 to 127, zero if there is none. Chosen: what is none is refused.
  private static func priority(of presence: Element) -> Int? {
    let text = presence.child("priority", NS.client)?.text.trimmed ?? ""
    if text.isEmpty { return 0 }
    return Int(text.string).flatMap { (-128...127).contains($0) ? $0 : nil }
  }

  /// 3.1 to 3.3. Chosen: who writes to himself about this is not heard.
  private mutating func send(_ stanza: SubscriptionStanza, _ element: Element, to contact: JID, _ mailbox: inout ModelMailbox) {
    guard contact != jid else { return }
    // Chosen: what is too long to be kept whole is not sent at all.
    if stanza == .subscribe, element.stored.count > mailbox.limits[.requestBytes] { return }
    let row = SubscriptionModel.outbound(stanza, in: state(with: contact))
    if row.passes == .must, stanza == .subscribe || stanza == .subscribed, !hasRoom(for: contact, mailbox) { return }
    let heard = state(with: contact).contactHears
    change(contact, &mailbox) {
      $0.state = row.new
      // A contact who is asked, or told yes, stands in the roster from then on (3.1.2, 3.1.5).
      if row.passes == .must, stanza == .subscribe || stanza == .subscribed { $0.isInRoster = true }
    }
    guard row.passes == .must else { return }
    // 3.2.2: a contact who heard of the user hears that all is over.
    if heard, !row.new.contactHears { sendUnavailable(to: contact, &mailbox) }
    mailbox.send(ModelStanza(element: element, from: jid, to: contact))
    // 3.1.5.
    if stanza == .subscribed { for resource in available { mailbox.send(.presence(nil, from: resource, to: contact)) } }
    // Chosen: and the other way round, where the user hears the contact.
    if stanza == .subscribed, row.new.userHears { mailbox.send(.presence("probe", from: jid, to: contact, isOwed: false)) }
  }
}

// MARK: - Available and unavailable

extension PresenceModel {
  /// 4.2 and 4.4.
  private mutating func becomeAvailable(_ resource: JID, _ priority: Int, _ mailbox: inout ModelMailbox) {
    guard let old = resources[resource] else { return }
    resources[resource]?.priority = priority
    for own in available { mailbox.deliver(.presence(resource, type: nil), about: jid, to: resources[own]!.connection) }
    for contact in hearers { mailbox.send(.presence(nil, from: resource, to: contact)) }
    guard old.priority == nil else { return }
    for own in available where own != resource { mailbox.deliver(.presence(own, type: nil), about: jid, to: old.connection) }
    for (contact, what) in contacts where what.state.userHears && !doors.isShut(to: contact) {
      // "The value of the 'from' address MUST be the bare JID of the subscribed user" (4.3).
      mailbox.send(.presence("probe", from: KnownDeviations.probesComeFromResources ? resource : jid, to: contact.bare))
    }
    // 3.1.3: whoever asked before is shown to each resource that comes, until the user answers.
    for (contact, what) in contacts where what.state.isPendingIn && !doors.isShut(to: contact) {
      if let request = what.request { mailbox.deliver(.request(contact, request), about: contact, to: old.connection) }
    }
    // 3.1.2: what the user asked may have been lost on the way, so it is asked again. Chosen: whenever a resource comes.
    for (contact, what) in contacts where what.state.isPendingOut && !doors.isShut(to: contact) {
      mailbox.send(.presence("subscribe", from: jid, to: contact.bare))
    }
  }

  /// 4.5 and 4.6: whoever heard that the resource is there hears that it is not.
  mutating func becomeUnavailable(_ resource: JID, staysConnected: Bool = true, _ mailbox: inout ModelMailbox) {
    guard let old = resources[resource] else { return }
    resources[resource]?.priority = nil
    resources[resource]?.directed = []
    let heard = old.priority == nil ? [] : hearers
    if old.priority != nil {
      for own in available { mailbox.deliver(.presence(resource, type: "unavailable"), about: jid, to: resources[own]!.connection) }
      if staysConnected { mailbox.deliver(.presence(resource, type: "unavailable"), about: jid, to: old.connection) }
    }
    for contact in heard { mailbox.send(.presence("unavailable", from: resource, to: contact)) }
    // A resource that goes need not be told of it itself; and its address may be another's soon (RFC 6120, 7.7.2.2).
    let others = old.directed.filter { staysConnected || $0 != resource }
    for address in others where !heard.contains(address.bare) && !doors.isShut(to: address) {
      mailbox.send(.presence("unavailable", from: resource, to: address))
    }
  }

  mutating func ended(_ resource: JID, _ mailbox: inout ModelMailbox) {
    becomeUnavailable(resource, staysConnected: false, &mailbox)
    resources[resource] = nil
  }
}

// MARK: - What comes to the user

extension PresenceModel {
  mutating func receive(_ letter: ModelStanza, _ mailbox: inout ModelMailbox) {
    guard letter.element.stanzaKind == .presence else { return }
    if let type = letter.element.type, let stanza = SubscriptionStanza(rawValue: type.string) { return receive(stanza, letter, &mailbox) }
    switch letter.element.type {
    case "probe": answerProbe(letter, &mailbox)
    case nil, "unavailable":
      // 8.5.2.1.2 and 8.5.3.1.
      for resource in letter.to.isFull ? [letter.to] : available {
        guard let connection = resources[resource]?.connection else { continue }
        mailbox.deliver(.presence(letter.from, type: letter.element.type), about: letter.from, to: connection, isOwed: letter.isOwed)
        // 4.6.1.
        if letter.element.type != nil, !KnownDeviations.whoGoesStaysOnTheList { resources[resource]?.directed.remove(letter.from) }
      }
    default: break
    }
  }

  private mutating func receive(_ stanza: SubscriptionStanza, _ letter: ModelStanza, _ mailbox: inout ModelMailbox) {
    let contact = letter.from.bare
    guard contact != jid else { return }
    var row = SubscriptionModel.inbound(stanza, in: state(with: contact))
    if stanza == .subscribe, row.passes == .must, !hasRoom(forRequestOf: contact, mailbox) {
      row = SubscriptionModel.Row(row.existing, .shouldNot, row.existing)
    }
    let heard = state(with: contact).contactHears
    if row.passes == .must {
      // A request is for who is there; the rest for who keeps a roster, and before the push (3.1.6, 3.2.3, 3.3.3).
      // That a request is taken back is delivered by A.3.2 and not by 3.3.3: it may be.
      let isOwed = letter.isOwed && (stanza != .unsubscribe || heard)
      for resource in resources.values where stanza == .subscribe ? resource.priority != nil : resource.isInterested {
        let what = stanza == .subscribe ? Delivery.What.request(contact, letter.element) : .presence(contact, type: letter.element.type)
        mailbox.deliver(what, about: contact, to: resource.connection, isOwed: isOwed)
      }
    }
    change(contact, &mailbox) {
      $0.state = row.new
      if stanza == .subscribe, row.passes == .must { $0.request = letter.element }
    }
    if heard, !row.new.contactHears { sendUnavailable(to: contact, &mailbox) }
    if let answer = row.answer { mailbox.send(.presence(Text(answer.rawValue), from: jid, to: contact)) }
    guard stanza == .subscribe else { return }
    if row.answer == nil {
      // Chosen, as the field has it: that the request arrived is said each time.
      mailbox.send(.presence("unavailable", from: jid, to: contact, isOwed: letter.isOwed))
    } else {
      // Chosen: who asks again has forgotten what he heard.
      for resource in available { mailbox.send(.presence(nil, from: resource, to: contact, isOwed: false)) }
    }
  }

  /// 4.3.2, and 4.6.6 for who got directed presence.
  private func answerProbe(_ letter: ModelStanza, _ mailbox: inout ModelMailbox) {
    let asker = letter.from.bare
    let isDirected = letter.to.isFull && resources[letter.to]?.directed.contains { $0 == letter.from || $0 == asker } ?? false
    if isDirected, asker != jid, !state(with: asker).contactHears {
      return mailbox.send(.presence(nil, from: letter.to, to: letter.from))
    }
    guard asker == jid || state(with: asker).contactHears else {
      if KnownDeviations.probesLeaveRequestsAlone, state(with: asker).isPendingIn { return }
      return mailbox.send(.presence("unsubscribed", from: jid, to: asker, isOwed: letter.isOwed))
    }
    let asked = letter.to.isFull ? available.filter { $0 == letter.to } : available
    if asked.isEmpty { mailbox.send(.presence("unavailable", from: letter.to, to: letter.from, isOwed: false)) }
    for resource in asked { mailbox.send(.presence(nil, from: resource, to: letter.from, isOwed: letter.isOwed)) }
  }
}
