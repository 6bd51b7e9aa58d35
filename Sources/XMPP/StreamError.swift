public import XML

/// Why a stream cannot go on (RFC 6120, 4.9). It is always the last thing on the stream.
public struct StreamError: Error, Hashable, Sendable {
  /// The defined conditions (RFC 6120, 4.9.3).
  public enum Condition: String, CaseIterable, Sendable {
    case badFormat = "bad-format"
    case badNamespacePrefix = "bad-namespace-prefix"
    case conflict
    case connectionTimeout = "connection-timeout"
    case hostGone = "host-gone"
    case hostUnknown = "host-unknown"
    case improperAddressing = "improper-addressing"
    case internalServerError = "internal-server-error"
    case invalidFrom = "invalid-from"
    case invalidNamespace = "invalid-namespace"
    case invalidXML = "invalid-xml"
    case notAuthorized = "not-authorized"
    case notWellFormed = "not-well-formed"
    case policyViolation = "policy-violation"
    case remoteConnectionFailed = "remote-connection-failed"
    case reset
    case resourceConstraint = "resource-constraint"
    case restrictedXML = "restricted-xml"
    case seeOtherHost = "see-other-host"
    case systemShutdown = "system-shutdown"
    case undefinedCondition = "undefined-condition"
    case unsupportedEncoding = "unsupported-encoding"
    case unsupportedFeature = "unsupported-feature"
    case unsupportedStanzaType = "unsupported-stanza-type"
    case unsupportedVersion = "unsupported-version"
  }

  public var condition: Condition
  /// An explanation for people, in English.
  public var text: Text?
  /// Conditions of the application, beside the defined one (RFC 6120, 4.9.4).
  public var specific: [Element]

  public init(_ condition: Condition, text: Text? = nil, specific: [Element] = []) {
    self.condition = condition
    self.text = text
    self.specific = specific
  }

  /// The `<error/>` of the stream (RFC 6120, 4.9.2).
  public var element: Element {
    var error = Element("error", NS.streams)
    error.append(Text(condition.rawValue), NS.streamErrors)
    if let text {
      var explanation = Element("text", NS.streamErrors, text: text)
      explanation.lang = "en"
      error.append(explanation)
    }
    for element in specific { error.append(element) }
    return error
  }

  /// Reads the error out of an `<error/>` in the streams namespace. A condition that the RFC doesn't define counts as
  /// `undefined-condition`.
  public init?(_ element: Element) {
    guard element.is("error", NS.streams) else { return nil }
    var condition: Condition?
    var text: Text?
    var specific: [Element] = []
    for child in element.children {
      if !child.has(namespace: NS.streamErrors) {
        specific.append(child)
      } else if child.has(name: "text") {
        text = text ?? child.text
      } else if condition == nil {
        condition = Condition(rawValue: child.name.string)
      }
    }
    self.init(condition ?? .undefinedCondition, text: text, specific: specific)
  }
}
