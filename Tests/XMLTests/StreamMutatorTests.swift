import Testing

@testable import FuzzChecks

/// The mutator of streams makes other streams, and not other bytes.
@Suite struct StreamMutatorTests {
  private static let head: [UInt8] = [1, 7, 0, 3]
  private static let stream = Array(
    "<message to='a@b' type=\"chat\"><body>a &amp; b</body><x xmlns='p:p'/></message> <iq id='1'><![CDATA[c]]></iq>".utf8)

  @Test func tokensAreTheStreamThatTheyWereMadeOf() {
    #expect(StreamTokens(Self.stream).bytes == Self.stream)
    for text in ["<a b='<' c>", "<", "a<b", "</a", "<!-- a", "<a b=c>", "<a/ >", "</a >", "<?a?>b<!c>"] {
      #expect(StreamTokens(Array(text.utf8)).bytes == Array(text.utf8), "\(text)")
    }
  }

  @Test func anElementEndsWithItsOwnTag() {
    let tokens = StreamTokens(Array("<a><a/><a>b</a></a><c>".utf8))
    #expect(tokens.element(at: 0) == 0..<6)
    #expect(tokens.element(at: 1) == 1..<2)
    #expect(tokens.element(at: 2) == 2..<5)
    #expect(tokens.element(at: 6) == nil)
    #expect(tokens.element(at: 3) == nil)
  }

  @Test func theSameSeedMakesTheSameChange() {
    let changes = (0..<200 as Range<UInt32>).map { StreamMutator.mutate(Self.head + Self.stream, most: 4000, seed: $0) }
    let again = (0..<200 as Range<UInt32>).map { StreamMutator.mutate(Self.head + Self.stream, most: 4000, seed: $0) }
    #expect(changes == again)
    #expect(Set(changes).count > 190)
  }

  @Test(arguments: [0, 3, 40, 300]) func noChangeIsLongerThanItMay(most: Int) {
    for seed in 0..<400 as Range<UInt32> {
      #expect(StreamMutator.mutate(Self.head + Self.stream, most: most, seed: seed).count <= most)
      #expect(StreamMutator.mutate([], most: most, seed: seed).count <= most)
    }
  }

  /// Where most changes left nothing to read, only the parser's refusals would be tested; where all did, none of them.
  @Test func mostChangesLeaveStanzas() {
    let depths = (0..<1000 as Range<UInt32>).map { seed in
      StreamParserCheck.depth(of: StreamMutator.mutate(Self.head + Self.stream, most: 4000, seed: seed))
    }
    #expect((500...950).contains(depths.count { $0 > 0 }))
    #expect(depths.contains { $0 > 20 })
  }

  /// From nothing: a chain of changes comes to streams that have stanzas.
  @Test func streamsGrowFromNothing() {
    var input: [UInt8] = []
    var deepest = 0
    for seed in 0..<200 as Range<UInt32> {
      let next = StreamMutator.mutate(input, most: 2000, seed: seed)
      // As a fuzzer keeps what reaches more.
      if StreamParserCheck.depth(of: next) >= deepest { (input, deepest) = (next, StreamParserCheck.depth(of: next)) }
    }
    #expect(deepest > 3)
  }

  @Test func changedStreamsAreReadAsTheyShould() {
    for seed in 0..<1000 as Range<UInt32> {
      let input = StreamMutator.mutate(Self.head + Self.stream, most: 4000, seed: seed)
      if let fault = StreamParserCheck.fault(in: input) {
        Issue.record("\(String(decoding: input, as: UTF8.self)): \(fault)")
        return
      }
    }
  }
}
