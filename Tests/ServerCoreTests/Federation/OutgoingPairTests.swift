import Testing
import XML
import XMPP

@testable import ServerCore

/// Stanzas for domains that can't be reached: how they wait, and how they come back.
@Suite struct OutgoingPairTests {
  /// A server that federates, with a session of romeo's.
  private struct Fixture {
    var harness: EngineHarness
    let romeo: ConnectionID
    private var answered = 0

    init(_ change: (inout Configuration) -> Void = { _ in }) {
      harness = EngineHarness {
        $0[flag: .federation] = true
        change(&$0)
      }
      harness.addAccount("romeo")
      romeo = harness.session("romeo", resource: "orchard")
    }

    mutating func say(_ id: String, to domain: String = "far.example") {
      harness.send("<message to='mercutio@\(domain)' id='\(id)'><body>\(id)</body></message>", on: romeo)
    }

    /// The questions that were asked since the last time.
    mutating func questions() -> [(id: InquiryID, question: Question)] {
      defer { answered = harness.otherQuestions.count }
      return Array(harness.otherQuestions[answered...])
    }

    /// Answers all questions until there are no new ones. Returns how many there were.
    @discardableResult mutating func answer(_ answer: (Question) -> Answer?) -> Int {
      var count = 0
      while case let new = questions(), !new.isEmpty {
        count += new.count
        for (id, question) in new { if let answer = answer(question) { harness.input(.answered(id, answer)) } }
      }
      return count
    }

