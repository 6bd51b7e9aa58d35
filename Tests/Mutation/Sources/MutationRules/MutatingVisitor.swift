internal import SwiftSyntax

/// Walks a file and notes its mutants and the edits that put them into it. The rules are in extensions, by kind.
final class MutatingVisitor: SyntaxVisitor {
  let enums: EnumCatalog
  let file: String
  private let converter: SourceLocationConverter
  private let excluded: Set<String>
  private var nextNumber: Int
  private var occurrences: [String: Int] = [:]
  private var functions: [String] = []

  private(set) var mutants: [Mutant] = []
  var edits = Edits()
  /// Boolean expressions for which a rule of the surrounding node has decided already.
  var decided: Set<SyntaxIdentifier> = []

  init(tree: Syntax, file: String, enums: EnumCatalog, first: Int, excluded: Set<String>) {
    self.file = file
    self.enums = enums
    self.excluded = excluded
    nextNumber = first
    converter = SourceLocationConverter(fileName: file, tree: tree)
    super.init(viewMode: .sourceAccurate)
  }

  /// Notes a mutant. `nil` if it is to be left out.
  func number(_ rule: String, _ node: some SyntaxProtocol, text: String? = nil) -> Int? {
    let function = functions.joined(separator: ".")
    let text = text ?? node.trimmedDescription.onOneLine
    let key = [function, rule, text].joined(separator: " | ")
    occurrences[key, default: 0] += 1
    let line = converter.location(for: node.positionAfterSkippingLeadingTrivia).line
    let mutant = Mutant(
      number: nextNumber, file: file, line: line, statement: statement(of: node), function: function, rule: rule, text: text,
      occurrence: occurrences[key]!)
    guard !excluded.contains(mutant.identity) else { return nil }
    nextNumber += 1
    mutants.append(mutant)
    return mutant.number
  }

  private func statement(of node: some SyntaxProtocol) -> [Int] {
    var outer = Syntax(node)
    while let parent = outer.parent, !outer.is(CodeBlockItemSyntax.self), !outer.is(MemberBlockItemSyntax.self) { outer = parent }
    return [outer.positionAfterSkippingLeadingTrivia, outer.endPositionBeforeTrailingTrivia].map { converter.location(for: $0).line }
  }

  // MARK: Where in the program

  private func enter(_ name: String) -> SyntaxVisitorContinueKind {
    functions.append(name)
    return .visitChildren
  }

  override func visit(_ node: StructDeclSyntax) -> SyntaxVisitorContinueKind { enter(node.name.text) }
  override func visitPost(_ node: StructDeclSyntax) { functions.removeLast() }
  override func visit(_ node: ClassDeclSyntax) -> SyntaxVisitorContinueKind { enter(node.name.text) }
  override func visitPost(_ node: ClassDeclSyntax) { functions.removeLast() }
  override func visit(_ node: EnumDeclSyntax) -> SyntaxVisitorContinueKind {
    functions.append(node.name.text)
    let isMark = node.inheritanceClause?.inheritedTypes.contains { $0.type.trimmedDescription == "CoverageMark" } ?? false
    return isMark ? .skipChildren : .visitChildren
  }
  override func visitPost(_ node: EnumDeclSyntax) { functions.removeLast() }
  override func visit(_ node: ExtensionDeclSyntax) -> SyntaxVisitorContinueKind {
    let type = node.extendedType.trimmedDescription
    functions.append(type)
    return Unjudged.types.contains(type) ? .skipChildren : .visitChildren
  }
  override func visitPost(_ node: ExtensionDeclSyntax) { functions.removeLast() }
  override func visit(_ node: ProtocolDeclSyntax) -> SyntaxVisitorContinueKind { enter(node.name.text) }
  override func visitPost(_ node: ProtocolDeclSyntax) { functions.removeLast() }
  override func visit(_ node: InitializerDeclSyntax) -> SyntaxVisitorContinueKind { enter("init") }
  override func visitPost(_ node: InitializerDeclSyntax) { functions.removeLast() }
  override func visit(_ node: FunctionDeclSyntax) -> SyntaxVisitorContinueKind {
    functions.append(node.name.text)
    if Unjudged.functions.contains(node.name.text) || Unjudged.isMark(node.signature.returnClause?.type) { return .skipChildren }
    if let body = node.body, node.signature.returnClause?.type.trimmedDescription == "Bool" { decideResult(body.statements) }
    return .visitChildren
  }
  override func visitPost(_ node: FunctionDeclSyntax) { functions.removeLast() }
  override func visit(_ node: VariableDeclSyntax) -> SyntaxVisitorContinueKind {
    let names = node.bindings.map { $0.pattern.trimmedDescription }
    let isMember = node.parent?.is(MemberBlockItemSyntax.self) ?? false
    if isMember { functions.append(names.joined(separator: ",")) }
    if names.contains(where: Unjudged.functions.contains) { return .skipChildren }
    if node.bindings.contains(where: { Unjudged.isMark($0.typeAnnotation?.type) }) { return .skipChildren }
    for binding in node.bindings where binding.typeAnnotation?.type.trimmedDescription == "Bool" {
      guard let block = binding.accessorBlock else { continue }
      switch block.accessors {
      case .getter(let items): decideResult(items)
      case .accessors(let accessors):
        for accessor in accessors where accessor.accessorSpecifier.text == "get" { accessor.body.map { decideResult($0.statements) } }
      }
    }
    return .visitChildren
  }
  override func visitPost(_ node: VariableDeclSyntax) {
    if node.parent?.is(MemberBlockItemSyntax.self) ?? false { functions.removeLast() }
  }

