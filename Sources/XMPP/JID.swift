public import XML

/// An address: `local@domain/resource`, of which only the domain is always there (RFC 7622).
///
/// A value is prepared when it is made: its parts have been mapped and checked by their profiles. So two
/// addresses mean the same entity exactly if their bytes are equal, and preparing one again changes nothing.
public struct JID: Sendable {
  /// `local@domain`, or `domain` if there is no localpart.
  public let bareText: Text
  /// The resourcepart; empty if there is none.
  public let resource: Text
  /// Length of the localpart in bytes. It is at most 1023.
  private let localCount: UInt16

  /// Whether one of the two is a copy of the other, as far as that shows by their storage: then they are equal.
  public func isCopy(of other: JID) -> Bool {
    localCount == other.localCount && bareText.isCopy(of: other.bareText) && resource.isCopy(of: other.resource)
  }

  /// The longest that a part may be, in bytes (RFC 7622, 3.2 to 3.4).
  public static let maximumPartCount = 1023
  /// Preparation can shorten a text (a fullwidth letter takes three bytes, the letter it stands for one), but
  /// what is longer than this isn't worth a look.
  static let maximumRawPartCount = 4 * maximumPartCount

  private init(preparedBare bareText: Text, localCount: Int, resource: Text) {
    self.bareText = bareText
    self.localCount = UInt16(localCount)
    self.resource = resource
  }
}

// MARK: - Making

extension JID {
  /// Parses an address: what stands behind the first `/` is the resourcepart, and in the rest what stands before the
  /// first `@` is the localpart (RFC 7622, 3.2). `nil` if a part is invalid, or empty though its delimiter is there.
  public init?(_ text: Text) {
    guard let parts = Parts(text) else { return nil }
    if parts.isPrepared {
      self.init(
        preparedBare: parts.slash == parts.count ? text : text.slice(0, parts.slash),
        localCount: max(parts.at, 0),
        resource: parts.slash == parts.count ? "" : text.slice(parts.slash + 1, parts.count))
      return
    }
    let local = parts.at < 0 ? "" : text.slice(0, parts.at)
    let domain = text.slice(parts.at + 1, parts.slash)
    let resource = parts.slash == parts.count ? "" : text.slice(parts.slash + 1, parts.count)
    self.init(local: local, domain: domain, resource: resource)
  }

  /// Prepares the parts and joins them. An empty localpart or resourcepart means that there is none.
  public init?(local: Text, domain: Text, resource: Text) {
    guard let domain = Domain.prepare(domain) else { return nil }
    var preparedResource: Text = ""
    if !resource.isEmpty {
      guard let prepared = JID.prepare(resource: resource) else { return nil }
      preparedResource = prepared
    }
    guard !local.isEmpty else {
      self.init(preparedBare: domain, localCount: 0, resource: preparedResource)
      return
    }
    guard let local = JID.prepare(local: local) else { return nil }
    self.init(preparedBare: local + "@" + domain, localCount: local.count, resource: preparedResource)
  }

  /// The bare address of `bare` with this resourcepart, which is prepared. An empty one means that there is none.
  public init?(bare: JID, resource: Text) {
    guard !resource.isEmpty else {
      self = bare.bare
      return
    }
    guard let prepared = JID.prepare(resource: resource) else { return nil }
    self.init(preparedBare: bare.bareText, localCount: Int(bare.localCount), resource: prepared)
  }

  /// UsernameCaseMapped, less eight characters that mean something in an address (RFC 7622, 3.3).
  private static func prepare(local: Text) -> Text? {
    guard local.count <= maximumRawPartCount, let prepared = Precis.username(local) else { return nil }
    return prepared.count <= maximumPartCount && !prepared.utf8.contains(where: ASCII.isExcludedFromLocal) ? prepared : nil
  }

  /// OpaqueString (RFC 7622, 3.4).
  private static func prepare(resource: Text) -> Text? {
    guard resource.count <= maximumRawPartCount, let prepared = Precis.opaqueString(resource) else { return nil }
    return prepared.count <= maximumPartCount ? prepared : nil
  }
}

// MARK: - Reading

