import Testing

@testable import ServerCore

/// The table of RFC 6121, 8.5.4, letter by letter. D: delivered; M: to the most available; A: to all; O: stored; E: an error; I: silence. Where the
/// RFC has S, an error or silence, this server answers with an error, but not to a headline that nobody is there for.
struct MessageDeliveryTests {
  static let table: [(MessageDelivery.Situation, MessageDelivery.Target, String)] = [
    //                                  normal, chat, groupchat, headline
    (.noAccount, .bare, "E E E E"),
    (.noAccount, .fullNoMatch, "E E E E"),
    (.noResources, .bare, "O O E I"),
    (.noResources, .fullNoMatch, "E O E E"),
    (.negativeOnly, .bare, "O O E I"),
    (.negativeOnly, .fullMatch, "D D D D"),
    (.negativeOnly, .fullNoMatch, "E O E E"),
    (.someNonNegative, .bare, "M M E A"),
    (.someNonNegative, .fullMatch, "D D D D"),
    (.someNonNegative, .fullNoMatch, "E M E E"),
  ]

  @Test(arguments: table.indices)
  func followsTheTable(index: Int) {
    let (situation, target, row) = Self.table[index]
    let types: [MessageDelivery.MessageType] = [.normal, .chat, .groupchat, .headline]
    for (type, letter) in zip(types, row.split(separator: " ")) {
      let expected: MessageDelivery =
        switch letter {
        case "D": .deliver
        case "M": .mostAvailable
        case "A": .all
        case "O": .storeOffline
        case "I": .ignore
        default: .error
        }
      let decision = MessageDelivery.decide(type, situation, target)
      #expect(decision == expected, "\(type) \(situation) \(target): \(decision)")
    }
  }

  /// 8.5.2.1.1, 8.5.3.2.1: an error is never answered and never stored.
  @Test func errorsAreDeliveredOrDropped() {
    for (situation, target, _) in Self.table {
      let decision = MessageDelivery.decide(.error, situation, target)
      #expect(decision == (target == .fullMatch ? .deliver : .ignore))
    }
  }
}
