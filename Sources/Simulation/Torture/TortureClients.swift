internal import ClientCore
internal import OrderedCollections
internal import Scenario
internal import ServerCore
internal import XML
internal import XMPP

// The characters of a script, and what they receive.

/// All that one character has received, in order.
struct Experiences: Sendable {
  enum Item: Sendable {
    case stanza(Element)
    case bound(JID)
    /// The server ended the stream, or the connection broke, and the script did not say so.
    case ended(String)
  }
  var items: [Item] = []
  /// The server ended a session, or its connection broke.
  var hasEnd: Bool { items.contains { if case .ended = $0 { true } else { false } } }

  /// Comparable with those of another run: in the order of the alphabet, without times and without what the server draws at random.
  ///
  /// - Parameters:
  ///   - sentIDs: ids of stanzas that characters sent; all others are the server's own.
  ///   - drawn: full addresses whose resource the server chose, each with a name that stands for it.
  func normalized(sentIDs: OrderedSet<Text>, drawn: [(jid: String, name: String)]) -> [String] {
    items.map { item in
      switch item {
      case .bound: return "is logged in"
      case .ended(let reason): return "loses the connection: \(reason)"
      case .stanza(var element):
        if let id = element.id, !sentIDs.contains(id) { element["id"] = "(drawn)" }
        var text = "\(element)"
        for (jid, name) in drawn { text = text.replacing(jid, with: name) }
        return Experiences.withoutTimes(text)
      }
    }.sorted()
  }

  /// Each time in the format of XEP-0082 is replaced by a word.
  static func withoutTimes(_ text: String) -> String {
    let bytes = Array(text.utf8)
    guard bytes.count > 19, bytes.contains(UInt8(ascii: "T")) else { return text }
    let shape = Array("0000-00-00T00:00:00".utf8)
    var result: [UInt8] = []
    var place = 0
    while place < bytes.count {
      let isTime =
        place + shape.count <= bytes.count
        && shape.indices.allSatisfy { shape[$0] == UInt8(ascii: "0") ? isDigit(bytes[place + $0]) : bytes[place + $0] == shape[$0] }
      guard isTime else {
        result.append(bytes[place])
        place += 1
        continue
      }
      result += Array("(time)".utf8)
      place += shape.count
      while place < bytes.count, isDigit(bytes[place]) || bytes[place] == UInt8(ascii: ".") { place += 1 }
    }
    return String(decoding: result, as: UTF8.self)
  }
  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}

extension TortureWorld: ScenarioDriver {
  mutating func connect(_ character: Scenario.Character) throws(DriverError) -> Text {
    guard let account = JID(character.jid), let index = index(of: character.name) else {
      throw DriverError(message: "'\(character.jid)' is not an address")
    }
    connect(index, as: account, with: character.password)
    settle()
    guard let jid = clients[index].stream?.jid else { throw DriverError(message: "login failed: \(trouble(of: index))") }
    return jid.text
  }

  mutating func connect(_ index: Int, as account: JID, with password: Text? = nil) {
    begins(index)
    let session = clients.nextSession(of: index)
    var stream = Client(
      account: account, password: password ?? cast[index].password, resource: cast[index].resource ?? "", nonce: session.nonce,
      security: .opportunistic)
    stream.isDirectTLS = cast[index].isDirectTLS
    open(session, label: session.label, as: stream)
  }

  mutating func open(_ character: Scenario.Character) throws(DriverError) {
    guard let account = JID(character.jid), let index = index(of: character.name) else {
      throw DriverError(message: "'\(character.jid)' is not an address")
    }
    begins(index)
    let session = clients.nextSession(of: index)
    var stream = Client(silent: account)
    stream.isDirectTLS = character.isDirectTLS
    open(session, label: session.label, as: stream)
    settle()
  }

  mutating func write(_ bytes: [UInt8], as character: String) throws(DriverError) {
    guard let index = index(of: character), clients[index].connection != nil else { throw DriverError(message: "not connected") }
    (sentID, sentRequest) = (nil, false)
    write(bytes, as: index)
    settle()
  }

  mutating func operate(_ request: OperatorRequest) throws(DriverError) -> String? {
    guard let request = ControlRequest(request) else { throw DriverError(message: "'\(request.account)' is not an address") }
    if request.isCutting { changesLogins = true }
    operatorReply = nil
    operations += 1
    let id = Run.operatorBase + UInt64(operations)
    observe(.asked(id, request))
    world.control(id, request)
    settle()
    guard let operatorReply else { throw DriverError(message: "the server gave no answer") }
    if case .refused(let reason) = operatorReply { return reason }
    return nil
  }

  mutating func send(_ element: Element, as character: String) throws(DriverError) {
    guard let index = index(of: character), clients[index].connection != nil else { throw DriverError(message: "not connected") }
    sends(element)
    write(element, as: index)
    settle()
  }

  mutating func receive(as character: String) throws(DriverError) -> Element? {
    settle()
    return index(of: character).flatMap { takeStanza($0) }
  }

  mutating func receiveIfUnderWay(as character: String) throws(DriverError) -> Element? { try receive(as: character) }

  mutating func disconnect(_ character: String) throws(DriverError) { index(of: character).map { leave($0) } }

  /// Ends the stream and the connection, as a client does that is done.
  mutating func leave(_ index: Int) {
    guard clients[index].connection != nil else { return }
    willLeave(index)
    endStream(index)
    hangUp(index)
    settle()
  }

  mutating func restartServer() throws(DriverError) {
    world.shutDown(grace: 1_000_000_000)
    wait(nanoseconds: 2_000_000_000)
  }

