internal import SASL
internal import XML
internal import XMPP

/// Both halves of an exchange against each other. It succeeds if nothing was changed, and only then.
enum ExchangeCheck {
  static let credentials = makeCredentials(.sha256, password: "pw")

  private static func makeCredentials(_ hash: ScramHash, password: Text) -> ScramCredentials {
    let request = DerivationRequest(password: Secret(preparing: password), hashes: [hash], salts: [Array("salt".utf8)], rounds: [2])
    return Scram.derive(request)[0]
  }

  /// The bytes that lead an exchange.
  private struct Plan {
    var mechanism: SASLMechanism
    /// The message that is changed (0: none), at which byte, and how.
    var changed: Int
    var place: Int
    var difference: UInt8
    var name: Text
    var password: Text
    var isDecoy: Bool

    init?(_ bytes: [UInt8]) {
      guard bytes.count > 6 else { return nil }
      mechanism = SASLMechanism.allCases[Int(bytes[0] & 0xF) % 3]
      isDecoy = bytes[0] & 0x10 != 0
      changed = Int(bytes[1] % 5)
      place = Int(bytes[2])
      difference = bytes[3]
      let texts = bytes[4...].split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
      name = Text(utf8: texts[0])
      password = Text(utf8: (texts.count > 1 ? texts[1] : []).filter { $0 != 0 })
      if name.isEmpty || password.isEmpty { return nil }
    }

    /// The message as it arrives.
    func carry(_ message: [UInt8], _ number: Int) -> [UInt8] {
      guard number == changed, difference != 0, !message.isEmpty else { return message }
      var other = message
      other[place % message.count] ^= difference
      return other
    }
  }

  static func check(_ bytes: [UInt8]) -> (fault: String?, depth: Int) {
    guard let plan = Plan(bytes) else { return (nil, 0) }
    let hash: ScramHash = plan.mechanism == .scramSHA1 ? .sha1 : .sha256
    let credentials = makeCredentials(hash, password: plan.password)
    var server = SASLServerExchange(plan.mechanism)
    var client = SASLClientExchange(plan.mechanism, name: plan.name, password: plan.password, nonce: "client")
    var messages: [(sent: [UInt8], arrived: [UInt8])] = []
    func carry(_ message: [UInt8]) -> [UInt8] {
      let arrived = plan.carry(message, messages.count + 1)
      messages.append((message, arrived))
      return arrived
    }

    let claim: SASLServerExchange.Claim
    switch server.responseReceived(carry(client.initialResponse)) {
    case .find(let found): claim = found
    case .fail: return (refusal(messages), 1)
    case .succeed: return ("a first message succeeded", 1)
    }
    var outcome: SASLServerExchange.Success?
    switch server.credentialsFound(credentials, isDecoy: plan.isDecoy, nonce: { "server" }) {
    case .ignore: return ("credentials are ignored", 1)
    case .derive(let request):
      if case .succeed(let success) = server.keysDerived(Scram.derive(request)) { outcome = success }
    case .challenge(let challenge):
      // A changed number of iterations could take hours.
      guard plan.changed != 2 || plan.place % challenge.count < challenge.count - 1 else { return (nil, 2) }
      guard case .respond(let response) = client.challengeReceived(carry(challenge)) else { return (refusal(messages), 2) }
      if case .succeed(let success) = server.responseReceived(carry(response)) { outcome = success }
    }
    let verdict = outcome.map { client.successReceived(carry($0.data)) }
    return (fault(plan, claim, outcome, verdict, messages), 2 + messages.count)
  }

  private static func refusal(_ messages: [(sent: [UInt8], arrived: [UInt8])]) -> String? {
    messages.allSatisfy { $0.sent == $0.arrived } ? "an unchanged message is refused: \(messages)" : nil
  }

  private static func fault(
    _ plan: Plan, _ claim: SASLServerExchange.Claim, _ outcome: SASLServerExchange.Success?, _ verdict: SASLClientExchange.SuccessAction?,
    _ messages: [(sent: [UInt8], arrived: [UInt8])]
  ) -> String? {
    if plan.isDecoy { return outcome == nil ? nil : "an exchange with a decoy succeeded" }
    let isSame = messages.allSatisfy { $0.sent == $0.arrived }
    if isSame {
      guard outcome != nil, verdict == .finish, claim.name == plan.name else { return "an unchanged exchange fails: \(plan)" }
      return nil
    }
    // The name of PLAIN is nobody's to prove, and which password is right is the question that the keys answered.
    if plan.mechanism == .plain {
      let parts = messages[0].arrived.split(separator: 0, omittingEmptySubsequences: false)
      let isRight = Secret(preparing: Text(utf8: parts[2])).matches(Secret(preparing: plan.password).withBytes { $0 })
      return isRight == (outcome != nil) ? nil : "PLAIN's outcome is wrong: \(plan)"
    }
    if outcome != nil, verdict == .finish, !meansTheSame(messages) { return "a changed exchange succeeds: \(plan)" }
    return nil
  }

  /// Whether the changed messages mean what those that were sent mean. Base 64 leaves bits that mean nothing (RFC 4648, 3.5), in the last letter
  /// of a proof.
  private static func meansTheSame(_ messages: [(sent: [UInt8], arrived: [UInt8])]) -> Bool {
    messages.allSatisfy { sent, arrived in
      let proofs = [sent, arrived].map { message in
        message.split(separator: UInt8(ascii: ",")).last { $0.starts(with: "p=".utf8) || $0.starts(with: "v=".utf8) }
      }
      // Bytes that are no UTF-8 read as U+FFFD, which no name and no password of an account has.
      if Text(utf8: sent) == Text(utf8: arrived) { return true }
      guard let a = proofs[0], let b = proofs[1], sent.count == arrived.count,
        zip(sent.dropLast(a.count), arrived.dropLast(b.count)).allSatisfy(==)
      else { return false }
      return Base64.decode(Text(utf8: a.dropFirst(2))) == Base64.decode(Text(utf8: b.dropFirst(2)))
    }
  }
}
