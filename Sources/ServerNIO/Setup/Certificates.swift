internal import Crypto
internal import Foundation
internal import NIOCore
internal import NIOSSL
internal import ServerCore
internal import SwiftASN1
internal import X509
internal import XML
internal import XMPP

/// The server's certificates: `DOMAIN.crt` (with its chain) and `DOMAIN.key` in one folder, as PEM. An internationalised domain stands in the names of
/// the files as it is configured, or with A-labels.
///
/// For the first domain there is always one: if the folder has none, one that signs itself is made. A client gets the one of the domain that it asks for in
/// its handshake (SNI), else of the domain that its stream is to (RFC 6120, 5.4.3.1), else the first one's; so does a client of a domain without its own.
struct Certificates: Sendable {
  private let first: NIOSSLContext
  private let others: [Text: NIOSSLContext]

  /// - Parameter domain: of the client's stream.
  func context(for domain: Text) -> NIOSSLContext { others[domain] ?? first }

  init(_ configuration: ServeConfiguration) throws(SetupError) {
    let folder = configuration.certificates
    let domains = configuration.core.domains
    do throws(Files.Problem) { try Files.makeFolder(folder) } catch {
      throw SetupError(
        "the certificate folder \(folder) can't be made\(error.remark); choose another with `certificates` in the configuration")
    }
    if Certificates.fileName(folder, domains[0]) == nil {
      try Certificates.make(in: folder, domains: domains, conferenceLabel: configuration.core.conferenceLabel)
    }
    var pairs: [Text: Pair] = [:]
    for domain in domains {
      if let name = Certificates.fileName(folder, domain) { pairs[domain] = try Certificates.read(folder, name) }
    }
    var contexts: [Text: NIOSSLContext] = [:]
    for domain in domains {
      if let pair = pairs[domain] { contexts[domain] = try Certificates.context(pair, of: domain, in: folder, choosing: pairs) }
    }
    guard let first = contexts.removeValue(forKey: domains[0]) else {
      throw SetupError(
        "there is no certificate for \(domains[0]) in \(folder); remove \(domains[0]).key there, and the next start makes one")
    }
    self.first = first
    others = contexts
  }

  private static func context(
    _ pair: Pair, of domain: Text, in folder: String, choosing pairs: [Text: Pair]
  ) throws(SetupError) -> NIOSSLContext {
    var tls = TLSConfiguration.makeServerConfiguration(certificateChain: pair.chain, privateKey: pair.key)
    tls.minimumTLSVersion = .tlsv12
    tls.applicationProtocols = [StreamRole.client.protocolName.string]
    if pairs.count > 1 {
      tls.sslContextCallback = { values, promise in
        var choice = NIOSSLContextConfigurationOverride()
        // A client names it with A-labels (RFC 6066, 3).
        if let pair = values.serverHostname.flatMap({ JID(Text($0)) }).flatMap({ pairs[$0.domain] }) {
          choice.certificateChain = pair.chain
          choice.privateKey = pair.key
        }
        promise.succeed(choice)
      }
    }
    do {
      return try NIOSSLContext(configuration: tls)
    } catch {
      throw SetupError("the certificate and key of \(domain) in \(folder) don't go together; replace them, or remove both")
    }
  }

  /// Under which name the folder has a domain's certificate.
  private static func fileName(_ folder: String, _ domain: Text) -> String? {
    [domain, JID.ascii(domain: domain)].compactMap { $0?.string }.first { FileManager.default.fileExists(atPath: "\(folder)/\($0).crt") }
  }

  private struct Pair: Sendable {
    var chain: [NIOSSLCertificateSource]
    var key: NIOSSLPrivateKeySource
  }

  private static func read(_ folder: String, _ domain: String) throws(SetupError) -> Pair {
    for file in ["\(folder)/\(domain).crt", "\(folder)/\(domain).key"] {
      guard let problem = Files.problemReading(file) else { continue }
      throw SetupError("\(file) can't be read\(problem.remark); put it there for this user to read, or remove its counterpart, too")
    }
    do {
      let chain = try NIOSSLCertificate.fromPEMFile("\(folder)/\(domain).crt").map { NIOSSLCertificateSource.certificate($0) }
      guard !chain.isEmpty else { throw SetupError("\(folder)/\(domain).crt holds no certificate; replace it") }
      return Pair(chain: chain, key: .privateKey(try NIOSSLPrivateKey(file: "\(folder)/\(domain).key", format: .pem)))
    } catch let error as SetupError {
      throw error
    } catch {
      throw SetupError(
        "\(folder)/\(domain).crt and \(domain).key are not a certificate and its key in PEM, without a password; replace them")
    }
  }

  /// A P-256 certificate that signs itself, for ten years, for all domains and their rooms.
  private static func make(in folder: String, domains: [Text], conferenceLabel: Text) throws(SetupError) {
    // Certificates have ASCII alone (RFC 5280, 4.2.1.6 and 7.2).
    let names = (domains + domains.map { conferenceLabel + "." + $0 }).map { (JID.ascii(domain: $0) ?? $0).string }
    let certificate: String
    let key: String
    do {
      let privateKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
      let subject = try DistinguishedName { CommonName(names[0]) }
      let now = Date()
      certificate = try Certificate(
        version: .v3, serialNumber: .init(), publicKey: privateKey.publicKey, notValidBefore: now.addingTimeInterval(-3600),
        notValidAfter: now.addingTimeInterval(10 * 365 * 86400), issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
        extensions: try Certificate.Extensions {
          Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
          try ExtendedKeyUsage([.serverAuth])
          SubjectAlternativeNames(names.map { .dnsName($0) })
        },
        issuerPrivateKey: privateKey
      ).serializeAsPEM().pemString
      key = try privateKey.serializeAsPEM().pemString
    } catch {
      throw SetupError(
        "no certificate could be made for \(domains[0]) (\(error)); put one of your own into \(folder), as \(domains[0]).crt and \(domains[0]).key"
      )
    }
    try DataDirectory.write(Array((key + "\n").utf8), to: "\(folder)/\(domains[0]).key")
    try DataDirectory.write(Array((certificate + "\n").utf8), to: "\(folder)/\(domains[0]).crt")
  }
}
