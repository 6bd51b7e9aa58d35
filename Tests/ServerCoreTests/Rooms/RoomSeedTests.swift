import Testing
import XML
import XMPP

@testable import ServerCore

/// The scripts of Prosody that rooms must pass, action by action. Every stanza that anybody gets is checked, also where
/// the scripts would let more pass.
@Suite struct RoomSeedTests {
  @Test func affiliationNotify() {
    var stage = RoomFixture()
    stage.join("romeo", "Romeo")
    #expect(stage.take("romeo") == ["+Romeo owner/moderator <romeo@example.org/pc> 110 201", "room# "])
    stage.configure([:])
    #expect(stage.take("romeo") == ["iq c result"])
    stage.affiliate("juliet", "member")
    #expect(stage.take("romeo") == ["room: member <juliet@example.org>", "iq a result"])
    stage.join("juliet", "Juliet")
    #expect(
      stage.take("juliet") == ["+Romeo owner/moderator", "+Juliet member/participant <juliet@example.org/pc> 110", "room# "])
    #expect(stage.take("romeo") == ["+Juliet member/participant <juliet@example.org/pc>"])
    stage.administer("<item affiliation='member'/>", type: "get")
    #expect(list(&stage) == ["<item xmlns='http://jabber.org/protocol/muc#admin' affiliation='member' jid='juliet@example.org'/>"])
    stage.affiliate("rosaline", "member")
    #expect(stage.take("romeo") == ["room: member <rosaline@example.org>", "iq a result"])
    #expect(stage.take("juliet") == [])
    stage.say("Finished!", by: "romeo")
    #expect(stage.take("juliet") == ["Romeo: Finished!"])
  }

  @Test func membersOnlyDeregister() {
    var stage = RoomFixture()
    stage.join("romeo", "Romeo")
    stage.configure(["membersonly": ["1"]])
    stage.forget()
    stage.affiliate("juliet", "member")
    #expect(stage.take("romeo") == ["room: member <juliet@example.org>", "iq a result"])
    stage.join("juliet", "Juliet")
    #expect(stage.take("juliet").last == "room# ")
    #expect(stage.take("romeo") == ["+Juliet member/participant <juliet@example.org/pc>"])
    stage.register("<remove/>", by: "juliet")
    #expect(stage.take("juliet") == ["-Juliet none/none <juliet@example.org/pc> 110 321", "iq r result"])
    #expect(stage.take("romeo") == ["-Juliet none/none <juliet@example.org/pc> 321"])
  }

  @Test func password() {
    var stage = RoomFixture()
    stage.join("romeo", "Romeo")
    stage.configure(["roomsecret": ["cauldronburn"]])
    stage.forget()
    stage.join("juliet", "Juliet")
    #expect(stage.take("juliet") == ["!Juliet not-authorized by room@conference.example.org"])
    stage.join("juliet", "Juliet", "<password>cauldronburn</password>")
    #expect(
      stage.take("juliet") == ["+Romeo owner/moderator", "+Juliet none/participant <juliet@example.org/pc> 110", "room# "])
    #expect(stage.take("romeo") == ["+Juliet none/participant <juliet@example.org/pc>"])
    stage.leave("juliet")
    #expect(stage.take("romeo") == ["-Juliet none/none <juliet@example.org/pc>"])
    #expect(stage.take("juliet") == ["-Juliet none/none <juliet@example.org/pc> 110"])
    stage.configure(["roomsecret": []])
    #expect(stage.take("romeo") == ["iq c result", "room: 104"])
    stage.join("juliet", "Juliet")
    #expect(stage.take("juliet").count == 3)
    #expect(stage.take("romeo") == ["+Juliet none/participant <juliet@example.org/pc>"])
  }

  // MARK: muc_show_offline.scs, in three parts

  private func staged() -> RoomFixture {
    var stage = RoomFixture()
    stage.join("romeo", "Romeo")
    stage.configure(["presencebroadcast": ["none", "participant", "moderator"]])
    stage.affiliate("juliet", "member")
    stage.join("juliet", "Juliet")
    stage.forget()
    return stage
  }

  @Test func showOfflineRegistration() {
    var stage = staged()
    stage.register("", by: "juliet", type: "get")
    #expect(
      stage.takeStanzas("juliet").map { $0.element.firstChild!.description } == [
        "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='form'>"
          + "<field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/muc#register</value></field>"
          + "<field var='muc#register_roomnick' type='text-single' label='Nickname'><required/></field></x></query>"
      ])
    stage.reserve("Juliet", by: "juliet")
    #expect(stage.take("juliet") == ["+Juliet member/participant <juliet@example.org/pc> 110", "iq r result"])
    #expect(stage.take("romeo") == ["+Juliet member/participant <juliet@example.org/pc>"])
    #expect(reservedNick(of: "juliet", &stage) == ["<identity category='conference' name='Juliet' type='text'/>"])
    stage.leave("juliet")
    #expect(stage.take("juliet") == ["-Juliet member/none <juliet@example.org/pc> 110"])
    stage.forget()
    stage.join("rosaline", "Juliet")
    let refusal = stage.takeStanzas("rosaline").map(\.element.description)
    #expect(
      refusal.first?.contains("<x xmlns='http://jabber.org/protocol/muc'/><error type='cancel' by='room@conference.example.org'>") == true)
    stage.register("<remove/>", by: "juliet")
    #expect(stage.take("juliet") == ["iq r result"])
    #expect(stage.take("romeo") == ["room: none <juliet@example.org>"])
    stage.join("rosaline", "Juliet")
    #expect(
      stage.take("rosaline") == ["+Romeo owner/moderator", "+Juliet none/participant <rosaline@example.org/pc> 110", "room# "])
    #expect(stage.take("romeo") == ["+Juliet none/participant <rosaline@example.org/pc>"])
  }

  @Test func showOfflineEviction() {
    var stage = staged()
    stage.leave("juliet")
    stage.affiliate("juliet", "none")
    stage.join("rosaline", "Juliet")
    stage.forget()
    stage.administer("<item affiliation='member' jid='juliet@example.org' nick='Juliet'/>")
    #expect(
      stage.take("romeo") == [
        "-Juliet none/none <rosaline@example.org/pc> 'This nickname is reserved' 307", "room: member <juliet@example.org>", "iq a result",
      ])
    #expect(stage.take("rosaline") == ["-Juliet none/none <rosaline@example.org/pc> 'This nickname is reserved' 110 307"])
    stage.join("rosaline", "Juliet")
    #expect(stage.take("rosaline") == ["!Juliet conflict by room@conference.example.org"])
    stage.join("juliet", "Juliet")
    #expect(
      stage.take("juliet") == ["+Romeo owner/moderator", "+Juliet member/participant <juliet@example.org/pc> 110", "room# "])
    stage.forget()
    #expect(reservedNick(of: "romeo", &stage) == [])
    stage.reserve("Romeo", by: "romeo")
    #expect(stage.take("romeo") == ["+Romeo owner/moderator <romeo@example.org/pc> 110", "iq r result"])
    #expect(stage.take("juliet") == ["+Romeo owner/moderator"])
    stage.administer("<item affiliation='member'/>", type: "get")
    #expect(
      list(&stage) == [
        "<item xmlns='http://jabber.org/protocol/muc#admin' affiliation='member' jid='juliet@example.org' nick='Juliet'/>"
      ])
  }

  @Test func showOfflineMember() {
    var stage = staged()
    stage.reserve("Juliet", by: "juliet")
    stage.reserve("Romeo", by: "romeo")
    stage.forget()
    stage.leave("juliet")
    #expect(stage.take("romeo") == ["-Juliet member/none <juliet@example.org/pc>"])
    stage.forget()
    stage.join("rosaline", "Rosaline")
    #expect(
      stage.take("rosaline") == [
        "+Romeo owner/moderator", "-Juliet member/none nick=Juliet", "+Rosaline none/participant <rosaline@example.org/pc> 110", "room# ",
      ])
    #expect(stage.take("romeo") == ["+Rosaline none/participant <rosaline@example.org/pc>"])
    stage.register("", by: "rosaline", type: "get")
    stage.reserve("Romeo", by: "rosaline")
    #expect(stage.take("rosaline") == ["iq r error registration-required", "iq r error registration-required"])
    stage.administer("<item affiliation='member' jid='rosaline@example.org' nick='Rosaline'/>")
    #expect(
      stage.take("romeo") == ["+Rosaline member/participant <rosaline@example.org/pc> by Romeo <romeo@example.org/pc>", "iq a result"])
    #expect(stage.take("rosaline") == ["+Rosaline member/participant <rosaline@example.org/pc> by Romeo 110"])
    stage.administer("<item nick='Romeo' affiliation='owner' jid='romeo@example.org'/>")
    #expect(stage.take("romeo") == ["+Romeo owner/moderator <romeo@example.org/pc> by Romeo 110", "iq a result"])
  }

  // MARK: Questions

  private func reservedNick(of who: Text, _ stage: inout RoomFixture) -> [String] {
    stage.send("<iq type='get' id='n'><query xmlns='http://jabber.org/protocol/disco#info' node='x-roomuser-item'/></iq>", by: who)
    return stage.takeStanzas(who).flatMap { $0.element.firstChild!.children.map(\.description) }.map(withoutNamespace)
  }
  private func withoutNamespace(_ xml: String) -> String {
    let text = Array(xml.utf8), name = Array(" xmlns='http://jabber.org/protocol/disco#info'".utf8)
    guard let start = text.indices.first(where: { text[$0...].starts(with: name) }) else { return xml }
    return String(decoding: text[..<start] + text[(start + name.count)...], as: UTF8.self)
  }
  private func list(_ stage: inout RoomFixture) -> [String] {
    stage.takeStanzas("romeo").flatMap { $0.element.firstChild!.children.map(\.description) }
  }
}
