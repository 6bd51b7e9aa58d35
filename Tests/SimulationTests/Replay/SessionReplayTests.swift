import ServerCore
import Simulation
import Testing

struct ReenactmentTests {
  /// A recording in which a rule is broken is made smaller, and what is left is a recording in which the same rule is broken.
  @Test func aFailureInARecordingShrinks() throws {
    let file = try #require(ReplayTests.recordings(1, seconds: 3).first)
    let recording = try Recording(parsing: file)
    let piece = SessionReplay(recording)
    let all = Array(piece.actions.indices)
    #expect(piece.perform(all).failure == nil, "nothing fails where nothing was planted")
    let failure = try #require(piece.perform(all, mutation: .senderForged).failure)
    let found = piece.shrink(budget: 200) { piece.perform($0, mutation: .senderForged).failure?.signature == failure.signature }
    #expect(found.kept.count <= 6 && found.kept.count < all.count / 4, "\(found.kept.count) of \(all.count)")
    let outcome = piece.perform(found.kept, mutation: .senderForged)
    #expect(outcome.script?.contains("sends:") ?? false)
    var replay = Replay(try Recording(parsing: outcome.recording), mutation: .senderForged)
    replay.run()
    #expect(replay.problem?.signature == failure.signature)
    var honest = Replay(try Recording(parsing: outcome.recording))
    honest.run()
    #expect(honest.problem == nil, "\(honest.problem!)")
  }

  /// Clients whose connections begin with TLS begin so again.
  @Test func connectionsBeginAsTheyDid() throws {
    func direct(_ recording: Recording) -> [ConnectionID] {
      recording.entries.compactMap { if case .input(.opened(let id, let opening), _) = $0, opening.isDirectTLS { id } else { nil } }
    }
    for seed in 1..<20 {
      guard let file = ReplayTests.recordings(seed, seconds: 2).first else { continue }
      let recording = try Recording(parsing: file)
      guard !direct(recording).isEmpty else { continue }
      let piece = SessionReplay(recording)
      let outcome = piece.perform(Array(piece.actions.indices))
      #expect(outcome.failure == nil)
      #expect(!direct(try Recording(parsing: outcome.recording)).isEmpty)
      return
    }
    Issue.record("no client began with TLS")
  }

  /// An event is recorded before it happens: the recording has all that is needed to see why nothing came after it.
  @Test func whatIsRecordedComesFirst() throws {
    let file = try #require(ReplayTests.recordings(1, seconds: 1).first)
    let piece = SessionReplay(try Recording(parsing: file))
    nonisolated(unsafe) var heard: [UInt8] = []
    let outcome = piece.perform(Array(piece.actions.indices)) { heard += $0 }
    #expect(heard == outcome.recording && !heard.isEmpty)
  }
}
