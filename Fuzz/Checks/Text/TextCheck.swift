internal import XML

/// Properties of the parsers of short texts, which must hold for any bytes. The first byte chooses the parser, the rest is its input.
///
/// One program checks all of them: each is too small to be worth a build and a corpus of its own, and an input that is rare for one parser (a
/// long text, an odd character) is soon tried on the others.
public enum TextCheck {
  /// The parser that reads an input.
  public enum Kind: Int, CaseIterable, Sendable {
    case base64, jid, preparation, language, date, form, script, writer

    /// The kind that the first byte of an input chooses.
    public init(_ byte: UInt8) { self = Kind(rawValue: Int(byte) % Kind.allCases.count) ?? .base64 }
  }

  /// - Returns: the property that does not hold, in words; `nil` if all hold.
  public static func fault(in input: [UInt8]) -> String? { check(input).fault }

  /// How far an input got: 0 if its parser refused it, and else more the more there was in it. Where it is 0 for all inputs of a corpus, the checks
  /// behind the first have nothing to look at.
  public static func depth(of input: [UInt8]) -> Int { check(input).depth }

  static func check(_ input: [UInt8]) -> Finding {
    guard let first = input.first else { return .refused }
    let bytes = Array(input.dropFirst())
    switch Kind(first) {
    case .base64: return Base64Check.check(bytes)
    case .jid: return JIDCheck.check(bytes)
    case .preparation: return PreparationCheck.check(bytes)
    case .language: return LanguageTagCheck.check(bytes)
    case .date: return DateTimeCheck.check(bytes)
    case .form: return DataFormCheck.check(bytes)
    case .script: return ScriptCheck.check(bytes)
    case .writer: return WriterCheck.check(bytes)
    }
  }
}

/// The outcome of a check for one input.
struct Finding {
  /// The property that does not hold; `nil` if all hold.
  var fault: String?
  /// 0 if the parser refused the input; else a measure of what it found.
  var depth: Int

  static let refused = Finding(fault: nil, depth: 0)
  static func fault(_ words: String) -> Finding { Finding(fault: words, depth: 1) }
  static func good(_ depth: Int) -> Finding { Finding(fault: nil, depth: depth) }
}
