import Foundation
import NIOCore
import NIOSSL
import Testing
import XML
import XMPP

@testable import ServerNIO

/// The listener whose connections begin with TLS (XEP-0368).
@Suite(.serialized) struct DirectTLSTests {
  /// A client that trusts the server's certificate alone.
  private func tls(_ stage: ServerFixture, offering protocols: [String]) -> TLSConfiguration {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .file(stage.folder.path + "/certs/localhost.crt")
    tls.applicationProtocols = protocols
    return tls
  }

  @Test(arguments: [[], ["xmpp-client"], ["h2", "xmpp-client", "http/1.1"]], [1, 3])
  func aClientLogsIn(offering protocols: [String], eventLoops: Int) throws {
    let stage = try ServerFixture { $0.eventLoops = eventLoops }
    try stage.server.addAccount(JID("romeo@localhost")!, password: "secret")
    let client = try stage.connectDirectly(tls(stage, offering: protocols))
    #expect(try client.handshake() == (protocols.isEmpty ? nil : "xmpp-client"))
    client.openStream()
    let features = try client.expect("</stream:features>")
    #expect(features.contains("<mechanism>PLAIN</mechanism>") && !features.contains("starttls"))
    let proof = Data("\0romeo\0secret".utf8).base64EncodedString()
    client.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>\(proof)</auth>")
    try client.expect("<success")
    client.openStream()
    try client.expect("</stream:features>")
    client.send("</stream:stream>")
    try client.expect("</stream:stream>")
    try client.expectEnd()
  }

  /// The TLS library goes on with a handshake in which nothing is agreed on; the server does not.
  @Test(arguments: [["h2"], ["http/1.1", "xmpp-server"]])
  func anotherProtocolIsRefused(offering protocols: [String]) throws {
    let stage = try ServerFixture()
    let client = try stage.connectDirectly(tls(stage, offering: protocols))
    #expect(try client.handshake() == nil)
    client.openStream()
    #expect(throws: Missing.self) { try client.expect("<stream:stream ") }
    #expect(client.hasEnded)
    let other = try stage.connectDirectly(tls(stage, offering: ["xmpp-client"]))
    other.openStream()
    try other.expect("</stream:features>")
  }

  /// A client that speaks in the clear there is cut off without an answer, and nobody else notices.
  @Test(arguments: [TestClient.header(to: "localhost"), "GET / HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}\0\u{4}\u{1}\0\0\0"])
  func plainTextEndsTheConnection(_ text: String) throws {
    let stage = try ServerFixture()
    let client = try stage.connectDirectly()
    client.send(text)
    #expect(throws: Missing.self) { try client.expect("<") }
    #expect(client.hasEnded)
    let other = try stage.connectDirectly(tls(stage, offering: []))
    other.openStream()
    try other.expect("</stream:features>")
    let clear = try stage.connect()
    clear.openStream()
    try clear.expect("</stream:features>")
  }

  @Test func theServerStopsDuringAHandshake() throws {
    let stage = try ServerFixture()
    let client = try stage.connectDirectly()
    client.send("\u{16}\u{3}\u{1}")
    stage.server.stop()
    try client.expectEnd()
  }
}