extension JID {
  /// The localpart; empty if there is none.
  public var local: Text { bareText.slice(0, Int(localCount)) }
  /// The domainpart.
  public var domain: Text { localCount == 0 ? bareText : bareText.slice(Int(localCount) + 1, bareText.count) }
  /// Whether there is a localpart.
  public var hasLocal: Bool { localCount != 0 }
  /// Whether there is no resourcepart.
  public var isBare: Bool { resource.isEmpty }
  /// Whether there is a resourcepart.
  public var isFull: Bool { !resource.isEmpty }
  /// A domainpart as DNS and certificates have it: with A-labels in place of U-labels (RFC 5890, 2.3.2.1). `nil` if it has none.
  ///
  /// - Parameter domain: prepared, as `domain` gives it.
  public static func ascii(domain: Text) -> Text? { Domain.ascii(domain) }
  /// Whether there is nothing but a domainpart.
  public var isDomain: Bool { localCount == 0 && resource.isEmpty }
  /// The same address without its resourcepart.
  public var bare: JID { resource.isEmpty ? self : JID(preparedBare: bareText, localCount: Int(localCount), resource: "") }
  /// The whole address.
  public var text: Text { resource.isEmpty ? bareText : bareText + "/" + resource }

  /// Whether the domainpart is this very domain, which must have been prepared.
  public func isAt(domain: Text) -> Bool {
    let skipped = localCount == 0 ? 0 : Int(localCount) + 1
    let mine = bareText.utf8.span
    let other = domain.utf8.span
    guard mine.count - skipped == other.count else { return false }
    for i in other.indices where mine[skipped + i] != other[i] { return false }
    return true
  }
}

extension JID: Hashable, Comparable, CustomStringConvertible {
  public static func == (a: JID, b: JID) -> Bool { a.bareText == b.bareText && a.resource == b.resource }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(bareText)
    hasher.combine(resource)
  }

  /// The order of the bytes of `text`.
  public static func < (a: JID, b: JID) -> Bool {
    if a.bareText == b.bareText { return a.resource < b.resource }
    if a.isBare && b.isBare { return a.bareText < b.bareText }
    // Not the bare texts first: "/" comes behind "." and before "0", so "a.b" < "a/b" < "a0".
    return a.text < b.text
  }

  public var description: String { text.string }
}

extension JID: Codable {
  private struct Invalid: Error {}

  public init(from decoder: any Decoder) throws {
    guard let jid = JID(try decoder.singleValueContainer().decode(Text.self)) else { throw Invalid() }
    self = jid
  }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

// MARK: - Splitting

extension JID {
  /// The places of an address's delimiters, and whether it needs no preparation.
  private struct Parts {
    let count: Int
    /// Place of the `@`, or -1.
    let at: Int
    /// Place of the `/`, or `count`.
    let slash: Int
    /// All three parts are ASCII and as preparation would leave them: the case of nearly every stanza.
    let isPrepared: Bool

    init?(_ text: Text) {
      let bytes = text.utf8.span
      let end = bytes.count
      var at = -1
      var slash = end
      var i = 0
      while i < end {
        let byte = bytes[i]
        if byte == UInt8(ascii: "/") {
          slash = i
          break
        }
        if byte == UInt8(ascii: "@") && at < 0 { at = i }
        i += 1
      }
      // Nothing before an `@`, nothing behind a `/`, or no domain at all.
      guard at != 0, slash != end - 1, at + 1 < slash else { return nil }
      isPrepared =
        (at < 0 || ASCII.isLocal(bytes, 0, at))
        && ASCII.isDomain(bytes, at + 1, slash)
        && (slash == end || ASCII.isResource(bytes, slash + 1, end))
      self.count = end
      self.at = at
      self.slash = slash
    }
  }
}

extension Text {
  /// The bytes from `start` up to `end`, which must be borders of characters.
  func slice(_ start: Int, _ end: Int) -> Text {
    let utf8 = string.utf8
    let from = utf8.index(utf8.startIndex, offsetBy: start)
    return Text(string[from..<utf8.index(from, offsetBy: end - start)])
  }
}
