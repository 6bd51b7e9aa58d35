internal import SwiftSyntax

// Calls and assignments that do not happen, or happen in another order.

extension MutatingVisitor {
  /// Calls with an effect outside, or on stored state. Two of them in succession are exchanged.
  private static let effects: Set<String> = [
    "route", "persist", "append", "send", "deliver", "reply", "bounce", "pass", "ask", "enqueue", "leave", "remove", "end", "close", "fail",
    "write",
    "refuse", "wake", "push", "sendUnavailable", "commit", "touch", "tell",
  ]

  func mutateStatements(_ list: CodeBlockItemListSyntax) {
    let items = Array(list)
    for (i, item) in items.enumerated() {
      guard case .expr(let expression) = item.item, isRemovable(expression), !mayBeValue(item) else { continue }
      let next = items.indices.contains(i + 1) ? items[i + 1] : nil
      var numbers: [Int] = []
      if let next, canBeExchanged(item, next), let number = number("exchange", item, text: exchanged(item, next)) {
        numbers.append(number)
        edits.wrap(next.item.bytes, "", "; if mutantIs(\(number)) { \(item.item.trimmedDescription.onOneLine) }")
      }
      if let number = number("remove", expression) { numbers.append(number) }
      if numbers.isEmpty { continue }
      let runs = numbers.map { "mutantRuns(\($0))" }.joined(separator: ", ")
      edits.wrap(expression.bytes, "if \(runs) { ", " }")
    }
  }

  private func exchanged(_ item: CodeBlockItemSyntax, _ next: CodeBlockItemSyntax) -> String {
    [item, next].map { $0.item.trimmedDescription.onOneLine }.joined(separator: " <-> ")
  }

  private func canBeExchanged(_ item: CodeBlockItemSyntax, _ next: CodeBlockItemSyntax) -> Bool {
    isEffect(item) && isEffect(next) && isImmediate(item) == isImmediate(next)
  }

  private func isEffect(_ item: CodeBlockItemSyntax) -> Bool {
    guard case .expr(let expression) = item.item, let call = expression.as(FunctionCallExprSyntax.self) else { return false }
    // The call is written a second time, in one line.
    return MutatingVisitor.effects.contains(Unjudged.name(of: call)) && !call.description.contains("//")
  }

  /// `Transaction.immediate` is another list than that of the outputs: nobody sees which of the two was appended to first.
  private func isImmediate(_ item: CodeBlockItemSyntax) -> Bool { item.item.trimmedDescription.hasPrefix("transaction.immediate.") }

  private func isRemovable(_ expression: ExprSyntax) -> Bool {
    if let call = expression.as(FunctionCallExprSyntax.self) { return Unjudged.isRemovable(call) }
    if let attempt = expression.as(TryExprSyntax.self) { return isRemovable(attempt.expression) }
    guard let infix = expression.as(InfixOperatorExprSyntax.self) else { return false }
    // An initialiser has to set what it sets.
    if infix.operator.is(AssignmentExprSyntax.self) { return !isInInitializer(infix) && !isFirstValue(infix) }
    let assigning: Set<String> = ["+=", "-=", "*=", "/=", "^=", "|=", "&=", "&+=", "&-=", "<<=", ">>="]
    return assigning.contains(infix.operator.trimmedDescription)
  }

  /// Whether the variable was declared without a value.
  private func isFirstValue(_ assignment: InfixOperatorExprSyntax) -> Bool {
    guard let name = assignment.leftOperand.as(DeclReferenceExprSyntax.self)?.baseName.text else { return false }
    var next = assignment.parent
    while let parent = next {
      for item in parent.as(CodeBlockItemListSyntax.self) ?? [] {
        let bindings = item.item.as(VariableDeclSyntax.self)?.bindings ?? []
        if bindings.contains(where: { $0.initializer == nil && $0.pattern.trimmedDescription == name }) { return true }
      }
      next = parent.parent
    }
    return false
  }

  private func isInInitializer(_ node: some SyntaxProtocol) -> Bool {
    var next = node.parent
    while let parent = next, !parent.is(FunctionDeclSyntax.self), !parent.is(ClosureExprSyntax.self) {
      if parent.is(InitializerDeclSyntax.self) { return true }
      next = parent.parent
    }
    return false
  }
}
