import DequeModule
import Storage
import Testing
import XML
import XMPP

@testable import ServerCore

/// A room and those who talk to it, with what each of them got in a notation of one line a stanza:
///
///     +Romeo owner/moderator <romeo@example.org/pc> 110 201    presence (-: unavailable, !: error)
///     Romeo: Hello.                                            groupchat message (# for a subject, @ for a private one)
///     room: owner member <juliet@example.org>                  message of the room, with the item in it
///     iq a result                                              IQ with its id, and an error's condition
struct RoomFixture {
  static let jid = JID("room@conference.example.org")!

  var room: Room
  var now = Instant(monotonic: 0, wall: .seconds(1_700_000_000))
  private let configuration: Configuration
  var generator = RandomSource(key: [1])
  /// Those of the last `send`, or whatever else was done last.
  var changes: [Change] = []
  /// The envelopes of the last `send`, to see what went out as one.
  var envelopes: [Transaction.Envelope] = []
  private var received: [(to: JID, from: JID, element: Element)] = []

  /// A locked room with nobody in it.
  init(limits change: (inout Configuration.Limits) -> Void = { _ in }) {
    var configuration = Configuration(domains: ["example.org"])
    change(&configuration.limits)
    self.configuration = configuration
    var transaction = Transaction(now: now, setting: SharedConfiguration(configuration))
    transaction.random = generator
    room = Room(creating: Self.jid, &transaction)
  }
  /// A room that Romeo made and configured so.
  init(_ fields: [Text: [Text]], limits change: (inout Configuration.Limits) -> Void = { _ in }) {
    self.init(limits: change)
    join("romeo", "Romeo")
    configure(fields)
    forget()
  }

  /// `romeo` is `romeo@example.org/pc`, `romeo/phone` another client of the same.
  static func address(_ who: Text) -> JID {
    let parts = who.string.split(separator: "/", maxSplits: 1)
    return JID(Text("\(parts[0])@example.org/\(parts.count > 1 ? parts[1] : "pc")"))!
  }

  // MARK: Doing

  mutating func perform(_ body: (inout Room, inout Transaction) -> Void) {
    var transaction = Transaction(now: now, setting: SharedConfiguration(configuration))
    transaction.random = generator
    body(&room, &transaction)
    generator = transaction.random
    changes = transaction.changes
    envelopes = Array(transaction.routed)
    for envelope in envelopes {
      for to in envelope.to { received.append((to, envelope.from, envelope.element)) }
    }
  }
  /// A stanza to the room, or to a nick in it.
  mutating func send(_ xml: String, by who: Text, to nick: Text = "") {
    let to = nick.isEmpty ? Self.jid : JID(bare: Self.jid, resource: nick)!
    let stanza = Stanza(element(xml), from: Self.address(who), to: to)
    perform { room, transaction in room.receive(stanza, &transaction) }
  }
  mutating func join(_ who: Text, _ nick: Text, _ inside: String = "") {
    send("<presence><x xmlns='http://jabber.org/protocol/muc'>\(inside)</x></presence>", by: who, to: nick)
  }
  mutating func leave(_ who: Text) { send("<presence type='unavailable'/>", by: who) }
  mutating func say(_ body: String, by who: Text) { send("<message type='groupchat' id='m'><body>\(body)</body></message>", by: who) }
  mutating func configure(_ fields: [Text: [Text]], by who: Text = "romeo") {
    var form = DataForm(.submit, fields: [DataForm.Field(name: "FORM_TYPE", values: [NS.mucRoomConfig])])
    for (name, values) in fields.sorted(by: { $0.key < $1.key }) {
      form.fields.append(DataForm.Field(name: "muc#roomconfig_" + name, values: values))
    }
    send("<iq type='set' id='c'><query xmlns='http://jabber.org/protocol/muc#owner'>\(form.element)</query></iq>", by: who)
  }
  mutating func administer(_ items: String, by who: Text = "romeo", type: String = "set") {
    send("<iq type='\(type)' id='a'><query xmlns='http://jabber.org/protocol/muc#admin'>\(items)</query></iq>", by: who)
  }
  mutating func affiliate(_ who: Text, _ affiliation: Text, by requester: Text = "romeo") {
    administer("<item affiliation='\(affiliation)' jid='\(Self.address(who).bare)'/>", by: requester)
  }
  mutating func register(_ content: String, by who: Text, type: String = "set") {
    send("<iq type='\(type)' id='r'><query xmlns='jabber:iq:register'>\(content)</query></iq>", by: who)
  }
  mutating func reserve(_ nick: Text, by who: Text) {
    register(
      "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#register</value></field>"
        + "<field var='muc#register_roomnick'><value>\(nick)</value></field></x>", by: who)
  }

