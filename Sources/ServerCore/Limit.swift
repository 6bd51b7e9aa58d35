/// A bound on something that a peer could make grow, as the feature or area declares it that enforces it.
///
/// From the declarations come the keys of a configuration file with their bounds, the check of configurations that somebody else wrote down
/// (in a recording), the list of what happens at each limit, and the low values that campaigns try. `Configuration.Limits` has the values.
public final class Limit: Sendable {
  public enum Unit: Sendable {
    case count, bytes
    /// Kept in nanoseconds; in a file it is in seconds.
    case seconds
  }

  /// The section of a configuration file in which the limit stands.
  public enum Placement: Sendable { case top, limits }

  /// As in a configuration file; names end in their unit, except counts.
  public let name: String
  /// The key that earlier versions had for it: a file with that key is refused with the new one.
  public let formerName: String?
  public let placement: Placement
  public let unit: Unit
  /// In nanoseconds, if it is a time, as all values of a limit.
  public let standard: Int64
  /// Values that a file may set, of times in seconds; `nil`: none, it can't be set there.
  public let settable: ClosedRange<Int>?
  /// Values that a server can work with: far beyond what anybody needs, and far from where sums overflow.
  let possible: ClosedRange<Int64>
  /// The effect when the limit is reached: users may rely on it, and campaigns check it. `nil`: the number bounds nothing.
  public let effect: String?
  public let trial: Trial?
  /// Made of the name; what `Configuration.Limits` looks for.
  let id: UInt64

  /// Low values that campaigns try beside the standard one. A draw with this number chooses; another number would change all seeds.
  public struct Trial: Sendable {
    public let draw: UInt64
    public let values: [Int64]
  }

  init(
    _ name: String, _ unit: Unit, standard: Int64, settable: ClosedRange<Int>?, possible: ClosedRange<Int64>, effect: String?,
    trial: Trial?, placement: Placement = .limits, formerName: String? = nil
  ) {
    self.formerName = formerName
    (self.name, self.placement, self.unit, self.standard) = (name, placement, unit, standard)
    (self.settable, self.possible, self.effect, self.trial) = (settable, possible, effect, trial)
    // FNV-1a.
    id = name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  /// Every limit, in the order of reports.
  public static let all: [Limit] = Area.core.flatMap(\.limits) + Feature.all.flatMap(\.limits)

  /// The marks that count how often it was reached.
  public var marks: [Mark] { Mark.all.filter { $0.clause.split(separator: "; ").contains { $0 == description } } }
}

extension Limit: CustomStringConvertible {
  /// As clauses of marks name it.
  public var description: String { "limit \(name)" }
}

// MARK: - How limits are declared

extension Limit {
  /// Bytes, or a number of things.
  static let mostOfAnything = 1 << 40

  static func count(
    _ name: String, _ standard: Int, settable: PartialRangeFrom<Int> = 0..., effect: String?, trial: Trial? = nil, formerName: String? = nil
  ) -> Limit {
    number(name, .count, standard, settable.lowerBound...mostOfAnything, effect: effect, trial: trial, formerName: formerName)
  }

  static func bytes(
    _ name: String, _ standard: Int, settable: PartialRangeFrom<Int> = 0..., effect: String?, trial: Trial? = nil
  ) -> Limit {
    number(name, .bytes, standard, settable.lowerBound...mostOfAnything, effect: effect, trial: trial)
  }

  static func number(
    _ name: String, _ unit: Unit, _ standard: Int, _ settable: ClosedRange<Int>?, possible: ClosedRange<Int64> = 0...Int64(mostOfAnything),
    effect: String?, trial: Trial? = nil, placement: Placement = .limits, formerName: String? = nil
  ) -> Limit {
    Limit(
      name, unit, standard: Int64(standard), settable: settable, possible: possible, effect: effect, trial: trial, placement: placement,
      formerName: formerName)
  }

  /// In a file, between a second and a year unless it says otherwise, and 34 years at most.
  static func time(
    _ name: String, seconds: Int64, settable: ClosedRange<Int> = 1...31_536_000, effect: String, trial: Trial? = nil
  ) -> Limit {
    Limit(
      name, .seconds, standard: .seconds(seconds), settable: settable, possible: 0...Int64.seconds(1 << 30), effect: effect, trial: trial)
  }
}

extension Limit.Trial {
  static func low(_ draw: UInt64, _ values: Int64...) -> Limit.Trial { Limit.Trial(draw: draw, values: values) }
  static func low(_ draw: UInt64, milliseconds values: Int64...) -> Limit.Trial {
    Limit.Trial(draw: draw, values: values.map { .milliseconds($0) })
  }
}
