import ServerCore
import Testing
import XML
import XMPP

@testable import Simulation

/// The values that users choose beside the usual ones.
struct ValueTests {
  /// Rolls what it is told to, and zero afterwards.
  private final class Dice {
    var rolls: [Int]
    init(_ rolls: Int...) { self.rolls = rolls }
    func roll(_ bound: Int) -> Int { rolls.isEmpty ? 0 : min(rolls.removeFirst(), bound - 1) }
  }

  @Test func whereEveryRollIsZeroNothingChanges() {
    let dice = Dice()
    let choice = ValueChoice(dice.roll)
    let message = Element("message", NS.client, ["to": "user1@localhost"], children: [Element("body", NS.client, text: "hello")])
    #expect(choice.percent == 0)
    #expect(choice.applied(to: message, dice.roll) == message)
  }

  @Test func aBodyIsAnotherText() {
    let message = Element("message", NS.client, ["to": "user1@localhost"], children: [Element("body", NS.client, text: "hello")])
    // Of a message: its language, its address, its body and the body's language. The fourth entry of the table.
    let slots = ValueSlot.slots(in: message)
    let body = slots.firstIndex { $0.path == [0] }!
    let choice = ValueChoice(Dice(3, 3).roll)
    let changed = choice.applied(to: message, Dice(99, body).roll)
    #expect(changed.child("body", NS.client)?.text == "<![CDATA[x]]>")
    #expect(changed["to"] == "user1@localhost")
  }

  @Test func theNickInAnAddressIsAValueOfItsOwn() {
    let presence = Element("presence", NS.client, ["to": "tea@conference.localhost/romeo"])
    let slots = ValueSlot.slots(in: presence)
    let address = slots.firstIndex { if case .part(.attribute("to"), _) = $0.target { true } else { false } }!
    let choice = ValueChoice(Dice(3, 0).roll)
    let changed = choice.applied(to: presence, Dice(99, address, 1).roll)
    #expect(changed["to"] == "tea@conference.localhost/Foo")
  }

  @Test func theTypeOfAFormStays() {
    let form = DataForm(
      .submit, fields: [DataForm.Field(name: "FORM_TYPE", values: ["a"]), DataForm.Field(name: "muc#roomconfig_roomname", values: ["n"])])
    let iq = Element("iq", NS.client, ["type": "set"], children: [Element("query", NS.mucOwner, children: [form.element])])
    let fields = ValueSlot.slots(in: iq).filter { if case .field = $0.target { true } else { false } }
    #expect(fields.map(\.path) == [[0, 0, 1]])
    let slot = ValueSlot.slots(in: iq).firstIndex { $0.path == [0, 0, 1] }!
    let changed = ValueChoice(Dice(3, 2).roll).applied(to: iq, Dice(99, slot).roll)
    let values = changed.firstChild?.firstChild.flatMap { DataForm($0) }.map { [$0.fields[0].values, $0.fields[1].values] }
    #expect(values == [["a"], ["true"]])
  }

  /// A message that is stored with just as many bytes as the limit says, or with one less or more.
  @Test(arguments: [-1, 0, 1])
  func aTextFillsAStanzaUpToALimit(difference: Int) throws {
    var configuration = Configuration(domains: ["localhost"])
    configuration.limits[.offlineBytes] = 400
    configuration.limits[.stanzaBytes] = 10_000
    let sizes = SizeChoice(configuration)
    let limit = try #require(sizes.limits.firstIndex(of: 400))
    #expect(sizes.limits.contains(10_000) && !sizes.limits.contains(configuration.limits[.allOutboxesBytes]))
    let message = Element("message", NS.client, ["to": "user1@localhost"], children: [Element("body", NS.client, text: "hello")])
    var filled = sizes.applied(to: message, from: "user0@localhost/d0", Dice(limit, 1, 0, 1 + difference).roll)
    #expect(filled["from"] == nil)
    filled["from"] = "user0@localhost/d0"
    #expect(filled.stored.count == 400 + difference)
  }

  @Test func aStanzaThatIsTooLongOrSaysNothingStays() {
    var configuration = Configuration(domains: ["localhost"])
    configuration.limits[.offlineBytes] = 100
    let sizes = SizeChoice(configuration)
    let limit = sizes.limits.firstIndex(of: 100) ?? 0
    let long = Element("message", NS.client, children: [Element("body", NS.client, text: .sized(100))])
    #expect(sizes.applied(to: long, from: "user0@localhost/d0", Dice(limit, 0, 0, 1).roll) == long)
    let silent = Element("message", NS.client, children: [Element("body", NS.client)])
    #expect(sizes.applied(to: silent, from: "user0@localhost/d0", Dice(limit, 0, 0, 1).roll) == silent)
  }

  private struct Promise: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var table: ValueTable
    var isGood: @Sendable (Text) -> Bool
  }
  private static let promises = [
    Promise(testDescription: "nicks", table: .nicks) { JID("tea@localhost/" + $0) != nil },
    Promise(testDescription: "usernames", table: .usernames) { JID($0 + "@localhost") != nil },
    Promise(testDescription: "passwords", table: .passwords) { Precis.opaqueString($0) != nil },
    Promise(testDescription: "addresses", table: .addresses) { JID($0) != nil },
    Promise(testDescription: "numbers", table: .numbers) { Int($0.string) != nil },
    Promise(testDescription: "dates", table: .dates) { DateTime.parse($0) != nil },
    Promise(testDescription: "languages", table: .languages) { LanguageTag.isWellFormed($0) },
  ]

  /// Each table has values that preparation takes and values that it refuses.
  @Test(arguments: promises)
  private func aTableHasGoodAndBad(promise: Promise) {
    let values = promise.table.values.compactMap { $0 }
    #expect(values.count { promise.isGood($0) } > 3)
    #expect(values.count { !promise.isGood($0) } > 3)
  }

  /// Other spellings of an address that mean the same to a server that prepares it.
  @Test(arguments: ["USER1@LOCALHOST/d0", "\u{FF35}\u{FF33}\u{FF25}\u{FF32}\u{FF11}@localhost/d0", "user1@localhost./d0"] as [Text])
  func spellingsAreOneAddress(spelling: Text) {
    #expect(JID(spelling) == JID("user1@localhost/d0"))
  }

  /// Honest users send nothing that ends a stream: what is written is well-formed, and reads as it was meant.
  @Test func everyValueIsXML() throws {
    let tables = [ValueTable.nicks, .usernames, .passwords, .addresses, .texts, .additions, .numbers, .dates, .languages]
    for value in tables.flatMap(\.values).compactMap({ $0 }) + ValueTable.fields.flatMap({ $0 }) {
      let sent = Element("message", NS.client, ["to": value], text: value)
      let read = try Element(parsing: sent.serialized(defaultNamespace: NS.client), defaultNamespace: NS.client)
      #expect(read == sent)
    }
  }
}
