import SASL
import Storage
import Testing
import XMPP

@testable import ServerCore
@testable import Simulation
@testable import XML

/// A change of an account ends its streams, in the event in which it is acknowledged.
struct LoginCutsTests {
  private static let romeo = JID("romeo@localhost")!
  private static let changes: [(ControlRequest, StreamError.Condition)] = [
    (.changePassword(romeo, password: Secret(Array("pen".utf8))), .reset), (.disableAccount(romeo), .notAuthorized),
    (.deleteAccount(romeo), .notAuthorized),
  ]

  /// Somewhere on its way to a session, and there.
  enum Place: CaseIterable { case exchange, header, unbound, bound }

  private func stream(at place: Place) -> JudgedStream {
    var stream = JudgedStream()
    stream.secure()
    switch place {
    case .exchange:
      stream.say(
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>\(Base64.encode(Array("n,,n=romeo,r=abc".utf8)))</auth>")
      stream.answer(Element("challenge", NS.sasl, text: Base64.encode(Array("r=abcdef,s=AQ==,i=1".utf8))))
    case .header:
      stream.logIn("pencil")
      stream.answer(Element("success", NS.sasl))
    case .unbound: stream.succeed()
    case .bound: stream.bind("r")
    }
    #expect(stream.model.problem == nil)
    return stream
  }

  private func end(_ stream: JudgedStream, _ condition: StreamError.Condition, hasHeader: Bool) -> [Effect] {
    let opening = StreamOpening(role: .client, id: "i", from: "localhost", to: nil, language: "en")
    return (hasHeader ? [] : [.openStream(stream.connection, opening)]) + [
      .write(StreamError(condition).element, from: nil, to: [Addressee(connection: stream.connection, to: nil)]),
      .closeStream(stream.connection), .close(stream.connection),
    ]
  }

  @Test(arguments: Place.allCases, 0...2)
  func aStreamThatWasThereEnds(_ place: Place, _ change: Int) {
    let (request, condition) = Self.changes[change]
    let before = stream(at: place)
    var ended = before
    ended.happen(.control(2, request))
    ended.happen(.committed(through: CommitID(1)), [.reply(2, .done)] + end(ended, condition, hasHeader: place != .header))
    #expect(ended.model.problem == nil, "\(ended.model.problem ?? "")")
    var survives = before
    survives.happen(.control(2, request))
    survives.happen(.committed(through: CommitID(1)), [.reply(2, .done)])
    #expect(survives.model.problem?.contains("acknowledged") ?? false)
    var refused = before
    refused.happen(.control(2, request))
    refused.happen(.committed(through: CommitID(1)), [.reply(2, .refused("no"))])
    #expect(refused.model.problem == nil)
    var unasked = before
    unasked.now += 1
    unasked.happen(.committed(through: CommitID(1)), end(ended, condition, hasHeader: place != .header))
    #expect(unasked.model.problem?.contains("no reason") ?? false)
  }

  /// One that came by the new password behind the request, before the acknowledgement, may stay; one that came by the old one may not.
  @Test(arguments: [("pen", true), ("pencil", false)])
  func aStreamThatCameMeanwhile(_ password: String, _ mayStay: Bool) {
    var stream = JudgedStream()
    stream.secure()
    stream.happen(.control(2, .changePassword(Self.romeo, password: Secret(Array("pen".utf8)))))
    stream.logIn(password)
    stream.answer(Element("success", NS.sasl))
    stream.happen(.committed(through: CommitID(1)), [.reply(2, .done)])
    #expect((stream.model.problem == nil) == mayStay, "\(stream.model.problem ?? "")")
  }

  /// The session that changes the password goes on; the end of the account ends it, too.
  @Test(arguments: [true, false])
  func theSessionThatAsked(_ isRemoval: Bool) {
    var stream = stream(at: .bound)
    var query = Element("query", NS.register)
    if isRemoval {
      query.append("remove", NS.register)
    } else {
      query.append("username", NS.register, text: "romeo")
      query.append("password", NS.register, text: "pen")
    }
    let request = Element("iq", NS.client, ["type": "set", "id": "p"], children: [query])
    stream.say("\(request)")
    stream.happen(.stanza(stream.connection, request))
    stream.answer(Element("iq", NS.client, ["type": "result", "id": "p"]))
    #expect((stream.model.problem == nil) == !isRemoval, "\(stream.model.problem ?? "")")
  }
}
