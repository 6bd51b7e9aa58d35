import Testing

@testable import ServerCore

/// The table of RFC 6121, 8.5.4, letter by letter. S: silently ignored or an error; D: delivered; M: to the most available; A: to all;
/// O: stored; E: an error.
struct MessageDeliveryTests {
  static let table: [(MessageDelivery.Situation, MessageDelivery.Target, String)] = [
    //                                  normal, chat, groupchat, headline
    (.noAccount, .bare, "S S E S"),
    (.noAccount, .fullNoMatch, "S S S S"),
    (.noResources, .bare, "O O E S"),
    (.noResources, .fullNoMatch, "S O S S"),
    (.negativeOnly, .bare, "O O E S"),
    (.negativeOnly, .fullMatch, "D D D D"),
    (.negativeOnly, .fullNoMatch, "S O S S"),
    (.someNonNegative, .bare, "M M E A"),
    (.someNonNegative, .fullMatch, "D D D D"),
    (.someNonNegative, .fullNoMatch, "S M S S"),
  ]

  @Test(arguments: table.indices)
  func followsTheTable(index: Int) {
    let (situation, target, row) = Self.table[index]
    let types: [MessageDelivery.MessageType] = [.normal, .chat, .groupchat, .headline]
    for (type, letter) in zip(types, row.split(separator: " ")) {
      let allowed: [MessageDelivery] =
        switch letter {
        case "S": [.ignore, .error]
        case "D": [.deliver]
        case "M": [.mostAvailable]
        case "A": [.all]
        case "O": [.storeOffline]
        default: [.error]
        }
      let decision = MessageDelivery.decide(type, situation, target)
      #expect(allowed.contains(decision), "\(type) \(situation) \(target): \(decision)")
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
