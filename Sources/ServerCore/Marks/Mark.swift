/// The places of one feature or area that tests should reach: each a branch that tests could well miss, with the clause that it is there for.
///
/// An enum of them stands beside the code that reaches them, and its feature lists it (`Feature.marks`, or `Area.core`). A branch says so
/// itself, with `transaction.reach(RoomRoleMark.roomRoleKick)`; `Marks` counts. Where a rule is a table, there is a mark for each of its fields.
/// Raw values count from zero; names are unique among all marks.
public protocol CoverageMark: RawRepresentable, CaseIterable, Sendable where RawValue == UInt16 {
  /// How many marks stand before these in the catalogue. Each enum stores it (`Mark.offset(of:)`), because every mark that is reached needs it.
  static var offset: Int { get }
  /// Clauses of RFCs and XEPs, a `Limit`, or one of our own rules (`Mark.ownRules`); several are separated by semicolons.
  var clause: String { get }
}

extension CoverageMark {
  /// The same as a value among all marks.
  public var mark: Mark { Mark(index: Self.offset + Int(rawValue)) }
}

/// One mark among all that the server's features and areas declare.
public struct Mark: Sendable, Hashable {
  /// Its place in the catalogue.
  public let index: Int

  /// The catalogue: the areas that are always there, then the features.
  public static let all: [Mark] = places.indices.map { Mark(index: $0) }

  /// Rules of this server's making: the first two are those of ARCHITECTURE.md.
  public static let ownRules = ["output commit", "activation", "account control", "shards"]

  public var clause: String { Mark.places[index].clause }
  public var name: String { "\(Mark.places[index])" }

  private static let enums: [any CoverageMark.Type] = Area.core.flatMap(\.marks) + Feature.all.flatMap(\.marks)
  private static let places: [any CoverageMark] = enums.flatMap { places(of: $0) }

  private static func places<Places: CoverageMark>(of type: Places.Type) -> [any CoverageMark] { Array(Places.allCases) }

  /// How many marks stand in the catalogue before those of this enum.
  static func offset<Places: CoverageMark>(of type: Places.Type) -> Int {
    guard let position = enums.firstIndex(where: { $0 == type }) else {
      preconditionFailure("no feature and no area lists the marks of \(type)")
    }
    return enums[..<position].reduce(0) { $0 + places(of: $1).count }
  }
}

extension Mark: CustomStringConvertible {
  /// The line that a campaign prints.
  public var description: String { "\(name) (\(clause))" }
}