  mutating func wait(seconds: Int) throws(DriverError) { wait(nanoseconds: Int64(seconds) * 1_000_000_000) }

  mutating func crashServer() throws(DriverError) { throw TortureWorld.refusal }
  mutating func failNextCommit() throws(DriverError) { throw TortureWorld.refusal }
  mutating func breakConnection(of character: String) throws(DriverError) { throw TortureWorld.refusal }
  mutating func change(_ change: WorldChange) throws(DriverError) { throw TortureWorld.refusal }
  mutating func change(_ change: ConnectionChange, of character: String) throws(DriverError) { throw TortureWorld.refusal }
  private static let refusal = DriverError(
    message: "a script with a fault of its own can't be tortured: nobody knows what another fault may change")

  mutating func finish() {}
}

// MARK: - Clients

extension TortureWorld {
  private mutating func begins(_ index: Int) {
    troubles[index] = nil
    inboxes[index] = []
    endOutput(of: index)
  }

  private mutating func sends(_ element: Element) {
    sentID = element.id
    sentRequest = element.stanzaKind == .iq
    // An answer has the id of somebody else's request.
    if let id = element.id, element.type != "result", element.type != "error" { sentIDs.append(id) }
    if element.child("query", NS.register) != nil { changesLogins = true }
  }

  private mutating func takeStanza(_ index: Int) -> Element? { inboxes[index].isEmpty ? nil : inboxes[index].removeFirst() }

  private mutating func willLeave(_ index: Int) {
    if unread == index { readOn() }
    leaving = index
  }

  /// The bytes of its stream are complete: a parser that is not ours must be able to read them.
  mutating func endOutput(of index: Int) {
    if let wrong = outputs.endOfStream(index) { fail(OutputStreams.name, "\(cast[index].name): \(wrong)") }
  }

  mutating func readOn() {
    if let unread, let id = clients[unread].connection { world.readAgain(id) }
    unread = nil
  }

  /// The connection breaks now: both systems know it, and all that is under way on it is lost.
  mutating func breakNow(_ index: Int) {
    guard let id = clients[index].connection else { return }
    leaving = index
    world.breakNow(id)
    hangUp(index)
  }

  func trouble(of index: Int) -> String { troubles[index] ?? "the server gave no answer" }

  /// The full addresses whose resources the server chose, each with the name of its character; the longest first.
  var drawnAddresses: [(jid: String, name: String)] {
    let all = cast.indices.filter { cast[$0].resource == nil }.flatMap { index in
      experiences[index].items.compactMap { item -> (jid: String, name: String)? in
        if case .bound(let jid) = item { (jid.text.string, "(\(cast[index].name))") } else { nil }
      }
    }
    return all.sorted { $0.jid.utf8.count > $1.jid.utf8.count }
  }

  /// The name of the character whose connection has this number.
  func name(of connection: UInt64) -> String {
    let index = Int(connection >> 24) - 1
    return cast.indices.contains(index) ? cast[index].name : "a client"
  }

  // MARK: Notices of the world

  mutating func attend() {
    if let wrong = world.model?.problem { fail("model", wrong) }
    if let gauge = world.overLimit { fail("limits", gauge.description) }
    deliverNotices()
  }

  mutating func observe(_ observation: Observation) {
    guard problem == nil else { return }
    if keepsHistory { history.append(Run.Moment(time: world.now, observation: observation, event: world.happenings)) }
    for index in oracles.indices {
      if let wrong = oracles[index].observe(observation, at: world.now) { fail(type(of: oracles[index]).name, wrong) }
    }
    if case .began(let session, let jid) = observation { experiences[session.actor].items.append(.bound(jid)) }
  }

  mutating func arrived(_ bytes: [UInt8], for index: Int) { outputs.received(bytes, by: index) }

  mutating func shakeHands(_ index: Int) {
    endOutput(of: index)
    completeHandshake(index)
  }

  mutating func received(_ element: Element, by index: Int) {
    experiences[index].items.append(.stanza(element))
    inboxes[index].append(element)
    // A client that sent no request may be told otherwise that it failed: an occupant by the end of its stay in the room.
    if index == actor, hasStruck, !sentRequest { answered.append(action) }
    if index == actor, let sentID, element.id == sentID {
      answered.append(action)
      if element.type != "error", acknowledged[action] == nil { acknowledged[action] = position }
    }
    // Before a resource is bound there is no session of which rules know.
    if clients[index].stream?.jid != nil { observe(.received(clients[index].session, element)) }
  }

  mutating func streamEnded(_ index: Int, _ reason: String?) { ended(index, reason ?? "the server ended the stream") }
  mutating func connectionClosed(_ index: Int) { ended(index, "the connection was closed") }

  private mutating func ended(_ index: Int, _ reason: String) {
    if leaving != index { experiences[index].items.append(.ended(reason)) }
    troubles[index] = reason
    hangUp(index)
  }

  mutating func hungUp(_ index: Int) { if leaving == index { leaving = nil } }

  mutating func noticed(_ notice: World.Notice) {
    switch notice {
    case .crashed:
      disturb("crash")
      crashes += 1
    case .restarted: disturb("restart")
    case .unreadable: disturb(Run.unreadable)
    case .reply(let id, let reply):
      observe(.answered(id, reply))
      if id == Run.operatorBase + UInt64(operations) { operatorReply = reply }
    case .alarm, .bytes, .handshake, .closed: break
    }
  }

  private mutating func disturb(_ what: String) {
    hadFault = true
    observe(.fault(what))
  }

  mutating func fail(_ rule: String, _ message: String) { if problem == nil { problem = "\(rule): \(message)" } }
}
