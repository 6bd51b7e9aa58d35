/// Writes JSON: only what the report page needs, in the order in which it is given.
enum JSON {
  case string(String)
  case number(Int64)
  case boolean(Bool)
  case array([JSON])
  case object([(String, JSON)])
  case null

  static func optional(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }

  var text: String {
    switch self {
    case .string(let text): JSON.quoted(text)
    case .number(let number): "\(number)"
    case .boolean(let value): value ? "true" : "false"
    case .array(let values): "[" + values.map(\.text).joined(separator: ",") + "]"
    case .object(let members): "{" + members.map { JSON.quoted($0.0) + ":" + $0.1.text }.joined(separator: ",") + "}"
    case .null: "null"
    }
  }

  /// Also safe inside a `<script>`: neither `</script>` nor `<!--` can come about.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "<": result += "\\u003c"
      case "\u{2028}", "\u{2029}", "\u{0}"..."\u{1F}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