  // MARK: Where nothing is mutated

  override func visit(_ node: AttributeListSyntax) -> SyntaxVisitorContinueKind { .skipChildren }
  override func visit(_ node: GenericArgumentListSyntax) -> SyntaxVisitorContinueKind { .skipChildren }
  override func visit(_ node: EnumCaseDeclSyntax) -> SyntaxVisitorContinueKind { .skipChildren }
  /// Patterns of `case`; a `where` beside them is no part of them.
  override func visit(_ node: ExpressionPatternSyntax) -> SyntaxVisitorContinueKind { .skipChildren }
  /// Texts for people.
  override func visit(_ node: ExpressionSegmentSyntax) -> SyntaxVisitorContinueKind { .skipChildren }
  override func visit(_ node: LabeledExprSyntax) -> SyntaxVisitorContinueKind {
    node.label.map { Unjudged.labels.contains($0.text) } ?? false ? .skipChildren : .visitChildren
  }
  override func visit(_ node: MacroExpansionExprSyntax) -> SyntaxVisitorContinueKind { .skipChildren }

  // MARK: The rules, by kind of node

  override func visit(_ node: IfExprSyntax) -> SyntaxVisitorContinueKind {
    guard node.elseBody == nil, Unjudged.isOnlyMarks(node.body.statements) else {
      mutate(node.conditions, isLoop: false)
      return .visitChildren
    }
    // A call in a binding may do more than say what is to be counted.
    for element in node.conditions where element.condition.is(OptionalBindingConditionSyntax.self) { walk(element) }
    return .skipChildren
  }
  override func visit(_ node: GuardStmtSyntax) -> SyntaxVisitorContinueKind {
    mutate(node.conditions, isLoop: false)
    return .visitChildren
  }
  override func visit(_ node: WhileStmtSyntax) -> SyntaxVisitorContinueKind {
    mutate(node.conditions, isLoop: true)
    return .visitChildren
  }
  override func visit(_ node: ForStmtSyntax) -> SyntaxVisitorContinueKind {
    guard let clause = node.whereClause else { return .visitChildren }
    if Unjudged.isOnlyMarks(node.body.statements) { return .skipChildren }
    mutateCondition(clause.condition)
    return .visitChildren
  }
  override func visit(_ node: TernaryExprSyntax) -> SyntaxVisitorContinueKind {
    mutateCondition(node.condition)
    return .visitChildren
  }
  override func visit(_ node: SwitchExprSyntax) -> SyntaxVisitorContinueKind {
    mutateCases(of: node)
    return .visitChildren
  }
  override func visit(_ node: ReturnStmtSyntax) -> SyntaxVisitorContinueKind {
    mutateReturn(node)
    return .visitChildren
  }
  override func visit(_ node: CodeBlockItemListSyntax) -> SyntaxVisitorContinueKind {
    mutateStatements(node)
    return .visitChildren
  }
  override func visit(_ node: InfixOperatorExprSyntax) -> SyntaxVisitorContinueKind {
    mutateOperator(node)
    return .visitChildren
  }
  override func visit(_ node: PrefixOperatorExprSyntax) -> SyntaxVisitorContinueKind {
    if node.operator.text == "!" {
      negateUnlessDecided(node)
      decided.insert(node.expression.id)
    }
    return .visitChildren
  }
  override func visit(_ node: BooleanLiteralExprSyntax) -> SyntaxVisitorContinueKind {
    negateUnlessDecided(node)
    return .visitChildren
  }
  override func visit(_ node: IntegerLiteralExprSyntax) -> SyntaxVisitorContinueKind {
    mutateInteger(node)
    return .visitChildren
  }
  override func visit(_ node: StringLiteralExprSyntax) -> SyntaxVisitorContinueKind {
    mutateString(node)
    return .skipChildren
  }
  override func visit(_ node: MemberAccessExprSyntax) -> SyntaxVisitorContinueKind {
    mutateMember(node)
    return .visitChildren
  }
  override func visit(_ node: FunctionCallExprSyntax) -> SyntaxVisitorContinueKind {
    if Unjudged.isSilent(node) { return .skipChildren }
    if let mark = Unjudged.mark(in: node) {
      // Marks count what tests reach, and change nothing. The value beside a mark is judged.
      for argument in node.arguments where argument != mark { walk(argument) }
      return .skipChildren
    }
    mutateCall(node)
    return .visitChildren
  }
}

extension String {
  /// Line breaks, with the indentation that follows them, become single spaces.
  var onOneLine: String { split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: " ") }
}

extension SyntaxProtocol {
  /// Without the white space and comments around it.
  var bytes: Range<Int> { positionAfterSkippingLeadingTrivia.utf8Offset..<endPositionBeforeTrailingTrivia.utf8Offset }
}
