public import XML

/// Why a stanza could not be handled (RFC 6120, 8.3).
public struct StanzaError: Error, Hashable, Sendable {
  /// The type of an error: what the sender may do about it (RFC 6120, 8.3.2).
  public enum Kind: String, Sendable {
    case auth, cancel, `continue`, modify, wait
  }

  /// The defined conditions (RFC 6120, 8.3.3).
  public enum Condition: String, CaseIterable, Sendable {
    case badRequest = "bad-request"
    case conflict
    case featureNotImplemented = "feature-not-implemented"
    case forbidden
    case gone
    case internalServerError = "internal-server-error"
    case itemNotFound = "item-not-found"
    case jidMalformed = "jid-malformed"
    case notAcceptable = "not-acceptable"
    case notAllowed = "not-allowed"
    case notAuthorized = "not-authorized"
    case policyViolation = "policy-violation"
    case recipientUnavailable = "recipient-unavailable"
    case redirect
    case registrationRequired = "registration-required"
    case remoteServerNotFound = "remote-server-not-found"
    case remoteServerTimeout = "remote-server-timeout"
    case resourceConstraint = "resource-constraint"
    case serviceUnavailable = "service-unavailable"
    case subscriptionRequired = "subscription-required"
    case undefinedCondition = "undefined-condition"
    case unexpectedRequest = "unexpected-request"

    /// The type that the RFC associates with the condition; the first of them where it leaves a choice between two.
    public var associatedKind: Kind {
      switch self {
      case .forbidden, .notAuthorized, .registrationRequired, .subscriptionRequired: .auth
      case .badRequest, .jidMalformed, .notAcceptable, .policyViolation, .redirect: .modify
      case .recipientUnavailable, .remoteServerTimeout, .resourceConstraint, .unexpectedRequest: .wait
      case .conflict, .featureNotImplemented, .gone, .internalServerError, .itemNotFound, .notAllowed, .remoteServerNotFound,
        .serviceUnavailable, .undefinedCondition:
        .cancel
      }
    }
  }

  public var condition: Condition
  public var kind: Kind
  /// An explanation for people, in English.
  public var text: Text?
  /// The language of the text; `nil` for that of the server's own texts.
  public var language: Text?
  /// The entity that found the error, if that isn't the one that sends it.
  public var by: JID?
  /// Conditions of the application, beside the defined one (RFC 6120, 8.3.4).
  public var specific: [Element]

  /// An error; its kind is the one that the RFC associates with the condition unless another is given.
  public init(_ condition: Condition, kind: Kind? = nil, text: Text? = nil, by: JID? = nil, specific: [Element] = []) {
    self.condition = condition
    self.kind = kind ?? condition.associatedKind
    self.text = text
    self.by = by
    self.specific = specific
  }

  /// The language of the server's own texts. The header of each stream says it, so that a text in it needs no `xml:lang` (RFC 6120, 4.7.4).
  public static let ownLanguage: Text = "en"
}

extension StanzaError {
  /// The `<error/>` of a stanza (RFC 6120, 8.3.2), in `jabber:client`.
  public var element: Element {
    element(in: NS.client)
  }

  /// The `<error/>` of a stanza in this namespace.
  ///
  /// - Parameter outer: the language that holds where the element will stand, if it is not that of the stream. The text says its own where
  ///   it is another (RFC 6120, 8.3.2 and 8.1.5).
  func element(in namespace: Text, outer: Text? = nil) -> Element {
    var error = Element("error", namespace, ["type": Text(kind.rawValue), "by": by?.text])
    error.append(Text(condition.rawValue), NS.stanzaErrors)
    if let text {
      var explanation = Element("text", NS.stanzaErrors, text: text)
      let own = language ?? Self.ownLanguage
      if own != outer ?? Self.ownLanguage { explanation.lang = own }
      error.append(explanation)
    }
    for element in specific { error.append(element) }
    return error
  }

  /// Reads the error out of a stanza of type `error`. `nil` if the stanza has another type or no `<error/>`.
  ///
  /// A condition that the RFC doesn't define counts as `undefined-condition`, a type that it doesn't define as the one that
  /// goes with the condition.
  public init?(_ stanza: Element) {
    guard stanza["type"] == "error", let error = stanza.child("error", stanza.namespace) else { return nil }
    var condition: Condition?
    var text: Text?
    var language: Text?
    var specific: [Element] = []
    for child in error.children {
      if !child.has(namespace: NS.stanzaErrors) {
        specific.append(child)
      } else if child.has(name: "text") {
        if text == nil { (text, language) = (child.text, child.lang ?? error.lang ?? stanza.lang) }
      } else if condition == nil {
        condition = Condition(rawValue: child.name.string)
      }
    }
    self.init(
      condition ?? .undefinedCondition, kind: error["type"].flatMap { Kind(rawValue: $0.string) }, text: text,
      by: error["by"].flatMap { JID($0) }, specific: specific)
    self.language = language
  }
}
