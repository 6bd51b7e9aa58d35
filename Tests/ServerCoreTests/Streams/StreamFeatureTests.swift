import Testing
import XML
import XMPP

@testable import ServerCore

/// The offers of a stream (RFC 6120, 4.3.2), by configuration and state.
struct StreamFeatureTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let tls: (isOffered: Bool, isRequired: Bool)
    let isOpen: Bool
    let stage: StreamFeature.Stage
    let isEncrypted: Bool
    let offered: String

    init(tls: (Bool, Bool), isOpen: Bool, _ stage: StreamFeature.Stage, isEncrypted: Bool, _ offered: String) {
      (self.tls, self.isOpen, self.stage, self.isEncrypted, self.offered) = (tls, isOpen, stage, isEncrypted, offered)
    }
    var testDescription: String { "\(tls), \(isOpen), \(stage), \(isEncrypted)" }
  }

  private static let starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
  private static let starttlsRequired = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
  private static func mechanisms(_ names: String...) -> String {
    "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\(names.map { "<mechanism>\($0)</mechanism>" }.joined())</mechanisms>"
  }
  private static let inTheClear = mechanisms("SCRAM-SHA-256", "SCRAM-SHA-1")
  private static let all = mechanisms("SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN")
  private static let register = "<register xmlns='http://jabber.org/features/iq-register'/>"
  private static let binding =
    "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>"

  static let cases = [
    Case(tls: (true, true), isOpen: true, .login, isEncrypted: false, starttlsRequired),
    Case(tls: (true, true), isOpen: true, .login, isEncrypted: true, all + register),
    Case(tls: (true, false), isOpen: true, .login, isEncrypted: false, starttls + inTheClear + register),
    Case(tls: (true, false), isOpen: false, .login, isEncrypted: false, starttls + inTheClear),
    Case(tls: (true, false), isOpen: false, .login, isEncrypted: true, all),
    Case(tls: (false, false), isOpen: true, .login, isEncrypted: false, inTheClear + register),
    // Nobody can log in, and nobody is told otherwise.
    Case(tls: (false, true), isOpen: true, .login, isEncrypted: false, ""),
    Case(tls: (true, true), isOpen: true, .binding, isEncrypted: true, binding),
    Case(tls: (false, false), isOpen: false, .binding, isEncrypted: false, binding),
  ]

  @Test(arguments: cases)
  func offers(_ given: Case) {
    var configuration = Configuration(domains: ["localhost"])
    (configuration.offersTLS, configuration.requiresTLS) = (given.tls.isOffered, given.tls.isRequired)
    configuration[flag: .openRegistration] = given.isOpen
    let offer = StreamOffers(configuration).offer(at: given.stage, isEncrypted: given.isEncrypted)
    let text = String(decoding: offer.element.serialized(defaultNamespace: NS.streams), as: UTF8.self)
    #expect(text == (given.offered.isEmpty ? "<features/>" : "<features>\(given.offered)</features>"))
  }

  /// A feature behind one that takes everything would never be asked.
  @Test(arguments: StreamFeature.Stage.allCases)
  func onlyTheLastOfAStageTakesEverything(_ stage: StreamFeature.Stage) {
    let handlers = StreamFeature.all.filter { $0.stage == stage }.compactMap(\.handler)
    for handler in handlers.dropLast() { if case .all = handler.elements { Issue.record("nothing behind it is ever asked") } }
  }
}
