import OrderedCollections
import Testing
import XML
import XMPP

@testable import ServerCore

/// Entering a room that one is in (XEP-0045, 7.2.1; 17.3, rule 3), and the ids of the own presence (16.3).
@Suite struct RoomRejoinTests {
  private func stage() -> RoomFixture {
    var stage = RoomFixture([:])
    stage.join("juliet", "Juliet")
    stage.say("hello", by: "romeo")
    stage.send("<message type='groupchat'><subject>Balconies</subject></message>", by: "romeo")
    stage.forget()
    return stage
  }
  private let rest = ["Romeo: hello (2023-11-14T22:13:20Z)", "Romeo# Balconies (2023-11-14T22:13:20Z)"]

  @Test func underTheSameNick() {
    var stage = stage()
    stage.join("juliet", "Juliet")
    #expect(stage.take("juliet") == ["+Romeo owner/moderator", "+Juliet none/participant <juliet@example.org/pc> 110"] + rest)
    #expect(stage.take("romeo") == ["+Juliet none/participant <juliet@example.org/pc>"])
  }

  @Test func underAnotherNick() {
    var stage = stage()
    stage.join("juliet", "Capulet")
    #expect(
      stage.take("juliet") == [
        "-Juliet none/participant <juliet@example.org/pc> nick=Capulet 110 303", "+Romeo owner/moderator",
        "+Capulet none/participant <juliet@example.org/pc> 110",
      ] + rest)
    #expect(
      stage.take("romeo") == [
        "-Juliet none/participant <juliet@example.org/pc> nick=Capulet 303", "+Capulet none/participant <juliet@example.org/pc>",
      ])
    #expect(stage.room.occupantList.map(\.nick) == ["Romeo", "Capulet"])
  }

  @Test func otherClientsMoveAlong() {
    var stage = stage()
    stage.join("juliet/phone", "Juliet")
    stage.forget()
    stage.join("juliet", "Capulet")
    #expect(
      stage.take("juliet/phone") == [
        "-Juliet none/participant <juliet@example.org/phone> nick=Capulet 110 303", "+Capulet none/participant <juliet@example.org/pc> 110",
      ])
    #expect(stage.take("romeo").count == 2)
  }

  /// As it would have come, had it not been inside (7.2.8).
  @Test func whereTheUsersOthersAre() {
    var stage = stage()
    stage.join("juliet/phone", "Phone")
    stage.forget()
    stage.join("juliet/phone", "Juliet")
    #expect(
      stage.take("juliet/phone") == [
        "-Phone none/participant <juliet@example.org/phone> nick=Juliet 110 303", "+Romeo owner/moderator",
        "+Juliet none/participant <juliet@example.org/phone> 110",
      ] + rest)
    #expect(
      stage.take("romeo") == [
        "-Phone none/participant <juliet@example.org/phone> nick=Juliet 303", "+Juliet none/participant <juliet@example.org/phone>",
      ])
    #expect(stage.room.occupants.count == 2 && stage.room.sessionCount == 3)
    // Without the `<x/>` it is a change of nick, and the nick is in use.
    stage.join("juliet/tablet", "Tablet")
    stage.forget()
    stage.send("<presence/>", by: "juliet/tablet", to: "Juliet")
    #expect(stage.take("juliet/tablet") == ["!Juliet conflict by room@conference.example.org"])
  }

  @Test func oneOfSeveralMoves() {
    var stage = stage()
    stage.join("juliet/phone", "Phone")
    stage.join("juliet/tablet", "Phone")
    stage.forget()
    stage.join("juliet/phone", "Juliet")
    #expect(stage.room.occupantList.map(\.nick) == ["Romeo", "Juliet", "Juliet", "Phone"])
    // The room hides JIDs, and the one that was seen under the nick is still there.
    #expect(stage.take("juliet/tablet") == ["+Juliet none/participant"])
  }

  @Test func notUnderSomebodyElsesNick() {
    var stage = stage()
    stage.join("juliet", "Romeo")
    #expect(stage.take("juliet") == ["!Romeo conflict by room@conference.example.org"] && stage.take("romeo") == [])
  }

  // MARK: Ids

  private func ids(_ stage: inout RoomFixture, _ who: Text) -> [Text?] {
    stage.takeStanzas(who).map(\.element).filter { $0.name == "presence" }.map(\.id)
  }

  @Test func theOwnCopyHasTheId() {
    var stage = RoomFixture([:])
    stage.join("juliet/phone", "Juliet")
    stage.forget()
    stage.send("<presence id='in'><x xmlns='http://jabber.org/protocol/muc'/></presence>", by: "juliet", to: "Juliet")
    #expect(ids(&stage, "juliet") == [nil, "in"] && ids(&stage, "juliet/phone") == [nil] && ids(&stage, "romeo") == [nil])
    stage.send("<presence id='away'><show>away</show></presence>", by: "juliet", to: "Juliet")
    #expect(ids(&stage, "juliet") == ["away"] && ids(&stage, "juliet/phone") == [nil] && ids(&stage, "romeo") == [nil])
    stage.send("<presence id='nick'/>", by: "juliet", to: "Capulet")
    #expect(ids(&stage, "juliet") == [nil, "nick"] && ids(&stage, "juliet/phone") == [nil, nil] && ids(&stage, "romeo") == [nil, nil])
    stage.join("nurse", "Nurse")
    #expect(stage.takeStanzas("nurse").allSatisfy { $0.element.name != "presence" || $0.element.id == nil })
    stage.send("<presence id='out' type='unavailable'/>", by: "juliet", to: "Capulet")
    #expect(ids(&stage, "juliet").last == "out")
    stage.forget()
    stage.send("<presence id='out-2' type='unavailable'/>", by: "juliet/phone", to: "Capulet")
    #expect(ids(&stage, "juliet/phone") == ["out-2"] && ids(&stage, "romeo") == [nil])
    stage.send("<presence id='lost'/>", by: "juliet", to: "Juliet")
    #expect(ids(&stage, "juliet") == ["lost"])
  }

  @Test func soHasTheEndOfALockedRoom() {
    var stage = RoomFixture()
    stage.send("<presence id='in'><x xmlns='http://jabber.org/protocol/muc'/></presence>", by: "romeo", to: "Romeo")
    #expect(ids(&stage, "romeo") == ["in"])
    stage.send("<presence id='out' type='unavailable'/>", by: "romeo", to: "Romeo")
    #expect(ids(&stage, "romeo") == ["out"])
  }

  // MARK: Subject

  /// 8.1.
  @Test(arguments: ["<body>b</body>", "<thread>t</thread>", "<thread>t</thread><body>b</body>"])
  func aSubjectBesideSomethingElseIsAMessage(_ other: String) {
    var stage = stage()
    let before = stage.room.subject
    for message in ["<subject>a</subject>\(other)", "\(other)<subject>a</subject>"] {
      // A participant may not change the subject here, and may say this.
      stage.send("<message type='groupchat' id='m'>\(message)</message>", by: "juliet")
      #expect(stage.takeStanzas("romeo").map(\.element) == [element("<message type='groupchat' id='m'>\(message)</message>")])
    }
    #expect(stage.room.subject == before)
  }
}
