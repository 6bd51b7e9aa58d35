import Testing
import XML

@testable import ServerCore

@Suite struct DomainPairTests {
  /// Pairs of one remote domain stand together.
  @Test func theRemoteDomainComesFirst() {
    let texts: [(Text, Text)] = [
      ("b.example", "y.example"), ("a.example", "z.example"), ("a.example", "y.example"), ("b.example", "x.example"),
    ]
    let sorted = texts.map { DomainPair(local: $0, remote: $1) }.sorted()
    #expect(sorted.map(\.remote) == ["x.example", "y.example", "y.example", "z.example"])
    #expect(sorted.map(\.local) == ["b.example", "a.example", "b.example", "a.example"])
  }

  /// The two sides are not exchanged.
  @Test func aPairHasSides() { #expect(DomainPair(local: "a", remote: "b") != DomainPair(local: "b", remote: "a")) }
}