    /// The errors that came back, as `id condition`.
    mutating func errors() -> [String] {
      harness.read(romeo).split(separator: "<message ").compactMap { message in
        guard message.contains("type='error'"), let id = message.firstMatch(of: /id='([^']*)'/)?.1,
          let condition = message.firstMatch(of: /<error[^>]*><([a-z-]+)/)?.1
        else { return nil }
        return "\(id) \(condition)"
      }
    }
  }

  private static let address = HostAddress([192, 0, 2, 1])!

  /// A zone in which one host has the service, and connections fail.
  private static func refused(_ question: Question) -> Answer? {
    switch question {
    case .resolve(let question) where question.kind == .service && question.name.hasPrefix("_xmpp-server"):
      .resolved(DNSAnswer(.records([.service(priority: 1, weight: 0, port: 5269, target: "host.example")])))
    case .resolve(let question) where question.kind == .ipv4: .resolved(DNSAnswer(.records([.address(address)])))
    case .resolve: .resolved(DNSAnswer(.noRecords))
    default: .failed("refused")
    }
  }

  @Test func aDomainThatDoesNotExist() {
    var fixture = Fixture()
    fixture.say("a")
    #expect(fixture.answer { _ in .resolved(DNSAnswer(.noSuchName)) } == 4, "two services and two kinds of addresses")
    #expect(fixture.errors() == ["a remote-server-not-found"])
    fixture.say("b")
    #expect(fixture.questions().isEmpty && fixture.errors() == ["b remote-server-not-found"], "nobody asks again so soon")
    fixture.harness.advance(seconds: 1)
    fixture.say("c")
    #expect(fixture.answer { _ in .resolved(DNSAnswer(.noSuchName)) } == 4 && fixture.errors() == ["c remote-server-not-found"])
    fixture.harness.advance(seconds: 2)
    #expect(fixture.harness.engine.server.shards[0].pairs.count == 0, "nothing is kept of it")
  }

  @Test func aDomainWithoutTheService() {
    var fixture = Fixture()
    fixture.say("a")
    let none = DNSAnswer(.records([.service(priority: 0, weight: 0, port: 0, target: ".")]))
    #expect(fixture.answer { _ in .resolved(none) } == 2 && fixture.errors() == ["a remote-server-not-found"])
  }

  @Test func noDomainIsLookedUpWithoutAName() {
    var fixture = Fixture()
    fixture.say("a", to: "192.0.2.7")
    #expect(fixture.questions().isEmpty && fixture.errors() == ["a remote-server-not-found"])
  }

  /// Stanzas wait while it is tried anew, and come back in their order when they have waited for long enough.
  @Test func aServerThatRefusesConnections() {
    var fixture = Fixture()
    fixture.say("a")
    #expect(fixture.answer(Self.refused) == 5)
    fixture.say("b")
    #expect(fixture.errors() == [] && fixture.questions().isEmpty)
    var attempts = 0
    for _ in 0..<19 {
      fixture.harness.advance(seconds: 1)
      attempts += fixture.answer(Self.refused) / 5
      #expect(fixture.errors() == [])
    }
    #expect((2...5).contains(attempts), "\(attempts)")
    fixture.harness.advance(seconds: 1)
    #expect(fixture.errors() == ["a remote-server-timeout", "b remote-server-timeout"])
    fixture.say("c")
    fixture.harness.advance(seconds: 300)
    _ = fixture.answer(Self.refused)
    #expect(fixture.errors() == ["c remote-server-timeout"])
  }

  /// The longer a domain can't be reached, the rarer it is tried; a stanza for which no attempt would come in time comes back at once.
  @Test func theWaitGrows() {
    var fixture = Fixture()
    var attempts: [Int] = []
    var errors = 0
    for second in 0..<400 {
      fixture.say("x")
      if fixture.answer(Self.refused) > 0 { attempts.append(second) }
      fixture.harness.advance(seconds: 1)
      if fixture.answer(Self.refused) > 0 { attempts.append(second + 1) }
      errors += fixture.errors().count
    }
    #expect((7...12).contains(attempts.count) && errors > 380, "\(attempts)")
    let waits = zip(attempts, attempts.dropFirst()).map { $1 - $0 }
    #expect(waits.allSatisfy { $0 <= 301 } && waits.last! > 50, "\(waits)")
  }

  @Test func dnsThatFails() {
    var fixture = Fixture()
    fixture.say("a")
    #expect(fixture.answer { _ in .failed("SERVFAIL") } == 4 && fixture.errors() == [])
    fixture.harness.advance(seconds: 2)
    #expect(fixture.answer { _ in .failed("SERVFAIL") } == 4 && fixture.errors() == [], "it was tried once more")
    fixture.harness.advance(seconds: 18)
    #expect(fixture.errors() == ["a remote-server-not-found"])
  }

  /// A question that gets no answer is given up after some seconds: the other service may be known.
  @Test func dnsThatSaysNothing() {
    var fixture = Fixture()
    fixture.say("a")
    let first = fixture.questions()
    #expect(first.count == 2)
    let service = DNSAnswer(.records([.service(priority: 1, weight: 0, port: 5269, target: "host.example")]))
    fixture.harness.input(.answered(first[1].id, .resolved(service)))
    #expect(fixture.questions().isEmpty)
    fixture.harness.advance(seconds: 5)
    #expect(fixture.questions().count == 2, "the addresses of the host")
    fixture.harness.input(.answered(first[0].id, .resolved(DNSAnswer(.noRecords))))
    fixture.harness.advance(seconds: 15)
    #expect(fixture.errors() == ["a remote-server-timeout"], "the second pair of questions had no answer before the stanza had to go back")
    #expect(fixture.harness.gauges("questions about other servers").isEmpty)
  }

  /// A connection that comes when nobody waits for it any more, or twice, is closed, and nothing else happens.
  @Test func aConnectionThatComesTooLate() {
    var fixture = Fixture()
    fixture.say("a")
    var attempt: InquiryID?
    fixture.answer { question in
      if case .connect = question { return nil }
      return Self.refused(question)
    }
    attempt = fixture.harness.otherQuestions.last?.id
    fixture.harness.advance(seconds: 20)
    #expect(fixture.errors() == ["a remote-server-timeout"])
    fixture.harness.input(.answered(attempt!, .connected(ConnectionID(77))))
    #expect(fixture.harness.closed.contains(ConnectionID(77)))
    fixture.harness.input(.closed(ConnectionID(77)))
    #expect(fixture.errors() == [])
  }

  @Test func tooManyStanzas() {
    var fixture = Fixture { $0.limits[.remoteQueueStanzas] = 2 }
    for id in ["a", "b", "c"] { fixture.say(id) }
    #expect(fixture.errors() == ["c resource-constraint"])
    #expect(fixture.harness.gauges("stanzas for a remote domain") == [Gauge(name: "stanzas for a remote domain", value: 2, limit: 2)])
    fixture.answer { _ in .resolved(DNSAnswer(.noSuchName)) }
    #expect(fixture.errors() == ["a remote-server-not-found", "b remote-server-not-found"])
  }

  @Test func tooManyBytesOfAllDomains() {
    var measured = Fixture()
    measured.say("a")
    let size = measured.harness.gauges("bytes for other servers")[0].value
    var fixture = Fixture { $0.limits[.allRemoteQueuesBytes] = 3 * size - 1 }
    fixture.say("a")
    fixture.say("b", to: "other.example")
    fixture.say("c", to: "third.example")
    #expect(fixture.errors() == ["c resource-constraint"])
    fixture.answer { _ in .resolved(DNSAnswer(.noSuchName)) }
    #expect(fixture.errors() == ["a remote-server-not-found", "b remote-server-not-found"])
    fixture.say("d", to: "fourth.example")
    #expect(fixture.errors() == [] && fixture.harness.gauges("bytes for other servers").count == 1)
  }

  @Test func tooManyDomains() {
    var fixture = Fixture { $0.limits[.remotePairs] = 1 }
    fixture.say("a")
    fixture.say("b", to: "other.example")
    #expect(fixture.errors() == ["b resource-constraint"])
  }

  /// There is no room for a departure: it takes back the arrival, so that nobody stays for ever.
  @Test func aDepartureTakesBackItsArrival() {
    var fixture = Fixture { $0.limits[.remoteQueueStanzas] = 1 }
    fixture.harness.send("<presence to='mercutio@far.example' id='p'/>", on: fixture.romeo)
    fixture.harness.send("<presence to='mercutio@far.example' type='unavailable'/>", on: fixture.romeo)
    #expect(fixture.harness.gauges("stanzas for a remote domain").isEmpty)
    fixture.answer { _ in .resolved(DNSAnswer(.noSuchName)) }
    #expect(fixture.harness.read(fixture.romeo) == "")
  }

  /// Domains don't wait for each other.
  @Test func aSilentDomainDelaysNoOther() {
    var fixture = Fixture()
    fixture.say("a")
    let silent = fixture.questions()
    fixture.say("b", to: "other.example")
    fixture.answer { _ in .resolved(DNSAnswer(.noSuchName)) }
    #expect(silent.count == 2 && fixture.errors() == ["b remote-server-not-found"])
  }

  /// Nothing leaves that a failed commit would take back: the stanza behind it comes back instead.
  @Test func aStanzaWaitsForTheCommitBeforeIt() {
    var fixture = Fixture()
    fixture.harness.commitsAtOnce = false
    let add = "<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='mercutio@far.example'/></query></iq>"
    fixture.harness.send(add, on: fixture.romeo)
    fixture.say("a")
    #expect(fixture.questions().isEmpty)
    fixture.harness.commit()
    #expect(fixture.questions().count == 2)
    fixture.harness.send(add.replacing("<item ", with: "<item name='M' "), on: fixture.romeo)
    fixture.say("b", to: "other.example")
    fixture.harness.input(.commitFailed(from: fixture.harness.commits.last!.number))
    #expect(fixture.questions().isEmpty, "nobody asks for the way of a stanza that was not said")
  }

  /// The asker abroad still waits for an answer that a failed commit has taken back: it gets an error instead.
  @Test(arguments: ["result", "error"]) func anAnswerThatIsLost(type: String) {
    var fixture = Fixture()
    fixture.harness.commitsAtOnce = false
    let add = "<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='mercutio@far.example'/></query></iq>"
    fixture.harness.send(add, on: fixture.romeo)
    let error = "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
    fixture.harness.send(
      "<iq to='mercutio@far.example/x' type='\(type)' id='q'>\(type == "error" ? error : "")</iq>", on: fixture.romeo)
    #expect(fixture.questions().isEmpty)
    fixture.harness.input(.commitFailed(from: fixture.harness.commits.last!.number))
    #expect(fixture.questions().count == 2, "an answer is on its way")
  }

  @Test func aStaticHostIsDialedAtOnce() {
    var fixture = Fixture { $0.staticHosts = [StaticHost(of: "far.example", host: .address(Self.address), port: 5299)] }
    fixture.say("a")
    let endpoint = Endpoint(address: Self.address, port: 5299, isDirectTLS: false, serverName: "far.example")
    guard case .connect(endpoint, from: "localhost")? = fixture.questions().first?.question else {
      Issue.record("it is not dialed")
      return
    }
  }

  @Test func aDeniedDomainIsNotLookedFor() {
    var fixture = Fixture { $0[text: .deniedDomains] = "far.example" }
    fixture.say("a")
    #expect(fixture.questions().isEmpty && fixture.errors() == ["a not-allowed"])
  }

  /// Several shards: the stanza goes to the shard of the remote domain, and its error comes back to the sender's.
  @Test(arguments: 0..<8) func acrossShards(number: Int) {
    var fixture = Fixture { $0.limits[.shards] = 4 }
    fixture.say("a", to: "far\(number).example")
    #expect(fixture.answer { _ in .resolved(DNSAnswer(.noSuchName)) } == 4 && fixture.errors() == ["a remote-server-not-found"])
  }
}
