internal import SASL
internal import XML
internal import XMPP

/// Properties of SASL exchanges (RFC 4422) that must hold for any bytes of the other side.
public enum SASLCheck {
  /// The part that an input is given to, which its first byte chooses.
  public enum Kind: Int, CaseIterable, Sendable {
    /// A client's first message to the server's half: PLAIN, SCRAM.
    case plain, scramFirst
    /// A server's challenge to the client's half.
    case challenge
    /// An exchange between both halves, of which one message may be changed.
    case exchange

    init(_ byte: UInt8) { self = Kind(rawValue: Int(byte) % Kind.allCases.count) ?? .plain }
  }

  /// - Returns: the property that does not hold, in words; `nil` if all hold.
  public static func fault(in input: [UInt8]) -> String? { check(input).fault }

  /// Whether the message was accepted (1) or not (0); of an exchange, how many messages came.
  public static func depth(of input: [UInt8]) -> Int { check(input).depth }

  private static func check(_ input: [UInt8]) -> (fault: String?, depth: Int) {
    guard let first = input.first else { return (nil, 0) }
    let bytes = Array(input.dropFirst())
    switch Kind(first) {
    case .plain: return plain(bytes)
    case .scramFirst: return scramFirst(bytes)
    case .challenge: return challenge(bytes)
    case .exchange: return ExchangeCheck.check(bytes)
    }
  }

  /// RFC 4616, section 2.
  private static func plain(_ bytes: [UInt8]) -> (fault: String?, depth: Int) {
    var exchange = SASLServerExchange(.plain)
    let action = exchange.responseReceived(bytes)
    var parts: [[UInt8]] = [[]]
    for byte in bytes { if byte == 0 { parts.append([]) } else { parts[parts.count - 1].append(byte) } }
    let isMessage = parts.count == 3 && !parts[1].isEmpty && !parts[2].isEmpty
    switch action {
    case .find(let claim):
      guard isMessage, claim.authorization == Text(utf8: parts[0]), claim.name == Text(utf8: parts[1]) else {
        return ("the claim of \(bytes) is \(claim)", 1)
      }
      guard exchange.awaited == .credentials(.sha256, of: claim.name) else { return ("the exchange waits for \(exchange.awaited)", 1) }
      // The client's half makes the same message of the same parts.
      let client = SASLClientExchange(
        .plain, authorization: claim.authorization, name: claim.name, password: Text(utf8: parts[2]), nonce: "")
      if String(validating: bytes, as: UTF8.self) != nil, client.initialResponse != bytes {
        return ("the client would write \(client.initialResponse)", 1)
      }
      return (nil, 1)
    case .fail(let failure): return (isMessage || exchange.awaited != .nothing ? "\(bytes) is refused, \(failure)" : nil, 0)
    case .succeed: return ("a first message of PLAIN succeeded", 1)
    }
  }

  private static func scramFirst(_ bytes: [UInt8]) -> (fault: String?, depth: Int) {
    var exchange = SASLServerExchange(.scramSHA256)
    let text = Text(utf8: bytes)
    let reading = ScramReading(clientFirst: Array(text.utf8))
    switch exchange.responseReceived(bytes) {
    case .find(let claim):
      guard let reading, reading.name == claim.name, reading.authorization == claim.authorization else {
        return ("the claim of \(text.debugDescription) is \(claim)", 1)
      }
      guard case .challenge(let challenge) = exchange.credentialsFound(ExchangeCheck.credentials, isDecoy: false, nonce: { "xyz" }) else {
        return ("there is no challenge after \(text.debugDescription)", 1)
      }
      let expected = Array(
        "r=\(reading.nonce)xyz,s=\(Base64.encode(ExchangeCheck.credentials.salt)),i=\(ExchangeCheck.credentials.rounds)".utf8)
      return (challenge == expected ? nil : "the challenge after \(text.debugDescription) is \(Text(utf8: challenge).debugDescription)", 1)
    case .fail(let failure):
      if exchange.awaited != .nothing { return ("a failed exchange waits for \(exchange.awaited)", 0) }
      return (reading == nil ? nil : "\(text.debugDescription) is refused, \(failure)", 0)
    case .succeed: return ("a first message of SCRAM succeeded", 1)
    }
  }

