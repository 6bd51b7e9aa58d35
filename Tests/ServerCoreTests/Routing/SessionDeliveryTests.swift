import Testing
import XML
import XMPP

@testable import ServerCore

/// Stanzas that are delivered to sessions leave in order, and sessions that get one element share an effect.
struct SessionDeliveryTests {
  private static let account = JID("romeo@localhost")!
  private static let sender = JID("juliet@localhost/balcony")!

  private static func session(_ number: UInt64) -> Session {
    Session(connection: ConnectionID(number), jid: JID("romeo@localhost/\(number)")!, language: nil)
  }

  private static func message(_ body: Text) -> Element { Element("message", NS.client, children: [Element("body", NS.client, text: body)]) }

  /// The effects that leave: the body and, for each addressee, the connection and the address.
  private static func leaving(_ body: (inout Transaction) -> Void) -> [String] {
    let setting = SharedConfiguration(Configuration(domains: ["localhost"]))
    var transaction = Transaction(now: Instant(monotonic: 0, wall: 0), setting: setting)
    body(&transaction)
    transaction.outputs.close()
    return transaction.outputs.effects.map { effect in
      switch effect {
      case .write(let element, let from, let addressees):
        let to = addressees.map { "\($0.connection.number) \($0.to?.text ?? "-")" }.joined(separator: ", ")
        return "\(element.firstChild?.text ?? "") from \(from?.text ?? "-") to \(to)"
      case .close(let connection): return "close \(connection.number)"
      default: return "another"
      }
    }
  }

  @Test func severalSessionsShareAStanza() {
    let stanza = Stanza(Self.message("hi"), from: Self.sender, to: Self.account)
    let leaving = Self.leaving { transaction in
      transaction.deliver(stanza, to: Self.session(1))
      transaction.deliver(stanza, to: [Self.session(2), Self.session(3)])
    }
    #expect(leaving == ["hi from juliet@localhost/balcony to 1 romeo@localhost, 2 romeo@localhost, 3 romeo@localhost"])
  }

  @Test func anElementOfTheServersIsAddressedToTheSession() {
    let push = Self.message("push")
    let leaving = Self.leaving { $0.deliver(push, from: nil, to: [Self.session(1), Self.session(2)]) }
    #expect(leaving == ["push from - to 1 romeo@localhost/1, 2 romeo@localhost/2"])
  }

  @Test func orderIsKept() {
    let (first, second) = (Self.message("first"), Self.message("second"))
    let leaving = Self.leaving { transaction in
      transaction.deliver(first, from: nil, to: Self.session(1))
      transaction.outputs.append(.close(ConnectionID(9)))
      transaction.deliver(first, from: nil, to: Self.session(2))
      transaction.deliver(second, from: nil, to: Self.session(3))
      transaction.deliver(first, from: nil, to: Self.session(4))
    }
    #expect(
      leaving == [
        "first from - to 1 romeo@localhost/1", "close 9", "first from - to 2 romeo@localhost/2", "second from - to 3 romeo@localhost/3",
        "first from - to 4 romeo@localhost/4",
      ])
  }

  /// The sender is a part of what is written.
  @Test func differentSendersShareNothing() {
    let element = Self.message("hi")
    let leaving = Self.leaving { transaction in
      transaction.deliver(element, from: Self.sender, to: Self.session(1))
      transaction.deliver(element, from: Self.sender.bare, to: Self.session(2))
      transaction.deliver(element, from: nil, to: Self.session(3))
    }
    #expect(
      leaving == [
        "hi from juliet@localhost/balcony to 1 romeo@localhost/1", "hi from juliet@localhost to 2 romeo@localhost/2",
        "hi from - to 3 romeo@localhost/3",
      ])
  }

  /// A copy that was changed is another stanza.
  @Test func aChangedCopySharesNothing() {
    let element = Self.message("hi")
    let leaving = Self.leaving { transaction in
      transaction.deliver(element, from: nil, to: Self.session(1))
      var changed = element
      changed.append("delay", NS.delay)
      transaction.deliver(changed, from: nil, to: Self.session(2))
    }
    #expect(leaving == ["hi from - to 1 romeo@localhost/1", "hi from - to 2 romeo@localhost/2"])
  }
}
