internal import SwiftSyntax

// Conditions that are always true or always false, branches that are skipped, and boundaries of comparisons.

extension MutatingVisitor {
  private func isLogical(_ node: ExprSyntax, _ name: String) -> Bool {
    node.as(InfixOperatorExprSyntax.self)?.operator.trimmedDescription == name
  }

  /// A condition becomes always true and always false. Of `a && b` the operands become true, and the whole false; of `a || b` the reverse.
  func mutateCondition(_ node: ExprSyntax, canBeTrue: Bool = true, canBeFalse: Bool = true) {
    guard decided.insert(node.id).inserted, !node.is(BooleanLiteralExprSyntax.self) else { return }
    let alwaysTrue = canBeTrue && !isLogical(node, "&&") ? number("true", node) : nil
    let alwaysFalse = canBeFalse && !isLogical(node, "||") ? number("false", node) : nil
    wrap(node, alwaysTrue: alwaysTrue, alwaysFalse: alwaysFalse)
  }

  private func wrap(_ node: ExprSyntax, alwaysTrue: Int?, alwaysFalse: Int?) {
    switch (alwaysTrue, alwaysFalse) {
    case (let one?, let other?): edits.wrap(node.bytes, "mutantCondition(\(one), \(other), ", ")")
    case (let one?, nil): edits.wrap(node.bytes, "mutantTrue(\(one), ", ")")
    case (nil, let other?): edits.wrap(node.bytes, "mutantFalse(\(other), ", ")")
    case (nil, nil): break
    }
  }

  func mutate(_ conditions: ConditionElementListSyntax, isLoop: Bool) {
    for (i, element) in conditions.enumerated() {
      let isFirst = i == 0
      switch element.condition {
      case .expression(let expression):
        // Loops that never end take long to be killed and say little. One way to skip the branch is enough.
        mutateCondition(expression, canBeTrue: !isLoop, canBeFalse: isFirst)
      case .optionalBinding(let binding):
        guard isFirst || !isLoop, let number = number("nil", binding) else { continue }
        if let value = binding.initializer?.value {
          edits.wrap(value.bytes, "mutantNil(\(number), ", ")")
        } else {
          edits.wrap(binding.bytes, "", " = mutantNil(\(number), \(binding.pattern.trimmedDescription))")
        }
      case .matchingPattern(let pattern):
        guard isFirst, let number = number("skip", pattern) else { continue }
        edits.wrap(pattern.bytes, "", ", mutantRuns(\(number))")
      default: break
      }
    }
  }

  /// The expression that a function or a closure with a boolean result consists of, if it is one expression.
  func decideResult(_ items: CodeBlockItemListSyntax) {
    if items.count == 1, let item = items.first, case .expr(let expression) = item.item { mutateCondition(expression) }
  }

  /// Each pattern of a `switch` with a `default` is skipped in turn, so that the next that fits is taken.
  func mutateCases(of node: SwitchExprSyntax) {
    let cases = node.cases.compactMap { $0.as(SwitchCaseSyntax.self) }
    guard cases.contains(where: { $0.label.is(SwitchDefaultLabelSyntax.self) }) else { return }
    for one in cases {
      guard case .case(let label) = one.label else { continue }
      let isBreak = one.statements.trimmedDescription == "break"
      for item in label.caseItems {
        if let clause = item.whereClause {
          mutateCondition(clause.condition)
        } else if !isBreak, let number = number("skip", item.pattern, text: "case " + item.pattern.trimmedDescription.onOneLine) {
          edits.wrap(item.pattern.bytes, "", " where mutantRuns(\(number))")
        }
      }
    }
  }

  func mutateReturn(_ node: ReturnStmtSyntax) {
    guard let value = node.expression else { return }
    switch enclosingResult(of: node) {
    case .bool: mutateCondition(value)
    case .void:
      guard let call = value.as(FunctionCallExprSyntax.self), Unjudged.isRemovable(call) else { return }
      guard let number = number("remove", call) else { return }
      edits.wrap(value.bytes, "mutantRuns(\(number)) ? ", " : ()")
    case .other: break
    }
  }

  /// A boolean value that is no condition: an argument, or what is assigned.
  func negateUnlessDecided(_ node: some ExprSyntaxProtocol) {
    guard decided.insert(node.id).inserted, let number = number("negate", node) else { return }
    edits.wrap(node.bytes, "mutantNot(\(number), ", ")")
  }

  func mutateOperator(_ node: InfixOperatorExprSyntax) {
    guard let name = node.operator.as(BinaryOperatorExprSyntax.self)?.operator.text else { return }
    switch name {
    case "&&", "||":
      negateUnlessDecided(node)
      for operand in [node.leftOperand, node.rightOperand] where !isLogical(operand, name) {
        mutateCondition(operand, canBeTrue: name == "&&", canBeFalse: name == "||")
      }
      for operand in [node.leftOperand, node.rightOperand] { decided.insert(operand.id) }
    case "==", "!=": negateUnlessDecided(node)
    case "<", "<=", ">", ">=":
      negateUnlessDecided(node)
      guard let number = number("boundary", node) else { return }
      let function = ["<": "mutantLess", "<=": "mutantLessEqual", ">": "mutantGreater", ">=": "mutantGreaterEqual"][name]!
      call(function, number, with: node)
    case "??":
      if let number = number("nil", node.leftOperand) { edits.wrap(node.leftOperand.bytes, "mutantNil(\(number), ", ")") }
    case "+", "-":
      guard let number = number("arithmetic", node) else { return }
      call(name == "+" ? "mutantAdd" : "mutantSubtract", number, with: node)
    default: break
    }
  }

  /// `a + b` becomes `function(number, a , b)`.
  private func call(_ function: String, _ number: Int, with node: InfixOperatorExprSyntax) {
    edits.wrap(node.bytes, "\(function)(\(number), ", ")")
    edits.replace(node.operator.bytes, ",")
  }
}
