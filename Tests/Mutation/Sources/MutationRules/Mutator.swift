internal import SwiftOperators
internal import SwiftParser
internal import SwiftSyntax

/// Rewrites a source file so that every mutant is in it and a number selects one at run time.
public struct Mutator {
  private let enums: EnumCatalog
  /// Identities of mutants to leave out, because they do not compile.
  private let excluded: Set<String>

  public init(enums: EnumCatalog, excluded: Set<String> = []) {
    self.enums = enums
    self.excluded = excluded
  }

  /// - Parameters:
  ///   - file: how the file is called in mutants' identities.
  ///   - first: the number of the first mutant.
  public func mutate(_ source: String, file: String, first: Int) -> MutatedSource {
    let tree = OperatorTable.standardOperators.foldAll(Parser.parse(source: source)) { _ in }
    let visitor = MutatingVisitor(tree: tree, file: file, enums: enums, first: first, excluded: excluded)
    visitor.walk(tree)
    guard !visitor.mutants.isEmpty else { return MutatedSource(text: source, mutants: []) }
    let text = visitor.edits.applied(to: Array(source.utf8))
    // On the first line, so that line numbers stay as they are.
    return MutatedSource(text: "public import MutantSwitch; " + text, mutants: visitor.mutants)
  }
}
