internal import Scenario
internal import ServerCore
internal import XML
internal import XMPP

/// The servers that a script asks for by tags, beside the one that all scripts have:
///
/// - `## server: DOMAIN`: the domain has a server of its own. All servers of such a script federate, with the same limits and settings.
/// - `## certificate DOMAIN: KIND`: the certificate that the domain's server shows.
/// - `## dns DOMAIN: KIND`: the answer of DNS to whoever looks for the domain's server.
///
/// A domain that nobody of the cast is of may stand in a tag of DNS.
struct ScriptServers {
  static let certificates: [String] = ["good", "expired", "not-yet-valid", "wrong-name", "untrusted", "self-signed", "none"]
  static let answers: [String: SimulatedNetwork.Record] = [
    "no-name": .noSuchName, "not-provided": .found([.service(priority: 0, weight: 0, port: 0, target: ".")]), "fails": .fails,
    "silent": .silent,
  ]

  /// Why a tag of the script says nothing; `nil` if all do.
  static func problem(of script: Script) -> String? {
    for tag in script.tags {
      let words = tag.name.split(separator: " ")
      let value = tag.value ?? ""
      switch words.first {
      case "server":
        guard words.count == 1, JID(Text(value))?.domain == Text(value) else { return "`\(value)` is no domain of a server" }
      case "certificate" where !certificates.contains(value):
        return "`\(value)` is no kind of certificate: expected \(certificates.joined(separator: ", "))"
      case "dns" where answers[value] == nil:
        return "`\(value)` is no answer of DNS: expected \(answers.keys.sorted().joined(separator: ", "))"
      case "certificate", "dns":
        guard words.count == 2 else { return "`\(tag.name)` names no domain" }
      default: continue
      }
    }
    return nil
  }

  /// The configuration of the first server, and of all others.
  static func configurations(for script: Script, _ common: Configuration) -> [Configuration] {
    guard !script.servers.isEmpty else { return [common] }
    let rest = common.domains.filter { !script.servers.contains($0) }
    return ([rest.isEmpty ? ["localhost"] : rest] + script.servers.map { [$0] }).map { domains in
      var configuration = common
      configuration.domains = domains
      configuration[flag: .federation] = true
      return configuration
    }
  }

  /// Makes certificates and DNS what the script says. All servers are there.
  static func prepare(_ world: inout World, for script: Script) {
    for tag in script.tags {
      let words = tag.name.split(separator: " ")
      guard words.count == 2, let value = tag.value else { continue }
      let domain = Text(String(words[1]))
      if words[0] == "certificate", let server = world.server(of: domain) {
        world.present(certificate(value, of: domain, world.instant(of: server).wall), at: server)
      } else if words[0] == "dns", let answer = answers[value] {
        world.network.setServices(of: JID.ascii(domain: domain) ?? domain, to: answer)
      }
    }
  }

  private static func certificate(_ kind: String, of domain: Text, _ now: Int64) -> SimulatedCertificate? {
    let name = kind == "wrong-name" ? "somebody-else.example" : JID.ascii(domain: domain) ?? domain
    var certificate = SimulatedCertificate(PresentedNames(dns: [name, "conference." + name]))
    switch kind {
    case "expired": certificate.validity = 0..<now
    case "not-yet-valid": certificate.validity = (now + .seconds(86_400)) ..< .max
    case "untrusted": certificate.problem = .untrusted
    case "self-signed": certificate.problem = .selfSigned
    case "none": return nil
    default: break
    }
    return certificate
  }
}

extension World {
  /// The server that a domain is served by.
  func server(of domain: Text) -> Int? { nodes.firstIndex { $0.configuration.domains.contains(domain) } }
}
