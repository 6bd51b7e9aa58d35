import ServerCore
import Storage
import Testing
import XML
import XMPP

@testable import Simulation

/// The rows that the model holds to be on the disk.
struct ModelMemoryTests {
  private static let owner = JID("tea@conference.localhost")!
  private static func commit(_ number: UInt64, shard: Int = 0) -> CommitID { CommitID(shard: shard, number) }

  /// A commit may be durable as soon as it is issued, must be once it is acknowledged, and is not any more once it has failed.
  @Test func states() {
    var memory = ModelMemory()
    func wrong(_ stored: [String]?) -> Bool { memory.disagreement(about: Self.owner, with: stored) != nil }
    #expect(!wrong(nil) && wrong(["a"]))
    memory.note(Self.commit(1), Self.owner, .known(["a"]))
    #expect(!wrong(nil) && !wrong(["a"]) && wrong(["b"]))
    memory.note(Self.commit(2), Self.owner, .known(["a", "b"]))
    memory.committed(Self.commit(1))
    #expect(wrong(nil) && !wrong(["a"]) && !wrong(["a", "b"]))
    // Another shard's commits say nothing of this one's.
    memory.committed(Self.commit(9, shard: 1))
    #expect(!wrong(["a"]))
    memory.failed(Self.commit(2))
    #expect(wrong(["a", "b"]) && !wrong(["a"]))
    memory.note(Self.commit(3), Self.owner, .unknown)
    #expect(!wrong(["c"]))
  }

  @Test func differenceNamesWhatIsMissing() {
    var memory = ModelMemory()
    memory.set(Self.owner, .known(["a", "b"]))
    let text = memory.disagreement(about: Self.owner, with: ["a", "c"])
    #expect(text == #"the disk holds of tea@conference.localhost ["c"], and should hold ["b"]"#)
  }
}
