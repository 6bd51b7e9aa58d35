internal import SwiftParser
internal import SwiftSyntax

/// Which cases without payload enums have, so that one can be exchanged for its neighbour.
public struct EnumCatalog: Sendable {
  private struct Place: Sendable {
    var file: String
    /// The types around the enum, and its own name.
    var types: [String]
    var neighbour: String
  }
  private var places: [String: [Place]] = [:]

  /// - Parameter sources: all files that are to be mutated, by their names.
  public init(sources: [(file: String, text: String)]) {
    for source in sources {
      let collector = CaseCollector(viewMode: .sourceAccurate)
      collector.walk(Parser.parse(source: source.text))
      for (types, cases) in collector.enums where cases.count > 1 {
        for (i, name) in cases.enumerated() {
          places[name, default: []].append(Place(file: source.file, types: types, neighbour: cases[(i + 1) % cases.count]))
        }
      }
    }
  }

  /// The next case of the enum that has this one. Where several have it, one within the type that is called is meant, one of the same
  /// file, or else the first: there are no types to tell, and what does not compile is left out.
  ///
  /// - Parameter called: such as `StanzaError` in `StanzaError(.conflict)`.
  func neighbour(of name: String, in file: String, called: String?) -> String? {
    let all = places[name] ?? []
    let fitting = all.first { place in called.map(place.types.contains) ?? false } ?? all.first { $0.file == file } ?? all.first
    return fitting?.neighbour
  }
}

private final class CaseCollector: SyntaxVisitor {
  private(set) var enums: [(types: [String], cases: [String])] = []

  override func visit(_ node: EnumDeclSyntax) -> SyntaxVisitorContinueKind {
    let isMark = node.inheritanceClause?.inheritedTypes.contains { $0.type.trimmedDescription == "CoverageMark" } ?? false
    if !isMark {
      let elements = node.memberBlock.members.compactMap { $0.decl.as(EnumCaseDeclSyntax.self) }.flatMap(\.elements)
      enums.append((types(around: Syntax(node)), elements.filter { $0.parameterClause == nil }.map { $0.name.text }))
    }
    return .visitChildren
  }

  private func types(around node: Syntax) -> [String] {
    var names: [String] = []
    var next: Syntax? = node
    while let one = next {
      if let declaration = one.asProtocol((any NamedDeclSyntax).self) { names.append(declaration.name.text) }
      if let declaration = one.as(ExtensionDeclSyntax.self) { names.append(declaration.extendedType.trimmedDescription) }
      next = one.parent
    }
    return names
  }
}
