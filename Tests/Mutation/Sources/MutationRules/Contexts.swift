internal import SwiftSyntax

/// The result type of the function around a statement, as far as its declaration tells without types.
enum EnclosingResult {
  case void, bool, other
}

extension MutatingVisitor {
  func enclosingResult(of node: some SyntaxProtocol) -> EnclosingResult {
    var next = node.parent
    while let parent = next {
      if parent.is(ClosureExprSyntax.self) { return .other }
      if let function = parent.as(FunctionDeclSyntax.self) {
        switch function.signature.returnClause?.type.trimmedDescription {
        case nil, "Void": return .void
        case "Bool": return .bool
        default: return .other
        }
      }
      if parent.is(InitializerDeclSyntax.self) || parent.is(DeinitializerDeclSyntax.self) { return .void }
      if let accessor = parent.as(AccessorDeclSyntax.self), accessor.accessorSpecifier.text != "get" { return .void }
      if let binding = parent.as(PatternBindingSyntax.self), binding.accessorBlock != nil {
        return binding.typeAnnotation?.type.trimmedDescription == "Bool" ? .bool : .other
      }
      if parent.is(SubscriptDeclSyntax.self) { return .other }
      next = parent.parent
    }
    return .other
  }

  /// Whether a statement may be the value of what is around it: the only one of a closure, of a getter, or of a branch of an `if` or a
  /// `switch` whose value is used.
  func mayBeValue(_ item: CodeBlockItemSyntax) -> Bool {
    guard let list = item.parent?.as(CodeBlockItemListSyntax.self), list.count == 1, let owner = list.parent else { return false }
    if owner.is(ClosureExprSyntax.self) { return true }
    var branch: Syntax? = owner
    if owner.is(CodeBlockSyntax.self) { branch = owner.parent }
    if owner.is(SwitchCaseSyntax.self) { branch = owner.parent?.parent }
    guard var branch else { return false }
    if branch.is(IfExprSyntax.self) || branch.is(SwitchExprSyntax.self) {
      while let outer = branch.parent, outer.is(IfExprSyntax.self) { branch = outer }
      guard let statement = branch.parent else { return true }
      guard statement.is(ExpressionStmtSyntax.self) || statement.is(CodeBlockItemSyntax.self) else { return true }
      let around = statement.as(CodeBlockItemSyntax.self) ?? statement.parent?.as(CodeBlockItemSyntax.self)
      return around.map { mayBeValue($0) } ?? false
    }
    if branch.is(FunctionDeclSyntax.self) || branch.is(AccessorDeclSyntax.self) || owner.is(AccessorBlockSyntax.self) {
      return enclosingResult(of: item) != .void
    }
    return false
  }
}
