internal import SwiftSyntax

/// Code that is left as it is: coverage marks, gauges, logs and assertions, which tell developers something and decide nothing; and the
/// values that limits have unless an operator sets them.
enum Unjudged {
  static let functions: Set<String> = ["visitGauges", "visitConnectionGauges", "description", "debugDescription", "clause", "hash"]
  static let types: Set<String> = ["Limit"]
  /// Arguments that documents are made of, or that cost or save memory and nothing else.
  static let labels: Set<String> = ["xep", "keepingCapacity"]
  private static let fatal: Set<String> = ["precondition", "preconditionFailure", "fatalError", "assert", "assertionFailure"]
  /// Calls that may be absent without any effect, or whose absence only people who read a log would notice.
  private static let silent: Set<String> = ["reserveCapacity", "log"]

  static func name(of call: FunctionCallExprSyntax) -> String {
    if let member = call.calledExpression.as(MemberAccessExprSyntax.self) { return member.declName.baseName.text }
    return call.calledExpression.trimmedDescription
  }

  /// Calls whose arguments are left alone, too.
  static func isSilent(_ call: FunctionCallExprSyntax) -> Bool { fatal.contains(name(of: call)) || silent.contains(name(of: call)) }

  static func isRemovable(_ call: FunctionCallExprSyntax) -> Bool {
    let name = name(of: call)
    if let effect = call.arguments.first?.expression.as(FunctionCallExprSyntax.self), self.name(of: effect) == "log" { return false }
    return name != "reach" && name != "init" && !silent.contains(name) && !fatal.contains(name)
  }

  /// Whether a value only says what is to be counted.
  static func isMark(_ type: TypeSyntax?) -> Bool {
    let name = type?.trimmedDescription ?? ""
    return name.hasSuffix("Mark") || name.hasSuffix("Mark?")
  }

  /// The argument of `reach` that names a mark.
  static func mark(in call: FunctionCallExprSyntax) -> LabeledExprSyntax? { name(of: call) == "reach" ? call.arguments.first : nil }

  /// Whether these statements do nothing but reach marks. Whether they run then changes nothing.
  static func isOnlyMarks(_ items: CodeBlockItemListSyntax) -> Bool {
    items.allSatisfy { item in
      if let call = item.item.as(FunctionCallExprSyntax.self) { return name(of: call) == "reach" && call.arguments.count == 1 }
      if let loop = item.item.as(ForStmtSyntax.self) { return isOnlyMarks(loop.body.statements) }
      if case .stmt(let statement) = item.item, let expression = statement.as(ExpressionStmtSyntax.self)?.expression.as(IfExprSyntax.self) {
        return expression.elseBody == nil && isOnlyMarks(expression.body.statements)
      }
      return false
    }
  }
}