  // MARK: Looking

  /// The stanzas that somebody got since the last call, in that notation.
  mutating func take(_ who: Text) -> [String] { takeStanzas(who).map { Self.line($0.element, from: $0.from) } }

  mutating func takeStanzas(_ who: Text) -> [(from: JID, element: Element)] {
    let jid = Self.address(who)
    let found = received.filter { $0.to == jid }
    received.removeAll { $0.to == jid }
    return found.map { (from: $0.from, element: $0.element) }
  }
  /// The stanzas that went to somebody's bare address.
  mutating func takeBare(_ who: Text) -> [String] {
    let found = received.filter { $0.to == Self.address(who).bare }
    received.removeAll { $0.to.isBare }
    return found.map { Self.line($0.element, from: $0.from) }
  }
  mutating func forget() { received = [] }

  static func line(_ element: Element, from: JID) -> String {
    let name = from.resource.isEmpty ? "room" : from.resource.string
    let x = element.child("x", NS.mucUser)
    var words: [String] = []
    if let error = StanzaError(element) {
      words = ["\(error.condition.rawValue)"] + (error.by.map { ["by \($0)"] } ?? [])
    } else if let x {
      words =
        x.children.filter { $0.has(name: "item") }.flatMap(item) + x.children.filter { $0.has(name: "status") }.map { $0["code"]!.string }
      words += x.children.filter { !$0.has(name: "item") && !$0.has(name: "status") }.map(\.description)
    }
    switch element.name {
    case "presence":
      let sign = element.type == nil ? "+" : element.type == "error" ? "!" : "-"
      let show = [element.child("show", NS.client), element.child("status", NS.client)].compactMap { $0?.text.string }
      return ([sign + name] + show + words).joined(separator: " ")
    case "iq": return (["iq", element.id?.string ?? "", element.type?.string ?? ""] + words).joined(separator: " ")
    default:
      let subject = element.child("subject", NS.client).map { "# \($0.text)" }
      let body = element.child("body", NS.client).map { (element.type == "groupchat" ? ": " : "@ ") + $0.text.string }
      let delay = element.child("delay", NS.delay).map { ["(\($0["stamp"]!))"] } ?? []
      return ([name + (body ?? subject ?? ":")] + words + delay).joined(separator: " ")
    }
  }

  private static func item(_ item: Element) -> [String] {
    var words = [[item["affiliation"], item["role"]].compactMap { $0?.string }.joined(separator: "/")]
    if let jid = item["jid"] { words.append("<\(jid)>") }
    if let nick = item["nick"] { words.append("nick=\(nick)") }
    if let actor = item.child("actor", NS.mucUser) {
      words.append("by \([actor["nick"]?.string, actor["jid"].map { "<\($0)>" }].compactMap { $0 }.joined(separator: " "))")
    }
    if let reason = item.child("reason", NS.mucUser) { words.append("'\(reason.text)'") }
    return words
  }
}

/// Reads one stanza, as from a client's stream.
func element(_ xml: String) -> Element {
  var parser = StreamParser(limits: .authenticated)
  let pool = ParserPool()
  parser.feed("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>".utf8)
  parser.feed(xml.utf8)
  while let event = parser.next(using: pool) {
    if case .stanza(let element) = event { return element }
  }
  preconditionFailure("a test's XML can't be read: \(xml)")
}
