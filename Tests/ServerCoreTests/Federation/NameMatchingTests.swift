import Testing
import XML

@testable import ServerCore

/// Which certificates are those of a domain (RFC 9525, 6.3; RFC 6120, 13.7.1.2).
@Suite struct NameMatchingTests {
  static func matches(dns: Text..., domain: Text) -> Bool { NameMatching.matches(PresentedNames(dns: dns), domain: domain) }

  @Test(
    arguments: [
      ("far.example", "far.example", true), ("FAR.Example", "far.example", true), ("near.example", "far.example", false),
      ("far.example", "a.far.example", false), ("a.far.example", "far.example", false), ("far.example.", "far.example", false),
      ("far.exampl", "far.example", false), ("xfar.example", "far.example", false), ("", "far.example", false),
      ("far", "far", true), ("example", "far.example", false), ("far..example", "far.example", false),
      (".far.example", "far.example", false), ("far.example\u{0}", "far.example", false),
      ("far.example\u{0}.evil.example", "far.example", false), ("far.example\u{0}.evil.example", "evil.example", false),
      (" far.example", "far.example", false), ("far.example ", "far.example", false), ("far\u{E}example", "far.example", false),
      ("\u{10}.example", "0.example", false), ("far[example", "far{example", false),
      // The sign of Kelvin is no `k`.
      ("\u{212A}ar.example", "kar.example", false),
    ] as [(Text, Text, Bool)])
  func oneName(presented: Text, domain: Text, doMatch: Bool) { #expect(Self.matches(dns: presented, domain: domain) == doMatch) }

  @Test(
    arguments: [
      ("*.far.example", "a.far.example", true), ("*.FAR.example", "a.far.example", true), ("*.far.example", "a.b.far.example", false),
      ("*.far.example", "far.example", false), ("*.far.example", "xn.far.example", true), ("*.far.example", "bücher.far.example", true),
      ("*.*.example", "a.far.example", false), ("a.*.example", "a.far.example", false), ("f*.example", "far.example", false),
      ("*r.example", "far.example", false), ("f*r.example", "far.example", false), ("**.example", "far.example", false),
      ("*", "far", false), ("*", "far.example", false), ("*.", "far.example", false), ("*.", "far", false), ("*.far", "far", false),
      ("*far.example", "far.example", false), ("*.example", "far.example", true), ("*..example", "far.example", false),
      ("xn--*.example", "far.example", false), ("*\u{0}.far.example", "a.far.example", false),
      ("*xfar.example", "a.far.example", false), ("*far.example", "a.far.example", false), (".far.example", "a.far.example", false),
    ] as [(Text, Text, Bool)])
  func wildcards(presented: Text, domain: Text, doMatch: Bool) { #expect(Self.matches(dns: presented, domain: domain) == doMatch) }

  /// A domain is compared in A-labels (RFC 9525, 6.3; RFC 5890, 2.3.2.1).
  @Test(
    arguments: [
      ("xn--bcher-kva.example", "bücher.example", true), ("XN--BCHER-KVA.example", "bücher.example", true),
      ("bücher.example", "bücher.example", false), ("xn--bcher-kva.example", "bucher.example", false),
      ("bucher.example", "bücher.example", false), ("xn--bcher-kvb.example", "bücher.example", false),
      ("*.xn--bcher-kva.example", "a.bücher.example", true),
    ] as [(Text, Text, Bool)])
  func internationalNames(presented: Text, domain: Text, doMatch: Bool) { #expect(Self.matches(dns: presented, domain: domain) == doMatch) }

  @Test(
    arguments: [
      ("_xmpp-server.far.example", "far.example", true), ("_XMPP-Server.Far.example", "far.example", true),
      ("_xmpp-client.far.example", "far.example", false), ("_xmpps-server.far.example", "far.example", false),
      ("_xmpp-server.*.example", "far.example", false), ("_xmpp-server.*.far.example", "a.far.example", false),
      ("*.far.example", "a.far.example", false), ("far.example", "far.example", false), ("_xmpp-server.", "far.example", false),
      ("_xmpp-serverfar.example", "far.example", false), ("xmpp-server.far.example", "far.example", false),
      ("_xmpp-server._tcp.far.example", "far.example", false), ("_xmpp-server.a.far.example", "far.example", false),
      ("_", "far.example", false), ("_xmpp-server.xn--bcher-kva.example", "bücher.example", true),
      ("_xmpp-server.bücher.example", "bücher.example", false),
    ] as [(Text, Text, Bool)])
  func servicesOfServers(presented: Text, domain: Text, doMatch: Bool) {
    #expect(NameMatching.matches(PresentedNames(srv: [presented]), domain: domain) == doMatch)
  }

  @Test(
    arguments: [
      ("far.example", "far.example", true), ("FAR.example", "far.example", true), ("*.far.example", "a.far.example", false),
      ("bücher.example", "bücher.example", true), ("xn--bcher-kva.example", "bücher.example", true),
      ("BÜCHER.example", "bücher.example", false), ("romeo@far.example", "far.example", false), ("far.example/a", "far.example", false),
      ("bu\u{308}cher.example", "bücher.example", false), ("far.example\u{0}", "far.example", false), ("", "far.example", false),
    ] as [(Text, Text, Bool)])
  func addresses(presented: Text, domain: Text, doMatch: Bool) {
    #expect(NameMatching.matches(PresentedNames(xmpp: [presented]), domain: domain) == doMatch)
  }

  /// A text that is no prepared domain of names is nobody's, even if a certificate has the very same text.
  @Test(
    arguments: [
      "", ".", "*", "*.example", "FAR.example", "far.example.", "xn--bcher-kva.example", "romeo@far.example", "far.example/a", "127.0.0.1",
      "a.1", "1", "[::1]", "far_.example", "-far.example", "far\u{0}.example", "bücher\u{0}.example", "BÜCHER.example", "far example",
      Text(String(repeating: "a", count: 64) + ".example"),
    ] as [Text])
  func noDomain(domain: Text) {
    let names = PresentedNames(dns: [domain, "*.0.0.1", "*.example"], srv: ["_xmpp-server." + domain], xmpp: [domain])
    #expect(!NameMatching.matches(names, domain: domain))
  }

  @Test func anyOfTheNamesSuffices() {
    let names = PresentedNames(dns: ["a.example", "*.b.example"], srv: ["_xmpp-server.c.example"], xmpp: ["d.example"])
    let domains: [Text] = ["a.example", "x.b.example", "c.example", "d.example"]
    for domain in domains { #expect(NameMatching.matches(names, domain: domain)) }
    #expect(!NameMatching.matches(names, domain: "b.example"))
    #expect(!NameMatching.matches(PresentedNames(), domain: "a.example"))
  }

  /// Names behind the thousandth do not count, and a name's length costs nothing.
  @Test func hostileSizes() {
    let filler = [Text](repeating: "b.example", count: PresentedNames.maximumCount - 1)
    #expect(NameMatching.matches(PresentedNames(dns: filler + ["a.example"]), domain: "a.example"))
    #expect(!NameMatching.matches(PresentedNames(dns: filler + ["c.example", "a.example"]), domain: "a.example"))
    #expect(!NameMatching.matches(PresentedNames(srv: filler + ["c.example", "_xmpp-server.a.example"]), domain: "a.example"))
    #expect(!NameMatching.matches(PresentedNames(xmpp: filler + ["c.example", "a.example"]), domain: "a.example"))
    let long = Text(String(repeating: "a.", count: 1 << 20) + "example")
    #expect(!Self.matches(dns: long, domain: "a.example"))
    #expect(!Self.matches(dns: "*." + long, domain: "a.example"))
    #expect(!Self.matches(dns: "a.example", domain: long))
  }
}
