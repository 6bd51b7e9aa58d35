/// One deliberate bug, which a number selects at run time.
public struct Mutant: Sendable, Hashable, Codable {
  /// Selects the mutant in the program that was built.
  public var number: Int
  public var file: String
  /// From 1.
  public var line: Int
  /// The first and the last line of the statement around it: compilers report some errors at the statement.
  public var statement: [Int]
  /// The declarations around it, such as `Room.receiveMessage`.
  public var function: String
  /// The rule that made it.
  public var rule: String
  /// The source text that behaves otherwise, on one line.
  public var text: String
  /// Tells equal texts in one function apart, from 1.
  public var occurrence: Int

  /// Names the mutant independently of its number and line, so that lists of mutants survive edits elsewhere in the file.
  public var identity: String { [file, function, rule, text, String(occurrence)].joined(separator: " | ") }
}

/// A file's source with all its mutants in it.
public struct MutatedSource: Sendable {
  public var text: String
  public var mutants: [Mutant]
}
