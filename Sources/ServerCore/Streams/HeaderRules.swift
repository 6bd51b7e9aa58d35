internal import XML
internal import XMPP

// The rules for stream headers that hold for every role.

extension StreamParser.Header {
  typealias Problem = (mark: StreamMark, error: StreamError)

  /// RFC 6120, 4.8.
  func namespaceProblem(of role: StreamRole) -> Problem? {
    guard element.has(namespace: NS.streams) else { return (.streamNamespaceWrong, StreamError(.invalidNamespace)) }
    guard element.has(name: "stream") else { return (.streamNameWrong, StreamError(.badFormat)) }
    // Without a content namespace as the default one, each stanza says its own (4.8.3).
    guard [role.contentNamespace, NS.streams, ""].contains(contentNamespace) else {
      return (.streamContentNamespaceWrong, StreamError(.invalidNamespace))
    }
    return nil
  }

  /// Without a version the peer speaks what came before RFC 3920, and knows no features (4.7.5).
  var versionProblem: Problem? {
    // The number stands before the point, and not behind it: ".9" is none.
    guard let version = element["version"],
      version == "1.0"
        || (version.string.split(separator: ".", omittingEmptySubsequences: false).first.flatMap { Int($0) } ?? 0) >= 1
    else { return (.streamVersionUnsupported, StreamError(.unsupportedVersion)) }
    return nil
  }

  /// The language of what follows the header, and of nothing else (4.7.4); `nil` if it names none, or none that is well-formed.
  var language: Text? { element.lang.flatMap { LanguageTag.isWellFormed($0) ? $0 : nil } }
}
