public import ServerCore

/// A certificate of a world. On the wire it is its number among those that were issued.
public struct SimulatedCertificate: Sendable, Hashable {
  public var names: PresentedNames
  /// When it begins to be valid and when it ends, on the wall clock.
  public var validity: Range<Int64>
  /// A fault that neither names nor times tell; `nil` without one.
  public var problem: CertificateProblem?
  /// The parts of a handshake that it may be used for.
  public var uses: Set<CertificateQuestion.Side> = [.server, .client]

  public init(_ names: PresentedNames, validity: Range<Int64> = 0 ..< .max, problem: CertificateProblem? = nil) {
    (self.names, self.validity, self.problem) = (names, validity, problem)
  }
}

/// The authority that all servers of a world trust, and every certificate that anybody has, its own or not.
public struct SimulatedAuthority: Sendable {
  private var issued: [SimulatedCertificate] = []

  /// Makes a certificate. Returns it as it is presented.
  public mutating func issue(_ certificate: SimulatedCertificate) -> [UInt8] {
    issued.append(certificate)
    return Array("certificate \(issued.count - 1)".utf8)
  }

  private func certificate(_ bytes: [UInt8]) -> SimulatedCertificate? {
    let words = String(decoding: bytes, as: UTF8.self).split(separator: " ")
    guard words.count == 2, words[0] == "certificate", let number = Int(words[1]), issued.indices.contains(number) else { return nil }
    return issued[number]
  }

  public func verdict(on question: CertificateQuestion) -> CertificateVerdict {
    guard let first = question.chain.first else { return .rejected(.missing) }
    guard let certificate = certificate(first) else { return .rejected(.malformed) }
    if let problem = certificate.problem { return .rejected(problem) }
    guard certificate.uses.contains(question.side) else { return .rejected(.wrongUsage) }
    guard question.time >= certificate.validity.lowerBound else { return .rejected(.notYetValid) }
    guard question.time < certificate.validity.upperBound else { return .rejected(.expired) }
    return .trusted(certificate.names, until: certificate.validity.upperBound)
  }
}
