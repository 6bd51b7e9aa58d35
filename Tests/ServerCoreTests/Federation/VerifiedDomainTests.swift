import Testing
import XML

@testable import ServerCore

/// A verdict proves something for the handshake that it was asked about, and for no other.
@Suite struct VerifiedDomainTests {
  private static func settled(_ purpose: Inquiry.Purpose, _ answer: Answer) -> SettledInquiry {
    var inquiries = Inquiries()
    let id = inquiries.add(Inquiry(purpose: purpose, deadline: 1))
    return inquiries.settle(id, with: answer)!
  }

  private static func problem(_ purpose: Inquiry.Purpose, _ answer: Answer) -> CertificateProblem? {
    switch TrustedChain.trust(settled(purpose, answer), of: ConnectionID(1), handshake: 2) {
    case .success: nil
    case .failure(let problem): problem
    }
  }

  @Test func onlyTheVerdictOnThisHandshakeCounts() {
    let trusted = CertificateVerdict.trusted("far.example")
    #expect(Self.problem(.certificate(ConnectionID(1), handshake: 2), trusted) == nil)
    #expect(Self.problem(.certificate(ConnectionID(1), handshake: 1), trusted) == .noAnswer)
    #expect(Self.problem(.certificate(ConnectionID(2), handshake: 2), trusted) == .noAnswer)
    #expect(Self.problem(.login(ConnectionID(1)), trusted) == .noAnswer)
    #expect(Self.problem(.certificate(ConnectionID(1), handshake: 2), .failed("")) == .noAnswer)
    #expect(Self.problem(.certificate(ConnectionID(1), handshake: 2), .verdict(.rejected(.expired))) == .expired)
  }

  @Test func eachDomainNeedsItsName() throws {
    let answer = CertificateVerdict.trusted("far.example")
    let chain = try TrustedChain.trust(
      Self.settled(.certificate(ConnectionID(1), handshake: 1), answer), of: ConnectionID(1), handshake: 1
    ).get()
    #expect(VerifiedDomain.prove("far.example", by: chain)?.domain == "far.example")
    #expect(VerifiedDomain.prove("other.example", by: chain) == nil)
  }

  @Test func aQuestionIsSettledOnce() {
    var inquiries = Inquiries()
    let id = inquiries.add(Inquiry(purpose: .certificate(ConnectionID(1), handshake: 1), deadline: 1))
    // A settled inquiry can't be copied, so the macro can't look at one.
    let isFirst = inquiries.settle(id, with: .failed("")) != nil
    let isSecond = inquiries.settle(id, with: CertificateVerdict.trusted("far.example")) != nil
    #expect(isFirst && !isSecond && inquiries.remoteCount == 0)
  }
}
