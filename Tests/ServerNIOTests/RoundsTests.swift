import Foundation
import SASL
import ServerCore
import ServerNIO
import Testing
import XML
import XMPP

/// RFC 5802, section 5, over restarts with other settings.
@Suite(.serialized) struct RoundsTests {
  /// The salts and iteration counts that names are shown.
  private func challenges(_ names: [String], rounds: Int, _ data: TemporaryFolder, adding account: String? = nil) throws -> [String] {
    let server = try RunningServer.start(
      configuration: ServerFixture.configuration(data) {
        $0.core.scramRounds = rounds
        $0.core.requiresTLS = false
      })
    defer { server.stop() }
    if let account { try server.addAccount(JID("\(account)@localhost")!, password: "secret") }
    return try names.map { name in
      let client = try TestClient(port: server.port, receiveBuffer: nil)
      client.openStream()
      try client.expect("</stream:features>")
      let first = Base64.encode(Array("n,,n=\(name),r=abc".utf8))
      client.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>\(first)</auth>")
      let answer = try client.expect("</challenge>")
      let challenge = try #require(answer.firstMatch(of: /<challenge[^>]*>([^<]*)</)?.1)
      let fields = Scram.fields(Text(utf8: try #require(Base64.decode(Text(challenge)))))
      return "\(fields[1].value) \(fields[2].value)"
    }
  }

  @Test func aNameIsShownTheSameWhateverTheSettingBecomes() throws {
    let data = TemporaryFolder()
    let names = ["romeo", "nobody", "somebody", "tybalt"]
    let first = try challenges(names, rounds: 4, data, adding: "romeo")
    #expect(first.allSatisfy { $0.hasSuffix(" 4") })
    #expect(try challenges(names, rounds: 10, data, adding: "juliet") == first)
    #expect(try challenges(names, rounds: 5, data) == first)
    #expect(try challenges(["juliet"], rounds: 5, data)[0].hasSuffix(" 10"))
    let file = try String(contentsOfFile: data.path + "/scram_rounds", encoding: .utf8)
    #expect(file.split(separator: "\n").map { $0.split(separator: " ").last } == ["1", "10", "5"], "\(file)")
  }

  /// A server that kept no history, as earlier versions did, learns from its accounts.
  @Test func aHistoryBeginsWithTheAccountsThatThereAre() throws {
    let data = TemporaryFolder()
    let names = (0..<20).map { "name\($0)" }
    _ = try challenges([], rounds: 4, data, adding: "romeo")
    _ = try challenges([], rounds: 10, data, adding: "juliet")
    try FileManager.default.removeItem(atPath: data.path + "/scram_rounds")
    let shown = try challenges(names, rounds: 10, data)
    #expect(shown.contains { $0.hasSuffix(" 4") } && shown.contains { $0.hasSuffix(" 10") }, "half of the accounts have each")
    #expect(try challenges(names, rounds: 20, data) == shown)
  }

  @Test func aHistoryThatCannotBeReadIsSaid() throws {
    let data = TemporaryFolder()
    try "nonsense".write(toFile: data.path + "/scram_rounds", atomically: true, encoding: .utf8)
    let error = #expect(throws: SetupError.self) { try RunningServer.start(configuration: ServerFixture.configuration(data)) }
    #expect(error?.description.contains("remove it, and the next start makes a new one") ?? false)
  }
}
