/// Why a run failed, as far as other runs can tell: when the failure became likely, and which of the run's choices it needed.
///
/// `Explainer` finds it out.
public struct Causality: Sendable {
  /// Some of the runs that went on from one moment, or were made with one choice changed, failed in the same way as the run.
  public struct Share: Sendable, Hashable {
    public var failing: Int
    public var of: Int
    /// From 0 to 1.
    public var value: Double { of == 0 ? 0 : Double(failing) / Double(of) }

    public init(failing: Int, of: Int) { (self.failing, self.of) = (failing, of) }
  }

  /// The state of the run after some event, and the share of its continuations with fresh choices that fail.
  public struct Moment: Sendable, Hashable {
    /// After so many events.
    public var event: UInt64
    /// Virtual nanoseconds.
    public var time: Int64
    public var share: Share

    public init(event: UInt64, time: Int64, share: Share) { (self.event, self.time, self.share) = (event, time, share) }
  }

  /// One event by which the share rises much. Its shares are counted anew, with other continuations than those by which it was found.
  public struct Jump: Sendable {
    public var before: Moment
    /// Right after the event, which it names.
    public var after: Moment
    /// The event, in words.
    public var words: String
    /// The place in the run's history of the last observation during the event or before it; `nil` if there was none.
    public var observation: Int?
    /// Whether that was during the event itself.
    public var isObserved: Bool

    public var rise: Double { after.share.value - before.share.value }
  }

  /// The part that one choice had in the failure: the run was made again with other values of it, and else as it was.
  public struct Verdict: Sendable {
    public enum Kind: String, Sendable, CaseIterable {
      /// With no other value that was tried does the failure come.
      case necessary
      /// With some it comes, with others it does not.
      case helpful
      /// It comes with each.
      case irrelevant
    }
    public var draw: Choices.Draw
    /// Virtual nanoseconds.
    public var time: Int64
    /// The thing that is chosen, in words.
    public var words: String
    /// Of the other values that were tried, zero among them.
    public var share: Share

    public var kind: Kind { share.failing == 0 ? .necessary : share.failing == share.of ? .irrelevant : .helpful }
  }

  public var failure: RunReport.Failure
  /// In their order; the first is the beginning, and the last is the failure, where the share is 1.
  public var moments: [Moment]
  /// The event by which the share rises most, then others that make the failure much more likely, the highest rise first. None if the share
  /// is nowhere higher than just before.
  public var jumps: [Jump]
  /// For each choice that was not the harmless one, in the order in which they were made; empty if they were too many.
  public var verdicts: [Verdict]
  /// Choices that were not the harmless one.
  public var choices: Int
  /// Runs that it took.
  public var runs: Int

  /// A rise of less than this is no jump: chance alone makes some, and a share that rises little by little has no one cause.
  static let leastRise = 0.25

  /// The event by which the share rises most.
  public var jump: Jump? { jumps.first }

  /// Whether one event stands out.
  public var hasClearCause: Bool { (jump?.rise ?? 0) >= Causality.leastRise }
}
