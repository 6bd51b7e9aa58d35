import SASL
import Testing
import XML
import XMPP

@testable import ServerCore

/// Everything that the server does for a stranger who registers (XEP-0077, 3.1), and for operators who name accounts that there are not.
struct RegistrationTranscriptTests {
  private func stranger() -> Transcript {
    var script = Transcript { $0[flag: .openRegistration] = true }
    _ = script.open() + script.header() + script.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") + script.encrypt()
    _ = script.header()
    return script
  }
  private func request(_ type: String, _ content: String) -> String {
    "<iq type='\(type)' id='1'><query xmlns='jabber:iq:register'>\(content)</query></iq>"
  }
  private let account = "<username>nurse</username><password>secret</password>"
  private func auth(_ name: String) -> String {
    "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>\(Base64.encode(Array("\0\(name)\0secret".utf8)))</auth>"
  }

  @Test func theFormOfTwoFields() {
    var script = stranger()
    let form = "<instructions>Choose a name and a password.</instructions><username/><password/>"
    #expect(script.send(request("get", "")) == ["write <iq type='result' id='1' from='localhost'><query>\(form)</query></iq>"])
  }

  /// The new account logs in on the stream on which it was made.
  @Test func aNewAccount() {
    var script = stranger()
    #expect(script.send(request("set", account)) == ["pause", "ask for nurse@localhost"])
    #expect(script.answer() == ["ask for 2 keys"])
    // Somebody may have been quicker while the keys were being derived.
    #expect(script.answer() == ["ask for nurse@localhost"])
    #expect(script.answer() == ["commit", "write <iq type='result' id='1' from='localhost'/>", "resume"])
    #expect(script.send(auth("nurse")) == ["pause", "pause", "ask for 1 keys"])
    #expect(script.answer() == ["resume", "restart as an account's", "write <success/>"])
  }

  @Test func aNameThatIsTaken() {
    var script = stranger()
    #expect(script.send(request("set", "<username>romeo</username><password>other</password>")) == ["pause", "ask for romeo@localhost"])
    #expect(script.answer() == ["resume", "write <iq type='error' id='1' from='localhost'><error type='cancel'><conflict/></error></iq>"])
    #expect(script.send(auth("romeo")) == ["pause", "pause", "ask for 1 keys"])
  }

  @Test func storageThatFails() {
    var script = stranger()
    #expect(script.send(request("set", account)) == ["pause", "ask for nurse@localhost"])
    #expect(
      script.failAnswer() == [
        "resume", "write <iq type='error' id='1' from='localhost'><error type='wait'><internal-server-error/></error></iq>",
      ])
    #expect(script.send(request("set", account)) == ["pause", "ask for nurse@localhost"])
  }

  @Test(arguments: [
    ("<username>nurse</username>", "modify", "not-acceptable", ""), ("<password>secret</password>", "modify", "not-acceptable", ""),
    ("<username>@@</username><password>secret</password>", "modify", "not-acceptable", "this name can't be used"),
    ("<username/><password>secret</password>", "modify", "not-acceptable", "this name can't be used"),
    ("<remove/>", "wait", "unexpected-request", ""),
  ])
  func refusals(_ content: String, _ kind: String, _ condition: String, _ text: String) {
    var script = stranger()
    let words = text.isEmpty ? "" : "<text>\(text)</text>"
    #expect(
      script.send(request("set", content)) == [
        "write <iq type='error' id='1' from='localhost'><error type='\(kind)'><\(condition)/>\(words)</error></iq>"
      ])
  }

  // MARK: Operators

  @Test(arguments: ["change", "delete", "disable", "enable"])
  func anAccountThatThereIsNot(_ what: String) {
    var script = Transcript()
    let jid = JID("nobody@localhost")!
    let requests: [String: ControlRequest] = [
      "change": .changePassword(jid, password: Secret(Array("new".utf8))), "delete": .deleteAccount(jid), "disable": .disableAccount(jid),
      "enable": .enableAccount(jid),
    ]
    #expect(script.tell(.control(7, requests[what]!)) == ["ask for nobody@localhost"])
    #expect(script.answer() == ["reply refused(\"there is no such account\")"])
  }

  @Test func operatorsAreToldOnceItIsDurable() {
    var script = Transcript()
    let jid = JID("romeo@localhost")!
    #expect(script.tell(.control(7, .disableAccount(jid))) == ["ask for romeo@localhost"])
    #expect(script.answer() == ["commit", "reply done"])
    #expect(
      script.tell(.control(8, .addAccount(jid, password: Secret(Array("x".utf8))))) == [
        "reply refused(\"there is such an account already\")"
      ])
    #expect(script.tell(.control(9, .deleteAccount(jid))) == ["commit", "reply done"])
  }

  @Test(arguments: ["", "\u{7}"]) func passwordsThatWillNotDo(_ password: String) {
    var script = Transcript()
    let answer = script.tell(.control(7, .addAccount(JID("nurse@localhost")!, password: Secret(Array(password.utf8)))))
    #expect(answer == ["reply refused(\"the password is empty, too long, or holds characters that no password may hold\")"])
  }
}