  /// A client takes a challenge only if it holds the client's nonce and more, and answers with it.
  private static func challenge(_ bytes: [UInt8]) -> (fault: String?, depth: Int) {
    let text = Text(utf8: bytes)
    let fields = ScramReading.fields(Array(text.utf8))
    // Each iteration takes time; a number is all that an input could change.
    if fields.count > 2, fields[2].count > 4 { return (nil, 0) }
    var client = SASLClientExchange(.scramSHA256, name: "romeo", password: "pw", nonce: "abc")
    switch client.challengeReceived(bytes) {
    case .fail:
      guard case .fail = client.successReceived([]) else { return ("a failed client takes a success", 0) }
      return (nil, 0)
    case .respond(let response):
      guard fields.count >= 3, fields[0].starts(with: "r=abc".utf8), fields[0].count > 5, fields[1].starts(with: "s=".utf8),
        ScramReading.isCount(fields[2])
      else { return ("the client answers \(text.debugDescription)", 1) }
      let nonce = fields[0].dropFirst(2)
      let expected = Array("c=biws,r=".utf8) + nonce + Array(",p=".utf8)
      guard response.starts(with: expected), Base64.decode(Text(utf8: response.dropFirst(expected.count)))?.count == 32 else {
        return ("the client answers \(text.debugDescription) with \(Text(utf8: response).debugDescription)", 1)
      }
      // Nobody has proved anything yet.
      if case .finish = client.successReceived([]) { return ("a server without a proof is taken for the right one", 1) }
      return (nil, 1)
    }
  }
}

/// A first message of a client by the grammar of RFC 5802, section 7, as far as a server without channel binding has to know it.
struct ScramReading {
  var authorization: Text = ""
  var name: Text = ""
  var nonce: Text = ""

  /// `nil` if the message must be refused. Extensions behind the nonce are not looked at.
  init?(clientFirst message: [UInt8]) {
    let fields = ScramReading.fields(message)
    guard !message.contains(0), fields.count >= 4, fields[0] == [UInt8(ascii: "n")] || fields[0] == [UInt8(ascii: "y")] else { return nil }
    if !fields[1].isEmpty {
      guard fields[1].starts(with: "a=".utf8), let name = ScramReading.name(fields[1].dropFirst(2)) else { return nil }
      authorization = name
    }
    guard fields[2].starts(with: "n=".utf8), let name = ScramReading.name(fields[2].dropFirst(2)), !name.isEmpty,
      fields[3].starts(with: "r=".utf8), fields[3].count > 2, fields[3].allSatisfy({ (0x21...0x7E).contains($0) })
    else { return nil }
    self.name = name
    nonce = Text(utf8: fields[3].dropFirst(2))
  }

  /// The iteration count, which is a `posit-number`.
  static func isCount(_ field: [UInt8]) -> Bool {
    field.starts(with: "i=".utf8) && field.count > 2 && field[2] != UInt8(ascii: "0")
      && field.dropFirst(2).allSatisfy { (0x30...0x39).contains($0) }
  }

  /// Between commas.
  static func fields(_ message: [UInt8]) -> [[UInt8]] {
    message.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { Array($0) }
  }

  /// `saslname`.
  private static func name(_ bytes: ArraySlice<UInt8>) -> Text? {
    let parts = bytes.split(separator: UInt8(ascii: "="), omittingEmptySubsequences: false)
    var name = Array(parts[0])
    for part in parts.dropFirst() {
      if part.starts(with: "2C".utf8) {
        name.append(UInt8(ascii: ","))
      } else if part.starts(with: "3D".utf8) {
        name.append(UInt8(ascii: "="))
      } else {
        return nil
      }
      name += part.dropFirst(2)
    }
    return Text(utf8: name)
  }
}
