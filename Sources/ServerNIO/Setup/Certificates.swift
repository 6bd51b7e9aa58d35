internal import Crypto
internal import Foundation
internal import NIOCore
internal import NIOSSL
internal import ServerCore
internal import SwiftASN1
internal import X509
internal import XML

/// The server's certificates: `DOMAIN.crt` (with its chain) and `DOMAIN.key` in one folder, as PEM.
///
/// For the first domain there is always one: if the folder has none, one that signs itself is made. Others are chosen by the name that
/// a client asks for in its handshake (SNI); a domain without its own gets the first one's.
enum Certificates {
  static func load(_ configuration: ServeConfiguration) throws(SetupError) -> NIOSSLContext {
    let folder = configuration.certificates
    let domains = configuration.core.domains.map(\.string)
    do throws(Files.Problem) { try Files.makeFolder(folder) } catch {
      throw SetupError(
        "the certificate folder \(folder) can't be made\(error.remark); choose another with `certificates` in the configuration")
    }
    if !FileManager.default.fileExists(atPath: "\(folder)/\(domains[0]).crt") {
      try make(in: folder, domains: domains, conferenceLabel: configuration.core.conferenceLabel.string)
    }
    let first = try read(folder, domains[0])
    var others: [String: Pair] = [:]
    for domain in domains.dropFirst() where FileManager.default.fileExists(atPath: "\(folder)/\(domain).crt") {
      others[domain] = try read(folder, domain)
    }

    var tls = TLSConfiguration.makeServerConfiguration(certificateChain: first.chain, privateKey: first.key)
    tls.minimumTLSVersion = .tlsv12
    if !others.isEmpty {
      let others = others
      tls.sslContextCallback = { values, promise in
        var choice = NIOSSLContextConfigurationOverride()
        if let pair = values.serverHostname.flatMap({ others[$0.lowercased()] }) {
          choice.certificateChain = pair.chain
          choice.privateKey = pair.key
        }
        promise.succeed(choice)
      }
    }
    do {
      return try NIOSSLContext(configuration: tls)
    } catch {
      throw SetupError("the certificate and key of \(domains[0]) in \(folder) don't go together; replace them, or remove both")
    }
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
  private static func make(in folder: String, domains: [String], conferenceLabel: String) throws(SetupError) {
    let names = domains + domains.map { "\(conferenceLabel).\($0)" }
    let certificate: String
    let key: String
    do {
      let privateKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
      let subject = try DistinguishedName { CommonName(domains[0]) }
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
    try DataFolder.write(Array((key + "\n").utf8), to: "\(folder)/\(domains[0]).key")
    try DataFolder.write(Array((certificate + "\n").utf8), to: "\(folder)/\(domains[0]).crt")
  }
}
