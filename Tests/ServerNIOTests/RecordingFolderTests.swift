import Foundation
import ServerCore
import ServerNIO
import Testing

@Suite(.serialized) struct RecordingFolderTests {
  /// The first thing that an engine does otherwise than was recorded.
  private func difference(in file: [UInt8]) throws -> String? {
    let recording = try Recording(parsing: file)
    var engine = recording.start.engine()
    for entry in recording.entries {
      switch entry {
      case .input(let input, let now): engine.handle(input, at: now)
      case .outputs(let outputs): if let difference = outputs.difference(from: Recording.Outputs(engine.flush())) { return difference }
      }
    }
    return nil
  }

  private func files(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { folder + "/" + $0 }
  }

  /// Files are few and of limited size, nobody else may read them, and each replays by itself.
  @Test func filesAreBoundedAndEachReplays() throws {
    let recordings = TemporaryFolder()
    let stage = try ServerFixture { configuration in
      configuration.recording = RecordingOptions(folder: recordings.path)
      configuration.recording?.bytes = 80_000
    }
    let client = try stage.login("romeo")
    for number in 0..<1500 {
      client.send("<message type='chat' id='m\(number)' to='romeo@localhost/r'><body>But soft! What light \(number)</body></message>")
      if number % 10 == 9 { try client.expect("id='m\(number)'") }
    }
    stage.server.stop()
    let files = try files(in: recordings.path)
    #expect(files.count > 1 && files.count <= 8)
    for file in files {
      let attributes = try FileManager.default.attributesOfItem(atPath: file)
      #expect(attributes[.posixPermissions] as? Int == 0o600)
      let bytes = [UInt8](try #require(FileManager.default.contents(atPath: file)))
      // A turn of the loop may bring much at once.
      #expect(bytes.count < 40_000)
      let text = String(decoding: bytes, as: UTF8.self)
      #expect(!text.contains("But soft") && !text.contains("secret"))
      #expect(try difference(in: bytes) == nil)
    }
    #expect(try !Recording(parsing: [UInt8](#require(FileManager.default.contents(atPath: files.last!)))).start.isBeginning)
  }

  /// Two lives of a server share a folder, and both replay.
  @Test func aFolderTakesManyLives() throws {
    let recordings = TemporaryFolder()
    let data = TemporaryFolder()
    for _ in 0..<2 {
      let server = try RunningServer.start(
        configuration: ServerFixture.configuration(data) { $0.recording = RecordingOptions(folder: recordings.path, keepsText: true) })
      let client = try TestClient(port: server.port, receiveBuffer: nil)
      client.openStream()
      try client.expect("</stream:features>")
      server.stop()
    }
    let files = try files(in: recordings.path)
    #expect(files.count == 2)
    for file in files { #expect(try difference(in: [UInt8](#require(FileManager.default.contents(atPath: file)))) == nil) }
  }
}
