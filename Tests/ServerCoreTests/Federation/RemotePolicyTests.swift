import Testing
import XML

@testable import ServerCore

@Suite struct RemotePolicyTests {
  private static func permitted(allowed: [Text] = [], denied: [Text] = []) -> [Text] {
    var configuration = Configuration(domains: ["localhost"])
    configuration[text: .allowedDomains] = Setting.text(of: allowed)
    configuration[text: .deniedDomains] = Setting.text(of: denied)
    #expect(configuration.problem == nil)
    let policy = RemotePolicy(configuration)
    return ["a.example", "b.example", "conference.a.example", "xa.example", "example"].filter { policy.permits($0) }
  }

  @Test func allAreTalkedTo() { #expect(Self.permitted().count == 5) }

  /// A domain stands for all below it, and not for others that end in the same letters.
  @Test func someAreDenied() {
    #expect(Self.permitted(denied: ["a.example"]) == ["b.example", "xa.example", "example"])
    #expect(Self.permitted(denied: ["example"]) == [])
  }

  @Test func onlySomeAreAllowed() {
    #expect(Self.permitted(allowed: ["a.example"]) == ["a.example", "conference.a.example"])
    #expect(Self.permitted(allowed: ["example"], denied: ["conference.a.example"]) == ["a.example", "b.example", "xa.example", "example"])
  }

  @Test func textsThatAreNoDomains() {
    for text in ["a@b", "a.example  b.example", "b.example a.example", "A.example", "a.example/x", " a.example"] as [Text] {
      #expect(!Setting.deniedDomains.isPossible(text), "\(text)")
    }
    for text in ["", "a.example", "a.example b.example"] as [Text] { #expect(Setting.deniedDomains.isPossible(text), "\(text)") }
  }
}
