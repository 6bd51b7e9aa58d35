import Foundation
import ServerCore
import ServerNIO
import Testing
import XML

/// Which certificate a client is shown (RFC 6120, 5.4.3.1), with names as certificates have them.
@Suite struct CertificatesTests {
  /// A server of these domains, each of which has a certificate of its own in the folder.
  private func stage(_ domains: [Text], _ folder: TemporaryFolder) throws -> ServerFixture {
    let certificates = folder.path + "/certs"
    for domain in domains {
      // The certificate of the first domain is made at the start.
      let maker = try ServerFixture {
        $0.core.domains = [domain]
        $0.certificatesFolder = certificates
      }
      maker.server.stop()
    }
    return try ServerFixture {
      $0.core.domains = domains
      $0.certificatesFolder = certificates
    }
  }

  /// Whether a client whose stream is to a domain, and that names another in its handshake or none, sees this certificate.
  private func sees(_ certificate: String, _ stage: ServerFixture, to domain: String, naming name: String?) throws -> Bool {
    let client = try stage.connect()
    client.send(TestClient.header(to: domain))
    try client.expect("</stream:features>")
    try client.startTLS(certificate: certificate, naming: name, verifiesName: false)
    client.send(TestClient.header(to: domain))
    do {
      try client.expect("</stream:features>")
      return true
    } catch {
      return false
    }
  }

  @Test func theHandshakeChoosesThenTheStream() throws {
    let folder = TemporaryFolder()
    let stage = try stage(["localhost", "second.example"], folder)
    let (first, second) = (folder.path + "/certs/localhost.crt", folder.path + "/certs/second.example.crt")
    #expect(try sees(second, stage, to: "second.example", naming: nil))
    #expect(try sees(first, stage, to: "localhost", naming: nil))
    #expect(try sees(second, stage, to: "localhost", naming: "second.example"))
    #expect(try sees(first, stage, to: "second.example", naming: "localhost"))
    #expect(try !sees(first, stage, to: "second.example", naming: nil))
    // A name that is not served says nothing.
    #expect(try sees(second, stage, to: "second.example", naming: "elsewhere.example"))
  }

  /// Certificates and handshakes have A-labels where users and addresses have U-labels.
  @Test func anInternationalisedDomainIsServed() throws {
    let folder = TemporaryFolder()
    let stage = try stage(["localhost", "münchen.example"], folder)
    let certificate = folder.path + "/certs/münchen.example.crt"
    #expect(try sees(certificate, stage, to: "münchen.example", naming: nil))
    #expect(try sees(certificate, stage, to: "localhost", naming: "xn--mnchen-3ya.example"))
    let client = try stage.connect()
    client.send(TestClient.header(to: "münchen.example"))
    try client.expect("</stream:features>")
    try client.startTLS(certificate: certificate, naming: "xn--mnchen-3ya.example")
    client.send(TestClient.header(to: "münchen.example"))
    try client.expect("</stream:features>")
  }

  /// Files with A-labels in their names are found as well.
  @Test func aCertificateMayBeNamedWithALabels() throws {
    let folder = TemporaryFolder()
    let certificates = folder.path + "/certs"
    _ = try stage(["münchen.example"], folder)
    for kind in ["crt", "key"] {
      try FileManager.default.moveItem(
        atPath: "\(certificates)/münchen.example.\(kind)", toPath: "\(certificates)/xn--mnchen-3ya.example.\(kind)")
    }
    let certificate = certificates + "/xn--mnchen-3ya.example.crt"
    let again = try ServerFixture {
      $0.core.domains = ["münchen.example"]
      $0.certificatesFolder = certificates
    }
    #expect(try sees(certificate, again, to: "münchen.example", naming: nil))
    #expect(!FileManager.default.fileExists(atPath: certificates + "/münchen.example.crt"), "no other one was made")
  }
}
