import Foundation
import Testing

/// Stanzas reach a session by `Transaction.deliver` alone, and a stream's negotiation is written by `ClientStream.send` alone. So each of the two is
/// made in one file, and nothing else makes an effect that writes to a client. Stanzas for other servers leave by `OutgoingPair` alone.
struct OneWayToAClientTests {
  static let allowed = ["SessionDelivery.swift", "StreamOutput.swift", "OutgoingPair.swift"]

  /// Whether a line makes an effect that writes, or the addressee of one. Patterns (`case .write(let`) take one apart.
  static func makesWrite(_ line: String) -> Bool {
    let write = /(?:^|[^\w)\]?!])\.write\(|Effect\.write\(/
    let isPattern = line.contains("case .write(") || line.contains("case write(")
    // A connection hands bytes to its adapter (`Action.write`), and no stanzas.
    let isBytes = line.contains("actions.append(.write(id, outbox))")
    return line.contains("Addressee(") || !isPattern && !isBytes && line.firstMatch(of: write) != nil
  }

  @Test func nothingElseWrites() throws {
    var found: Set<String> = []
    for file in try LayersTests.sources(of: "ServerCore") {
      for (number, line) in LayersTests.code(file.text).enumerated() where Self.makesWrite(line) {
        found.insert(file.name)
        #expect(Self.allowed.contains(file.name), "\(file.name):\(number + 1) writes to a connection")
      }
    }
    #expect(found == Set(Self.allowed))
  }

  /// The search itself tells one from the other.
  @Test(arguments: [
    ("    transaction.outputs.append(.write(push, from: nil, to: listeners))", true),
    ("      .write(push, from: nil, to: listeners))", true),
    ("    let effect = Effect.write(push, from: nil, to: listeners)", true),
    ("    deliver.append(Addressee(connection: session.connection, to: stanza.to))", true),
    ("    case .write(let element, let from, let addressees): write(element, from, addressees)", false),
    ("    if case .write(let element, _, _) = effect { found.append(element) }", false),
    ("    try encoder.write(value, Shows())", false),
    ("    transaction.deliver(push, from: nil, to: listeners)", false),
  ])
  func aWriteIsFound(line: String, isOne: Bool) { #expect(Self.makesWrite(line) == isOne) }
}
