internal import ServerCore

// A run that is left in its midst, and goes on in other ways.

extension Run {
  /// Lets so many events happen, or as many as there are before the end of activity.
  mutating func goOn(to event: UInt64) {
    // A run that is to differ from its first event on has made no choice of its own yet.
    guard event > 0 else { return }
    begin()
    while world.happenings < event, goOn() {}
  }

  /// Once so many events have happened, the choices are others; `number` says which, and is not zero.
  mutating func diverge(after event: UInt64, _ number: UInt64) {
    if event == 0 { world.choices.diverge(number) } else { world.divergence = World.Divergence(event: event, number: number) }
  }

  /// To the end, or to the first broken rule.
  mutating func goOnToEnd() -> RunReport {
    if !hasBegun { begin() }
    while goOn() {}
    return finish()
  }
}
