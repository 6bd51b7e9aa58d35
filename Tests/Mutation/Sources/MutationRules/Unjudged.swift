internal import SwiftSyntax

/// What is left as it is: coverage marks, gauges, logs and assertions, which tell developers something and decide nothing.
enum Unjudged {
  static let functions: Set<String> = ["visitGauges", "visitConnectionGauges", "description", "debugDescription", "clause", "hash"]
  private static let fatal: Set<String> = ["precondition", "preconditionFailure", "fatalError", "assert", "assertionFailure"]
  /// Calls that may be absent without any effect, or whose absence only people who read a log would notice.
  private static let silent: Set<String> = ["reserveCapacity", "log", "init"]

  static func name(of call: FunctionCallExprSyntax) -> String {
    if let member = call.calledExpression.as(MemberAccessExprSyntax.self) { return member.declName.baseName.text }
    return call.calledExpression.trimmedDescription
  }

  /// Assertions and logs, whose arguments are left alone, too.
  static func isSilent(_ call: FunctionCallExprSyntax) -> Bool { fatal.contains(name(of: call)) || name(of: call) == "log" }

  static func isRemovable(_ call: FunctionCallExprSyntax) -> Bool {
    let name = name(of: call)
    return name != "reach" && !silent.contains(name) && !fatal.contains(name)
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
