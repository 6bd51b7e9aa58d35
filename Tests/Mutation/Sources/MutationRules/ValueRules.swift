internal import SwiftSyntax

// Constants, enum cases, addresses and arguments that are exchanged.

extension MutatingVisitor {
  /// Operators whose operands are left alone: a comparison has mutants of its own, and of shifts and masks the compiler has enough to
  /// infer.
  private static let leavesOperands: Set<String> = [
    "==", "!=", "<", "<=", ">", ">=", "<<", ">>", "&", "|", "^", "&<<", "&>>", "~=", "&+", "&-", "&*",
  ]

  private func isOperand(_ node: some SyntaxProtocol) -> Bool {
    guard let infix = node.parent?.as(InfixOperatorExprSyntax.self) else { return false }
    return MutatingVisitor.leavesOperands.contains(infix.operator.trimmedDescription)
  }

  func mutateInteger(_ node: IntegerLiteralExprSyntax) {
    if isOperand(node) || isInTable(node) { return }
    let text = node.literal.text
    // A literal of many digits is a mask.
    guard text.utf8.count <= 8, let number = number("constant", node) else { return }
    edits.wrap(node.bytes, "mutantConstant(\(number), ", ", \(Int(text).map { String($0 + 1) } ?? text + " + 1"))")
  }

  /// A list of more than four literals: one wrong is as good as another.
  private func isInTable(_ node: some SyntaxProtocol) -> Bool {
    guard let list = node.parent?.as(ArrayElementSyntax.self)?.parent?.as(ArrayElementListSyntax.self) else { return false }
    return list.count > 4
  }

  func mutateString(_ node: StringLiteralExprSyntax) {
    guard node.segments.count == 1, let segment = node.segments.first?.as(StringSegmentSyntax.self) else { return }
    guard node.openingQuote.text == "\"" else { return }
    let text = segment.content.text
    // Sentences are for people.
    guard !text.isEmpty, !text.contains(" "), !isOperand(node), !isInTable(node) else { return }
    if let argument = node.parent?.as(LabeledExprSyntax.self) {
      guard argument.parent?.parent?.is(SubscriptCallExprSyntax.self) == false, argument.label?.text != "text" else { return }
      if argument.label?.text == "ascii", let call = argument.parent?.parent, isOperand(call) { return }
    } else if let element = node.parent?.as(DictionaryElementSyntax.self) {
      if element.key.id == node.id { return }
    } else if !(node.parent?.is(InitializerClauseSyntax.self) ?? false) {
      return
    }
    guard let number = number("constant", node) else { return }
    let isCharacter = text.count == 1 || text.hasPrefix("\\")
    edits.wrap(node.bytes, "mutantConstant(\(number), ", isCharacter ? ", \"~\")" : ", \"mutant\")")
  }

  func mutateMember(_ node: MemberAccessExprSyntax) {
    let name = node.declName.baseName.text
    if node.parent?.as(FunctionCallExprSyntax.self)?.calledExpression.id == node.id { return }
    if let base = node.base {
      let text = base.trimmedDescription.onOneLine
      if name == "bare", !text.contains("//"), !text.hasPrefix("\\"), let number = number("bare", node) {
        edits.wrap(node.bytes, "mutantPick(\(number), ", ", \(text))")
      }
      return
    }
    let call = node.parent?.as(LabeledExprSyntax.self)?.parent?.parent?.as(FunctionCallExprSyntax.self)
    let called = call?.calledExpression.trimmedDescription
    guard isValue(node), let neighbour = enums.neighbour(of: name, in: file, called: called) else { return }
    guard let number = number("case", node) else { return }
    edits.wrap(node.bytes, "mutantConstant(\(number), ", ", .\(neighbour))")
  }

  /// Where an enum case is a value that goes somewhere: an argument, a result, what is assigned.
  private func isValue(_ node: MemberAccessExprSyntax) -> Bool {
    guard let parent = node.parent else { return false }
    if let infix = parent.as(InfixOperatorExprSyntax.self) {
      return infix.rightOperand.id == node.id && (infix.operator.is(AssignmentExprSyntax.self) || infix.operator.trimmedDescription == "??")
    }
    if let argument = parent.as(LabeledExprSyntax.self) {
      return argument.parent?.parent.map { !$0.is(SubscriptCallExprSyntax.self) } ?? false
    }
    return parent.is(ReturnStmtSyntax.self) || parent.is(TernaryExprSyntax.self) || parent.is(InitializerClauseSyntax.self)
      || parent.is(ArrayElementSyntax.self) && !isInTable(node) || parent.is(CodeBlockItemSyntax.self)
  }

  func mutateCall(_ node: FunctionCallExprSyntax) {
    let name = Unjudged.name(of: node)
    let arguments = Array(node.arguments)
    if arguments.count == 2, node.trailingClosure == nil, name == "min" || name == "max", let number = number("extremum", node) {
      let function = node.calledExpression.bytes
      edits.replace(function, name == "min" ? "mutantMin" : "mutantMax")
      edits.wrap(arguments[0].bytes.lowerBound..<arguments[0].bytes.lowerBound, "\(number), ", "")
    }
    exchangeAddresses(arguments)
    for argument in arguments { shorten(argument) }
    for closure in predicates(of: node, name) where closure.statements.count == 1 { decideResult(closure.statements) }
  }

  /// Closures that decide about elements.
  private func predicates(of node: FunctionCallExprSyntax, _ name: String) -> [ClosureExprSyntax] {
    let deciding: Set<String> = [
      "filter", "contains", "allSatisfy", "first", "firstIndex", "last", "lastIndex", "removeAll", "drop", "prefix", "where", "all", "any",
    ]
    guard deciding.contains(name) else { return [] }
    return (node.trailingClosure.map { [$0] } ?? []) + node.arguments.compactMap { $0.expression.as(ClosureExprSyntax.self) }
  }

  /// `from` and `to` are exchanged.
  private func exchangeAddresses(_ arguments: [LabeledExprSyntax]) {
    guard let from = arguments.first(where: { $0.label?.text == "from" }) else { return }
    guard let to = arguments.first(where: { $0.label?.text == "to" }) else { return }
    let texts = [from, to].map { $0.expression.trimmedDescription }
    guard texts.allSatisfy({ $0.allSatisfy { $0.isLetter || $0 == "." } && !$0.hasPrefix(".") }), texts[0] != texts[1],
      let number = number("swap", from, text: "from: \(texts[0]), to: \(texts[1])")
    else { return }
    edits.wrap(from.expression.bytes, "mutantPick(\(number), ", ", \(texts[1]))")
    edits.wrap(to.expression.bytes, "mutantPick(\(number), ", ", \(texts[0]))")
  }

  /// An address that may be full becomes bare.
  private func shorten(_ argument: LabeledExprSyntax) {
    guard let label = argument.label?.text, ["from", "to", "of", "by"].contains(label),
      let member = argument.expression.as(MemberAccessExprSyntax.self), member.base != nil,
      ["from", "to", "address", "jid"].contains(member.declName.baseName.text)
    else { return }
    let text = member.trimmedDescription.onOneLine
    guard !text.contains("//"), let number = number("full", member) else { return }
    edits.wrap(member.bytes, "mutantPick(\(number), ", ", \(text).bare)")
  }
}
