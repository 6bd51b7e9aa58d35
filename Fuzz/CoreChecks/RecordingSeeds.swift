internal import SASL
internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// Inputs of files for the fuzzer of recordings, made by the code as it is: good ones, and some in which a single thing is forged.
public enum RecordingSeeds {
  public struct Seed: Sendable {
    public var name: String
    public var input: [UInt8]
    /// A part of what the reader says; `nil` if it takes the file.
    public var refusal: String?
  }

  public static var all: [Seed] {
    var seeds = [
      Seed(name: "file-beginning", input: input(session(lateStart: false))),
      Seed(name: "file-snapshot", input: input(session(lateStart: true))),
      Seed(name: "file-direct-tls", input: input(directTLS)),
    ]
    seeds.append(Seed(name: "stream-login", input: [UInt8(RecorderCheck.Kind.stream.rawValue), 7, 40, 200] + login))
    for name in forgedLimits.keys.sorted() {
      var configuration = configuration
      forgedLimits[name]?(&configuration)
      seeds.append(Seed(name: "file-forged-\(name)", input: input(begin(configuration, at: zero)), refusal: "a limit that can't be"))
    }
    for (name, time) in [("last", Int64.max), ("first", Int64.min)] {
      let late = Instant(monotonic: time, wall: time)
      let engine = Engine(configuration: configuration, seed: [1])
      var recorder = Recorder(secret: [1])
      let file = recorder.begin(configuration: configuration, seed: [1], at: zero) + recorder.input(.deadline, at: late, before: engine)
      seeds.append(Seed(name: "file-forged-\(name)-time", input: input(file), refusal: "a time is no time"))
      seeds.append(Seed(name: "file-forged-\(name)-start", input: input(begin(configuration, at: late)), refusal: "a time is no time"))
      guard let owner = JID("romeo@localhost") else { continue }
      let message = OfflineMessage(sequence: time, stanza: Element("message", NS.client))
      let loaded =
        recorder.begin(configuration: configuration, seed: [1], at: zero)
        + recorder.input(.answered(InquiryID(1 << 6), .result(.page(Page([message], of: owner)))), at: zero, before: engine)
      seeds.append(Seed(name: "file-forged-\(name)-sequence", input: input(loaded), refusal: "a number is too large"))
    }
    return seeds
  }

  private static let forgedLimits: [String: @Sendable (inout Configuration) -> Void] = [
    "lock-time": { $0.limits[time: .roomLockTime] = 1 << 62 }, "idle-time": { $0.limits[time: .idleTime] = 1 << 62 },
    "rounds": { $0.scramRounds = 1 << 33 }, "pace": { $0.limits[.burstBytes] = 1 << 33 }, "outbox": { $0.limits[.allOutboxesBytes] = -1 },
  ]

  private static let zero = Instant(monotonic: 0, wall: 0)
  private static var configuration: Configuration {
    var configuration = Configuration(domains: ["localhost"])
    configuration.requiresTLS = false
    configuration.scramRounds = 1
    configuration[flag: .openRegistration] = true
    return configuration
  }

  /// An input: the bytes that choose its kind and how a stream would be cut, then the file without its first line.
  private static func input(_ file: [UInt8]) -> [UInt8] {
    [UInt8(RecorderCheck.Kind.file.rawValue), 0, 0, 0] + file.dropFirst(Recording.magic.count)
  }

  private static func begin(_ configuration: Configuration, at now: Instant) -> [UInt8] {
    var recorder = Recorder(secret: [1])
    return recorder.begin(configuration: configuration, seed: [1], at: now)
  }

  /// Somebody registers, logs in with and without success, and is disconnected.
  private static func session(lateStart: Bool) -> [UInt8] {
    var world = RecordedWorld(configuration, keepsText: false)
    let connection = ConnectionID(1)
    world.feed(.opened(connection, Opening(from: SourceNetwork(address: [127, 0, 0, 1]))))
    for (number, text) in stanzas.enumerated() {
      if lateStart, number == stanzas.count / 2 { world.beginAnew() }
      world.feed(.bytes(connection, Array(text.utf8)))
    }
    world.feed(.closed(connection))
    world.feed(.deadline)
    return world.file
  }

  /// Two connections begin with TLS, and one of them speaks another protocol.
  private static var directTLS: [UInt8] {
    var world = RecordedWorld(configuration, keepsText: false)
    let origin = SourceNetwork(address: [127, 0, 0, 1])
    for (number, protocolName) in [(1, "xmpp-client"), (2, "h2")] as [(UInt64, Text)] {
      world.feed(.opened(ConnectionID(number), Opening(from: origin, isDirectTLS: true)))
      world.feed(.encrypted(ConnectionID(number), TLSFacts(protocolName: protocolName)))
      world.feed(.bytes(ConnectionID(number), Array(header.utf8)))
    }
    return world.file
  }

  /// A stream that logs in, which needs the nonce that the server will choose, and then does a little of everything.
  private static var login: [UInt8] {
    var client = SASLClientExchange(.scramSHA1, name: "romeo", password: "secret", nonce: "abc")
    let opening =
      header
      + "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>\(Base64.encode(client.initialResponse))</auth>"
    var world = RecordedWorld(RecorderCheck.configuration, keepsText: false)
    world.feed(.opened(ConnectionID(1), Opening()))
    world.feed(.bytes(ConnectionID(1), Array(opening.utf8)))
    let said = String(decoding: world.written, as: UTF8.self)
    guard let challenge = said.firstMatch(of: /<challenge[^>]*>([^<]*)</).flatMap({ Base64.decode(Text($0.1)) }),
      case .respond(let message) = client.challengeReceived(challenge)
    else { return [] }
    let response = Base64.encode(message)
    return Array(
      (opening + "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\(response)</response>" + header + actions.joined()).utf8)
  }

  private static let header =
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>"
  private static let stanzas = [
    header,
    "<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>eve</username><password>s3cret</password></query></iq>",
    "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>\(Base64.encode(Array("n,,n=romeo,r=abc".utf8)))</auth>",
    "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\(Base64.encode(Array("c=biws,r=abc,p=AAAA".utf8)))</response>",
    "<iq type='get' id='q'><query xmlns='jabber:iq:register'/></iq><message><body>half a",
  ]
  private static let room = "balcony@conference.localhost"
  private static let actions = [
    "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>",
    "<presence><priority>1</priority><status>here</status></presence>",
    "<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='nurse@localhost' name='Nurse'><group>Capulet</group></item></query></iq>",
    "<message to='romeo@localhost' id='m' type='chat'><body>But soft!</body><x token='t'/></message>",
    "<presence to='\(room)/Romeo'><x xmlns='http://jabber.org/protocol/muc'><password>rose</password></x></presence>",
    "<iq type='set' id='o' to='\(room)'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>"
      + "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>"
      + "<field var='muc#roomconfig_roomname'><value>Balcony</value></field>"
      + "<field var='muc#roomconfig_roomsecret'><value>rose</value></field></x></query></iq>",
    "<message to='\(room)' type='groupchat' id='g'><subject>Roses</subject></message>",
    "<iq type='get' id='d' to='\(room)'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
    "<iq type='set' id='p'><query xmlns='jabber:iq:register'><username>romeo</username><password>changed</password></query></iq>",
  ]
}
