internal import SASL
internal import Storage
internal import XML
internal import XMPP

/// Makes the pseudonyms that a recording holds instead of secrets, with a key that is written nowhere: equal secrets have equal pseudonyms,
/// a proof that fits still fits, and nobody can compute the secret.
struct Pseudonyms: Sendable {
  /// `nil`: nothing but lengths is of interest, as where outputs are compared.
  private let secret: [UInt8]?
  /// The text of bodies and of whatever else people write is left as it is.
  let keepsText: Bool

  /// - Parameter secret: 32 bytes that nobody knows.
  init(secret: [UInt8], keepsText: Bool) {
    self.secret = secret
    self.keepsText = keepsText
  }

  private init() {
    secret = nil
    keepsText = false
  }

  /// Makes equal what differs only by stand-ins: in the outputs of a server and of its replay.
  static let forComparing = Pseudonyms()

  /// As many bytes as asked for, which follow from `bytes` and their use.
  func bytes(_ count: Int, for use: String, _ bytes: [UInt8]) -> [UInt8] {
    guard let secret else { return Array(repeating: 0, count: count) }
    var out: [UInt8] = []
    var block = Array(use.utf8) + [0] + bytes
    while out.count < count {
      block = Scram.hmac(.sha256, key: secret, block)
      out += block
    }
    return Array(out.prefix(count))
  }

  /// A network's pseudonym: it hides the network, but shows which connections came from the same one.
  func origin(_ origin: SourceNetwork) -> SourceNetwork { SourceNetwork(recorded: bytes(8, for: "origin", origin.bytes)) }

  func key(_ bytes: [UInt8]) -> [UInt8] { self.bytes(bytes.count, for: "key", bytes) }

  /// The key that a client would have whose stored key is the stand-in for this one (RFC 5802, 3).
  func clientKey(storedKey: [UInt8]) -> [UInt8] { bytes(storedKey.count, for: "client key", storedKey) }

  func credentials(_ credentials: ScramCredentials) -> ScramCredentials {
    var copy = credentials
    copy.storedKey = storedKey(copy.storedKey)
    copy.serverKey = serverKey(copy.serverKey)
    return copy
  }

  /// The hash is told by its length.
  func storedKey(_ key: [UInt8]) -> [UInt8] {
    Scram.digest(key.count == Scram.digest(.sha1, []).count ? .sha1 : .sha256, clientKey(storedKey: key))
  }
  func serverKey(_ key: [UInt8]) -> [UInt8] { bytes(key.count, for: "server key", key) }

  func secret(_ secret: Secret) -> Secret { Secret(secret.withBytes { password($0) }) }

  /// As long, equal for equal ones, and refused where the password would be (RFC 4013). Characters that XML must escape stay.
  func password(_ password: [UInt8]) -> [UInt8] {
    guard secret != nil else { return Pseudonyms.blank(password) }
    let letters = bytes(password.count, for: "password", password)
    var out = password
    for index in out.indices where !Pseudonyms.isEscaped(out[index]) {
      // The alphabet's size is a power of two, so that no letter is likelier.
      out[index] = Pseudonyms.alphabet[Int(letters[index] & 63)]
    }
    if Precis.saslPrep(Text(utf8: password)) == nil, let place = out.indices.first(where: { !Pseudonyms.isEscaped(out[$0]) }) {
      // A character that every kind of preparation prohibits.
      out[place] = 0x7F
    }
    return out
  }
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
  private static func isEscaped(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "]"), 0..<0x20: true
    default: false
    }
  }

  /// As long once it is written as XML, and nothing else.
  private static func blank(_ bytes: [UInt8], isAttribute: Bool = false) -> [UInt8] {
    bytes.map { byte in
      switch byte {
      case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), 0x0D: byte
      case UInt8(ascii: "'"), UInt8(ascii: "\""), 0x09, 0x0A: isAttribute ? byte : TextMask.letter
      default: TextMask.letter
      }
    }
  }

  func element(_ element: Element) -> Element {
    element.mapping(in: RedactionContext.top) { outer, inside in
      outer.child(inside.name).named(inside["var"])
    } text: { place, bytes in
      text(bytes, place.treatment(keepsText: keepsText))
    } attribute: { place, attribute, bytes in
      let prefix: Text = attribute.namespace.isEmpty ? "" : attribute.namespace == Element.xmlNamespace ? "xml:" : "other:"
      let treatment = (place.isField ? .field : place).treatment(ofAttribute: prefix + attribute.name, keepsText: keepsText)
      return treatment == .keep ? bytes : text(bytes, treatment, isAttribute: true)
    }
  }

  /// Text as it is once XML was read.
  func text(_ bytes: [UInt8], _ treatment: RedactionContext.Treatment, isAttribute: Bool = false) -> [UInt8] {
    if secret == nil { return Pseudonyms.blank(bytes, isAttribute: isAttribute) }
    switch treatment {
    case .keep: return bytes
    case .compare: return password(bytes)
    case .mask, .sasl:
      var mask = TextMask(isAttribute: isAttribute)
      return bytes.map { mask.maskRead($0) }
    }
  }

  func text(_ text: Text, _ treatment: RedactionContext.Treatment) -> Text { Text(utf8: self.text(Array(text.utf8), treatment)) }
}
