import OrderedCollections
import SASL
import Storage
import Testing
import XMPP

@testable import ServerCore
@testable import Simulation
@testable import XML

/// A server's outputs, as a test has them, before a judge.
struct JudgedStream {
  var model: LoginModel
  let server: Server
  let connection = ConnectionID(1)
  var now: Int64 = 0

  init(storageMayFail: Bool = false, isDirectTLS: Bool = false, _ change: (inout Configuration) -> Void = { _ in }) {
    var configuration = Configuration(domains: ["localhost"])
    change(&configuration)
    model = LoginModel(configuration: configuration, storageMayFail: storageMayFail)
    server = Server(configuration: configuration, seed: [1])
    operate(1, .addAccount(JID("romeo@localhost")!, password: Secret(Array("pencil".utf8))), .done)
    happen(.opened(connection, Opening(isDirectTLS: isDirectTLS)))
  }

  mutating func happen(_ event: Event, _ effects: [Effect] = []) {
    model.follow(HandledEvent(event: event, time: Instant(monotonic: now, wall: now), effects: effects, passed: [], server: server))
  }
  mutating func operate(_ id: UInt64, _ request: ControlRequest, _ reply: ControlReply?) {
    happen(.control(id, request), reply.map { [.reply(id, $0)] } ?? [])
    now += 1
  }

  mutating func say(_ text: String) { model.hear(.bytes(connection, Array(text.utf8)), at: now) }
  mutating func answer(_ effects: [Effect]) { happen(.answered(InquiryID(1), .failed("")), effects) }
  mutating func answer(_ element: Element) { answer([.write(element, from: nil, to: [Addressee(connection: connection, to: nil)])]) }
  mutating func fail(_ condition: Text) {
    var failure = Element("failure", NS.sasl)
    failure.append(condition, NS.sasl)
    answer(failure)
  }
  mutating func end(_ condition: StreamError.Condition) {
    answer(StreamError(condition).element)
    answer([.closeStream(connection), .close(connection)])
  }
  mutating func openHeader() {
    answer([.openStream(connection, StreamOpening(role: .client, id: "i", from: "localhost", to: nil, language: "en"))])
  }

  static let header =
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>"

  static func features(_ mechanisms: [Text], startTLS: Bool = false) -> Element {
    var features = Element("features", NS.streams)
    if startTLS { features.append(Element("starttls", NS.tls, children: [Element("required", NS.tls)])) }
    if !mechanisms.isEmpty {
      features.append(Element("mechanisms", NS.sasl, children: mechanisms.map { Element("mechanism", NS.sasl, text: $0) }))
    }
    return features
  }

  /// Up to the handshake.
  mutating func startTLS(injected: String = "") {
    say(Self.header)
    openHeader()
    answer(Self.features([], startTLS: true))
    say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" + injected)
    answer(Element("proceed", NS.tls))
    answer([.startTLS(connection, .server(domain: "localhost", asksForCertificate: false))])
  }

  /// Over TLS, with the features offered.
  mutating func secure(injected: String = "") {
    startTLS(injected: injected)
    happen(.encrypted(connection, TLSFacts()))
    say(Self.header)
    openHeader()
    answer(Self.features(["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]))
  }

  /// Logs in over TLS, up to the features that come then.
  mutating func succeed() {
    logIn("pencil")
    answer(Element("success", NS.sasl))
    say(Self.header)
    openHeader()
    answer(Element("features", NS.streams, children: [Element("bind", NS.bind)]))
  }

  /// Logs in over TLS, and binds a resource.
  mutating func bind(_ resource: String) {
    succeed()
    say("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>\(resource)</resource></bind></iq>")
    let payload = Element("bind", NS.bind, children: [Element("jid", NS.bind, text: "romeo@localhost/\(Text(resource))")])
    answer(Element("iq", NS.client, ["type": "result", "id": "b"], children: [payload]))
  }

  /// An exchange of SCRAM up to the challenge.
  mutating func breakOff(salt: UInt8, nonce: String) {
    say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>\(Base64.encode(Array("n,,n=romeo,r=abc".utf8)))</auth>")
    answer(Element("challenge", NS.sasl, text: Base64.encode(Array("r=abc\(nonce),s=\(Base64.encode([salt])),i=1".utf8))))
    say("<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
    fail("aborted")
  }

  mutating func logIn(_ password: String) {
    say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>\(Base64.encode(Array("\0romeo\0\(password)".utf8)))</auth>")
  }
}
