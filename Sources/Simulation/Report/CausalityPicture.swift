// An explanation as the report page draws it.

extension Causality {
  var json: JSON {
    .object([
      ("continuations", .number(Int64(moments.last?.share.of ?? 0))), ("runs", .number(Int64(runs))),
      ("choices", .number(Int64(choices))), ("moments", .array(moments.map(\.json))), ("jumps", .array(jumps.map(\.json))),
      ("isClear", .boolean(hasClearCause)),
      ("verdicts", .array(verdicts.map(\.json))),
    ])
  }
}

extension Causality.Jump {
  fileprivate var json: JSON {
    .object([
      ("event", .number(Int64(clamping: after.event))), ("t", .number(after.time)), ("before", .object(before.share.members)),
      ("after", .object(after.share.members)), ("words", .string(words)),
      ("index", observation.map { .number(Int64($0)) } ?? .null), ("isSeen", .boolean(isObserved)),
    ])
  }
}

extension Causality.Share {
  fileprivate var members: [(String, JSON)] { [("failing", .number(Int64(failing))), ("of", .number(Int64(of)))] }
}

extension Causality.Moment {
  fileprivate var json: JSON { .object([("event", .number(Int64(clamping: event))), ("t", .number(time))] + share.members) }
}

extension Causality.Verdict {
  fileprivate var json: JSON {
    .object(
      [
        ("kind", .string(kind.rawValue)), ("words", .string(words)), ("value", .number(Int64(draw.value))),
        ("bound", .number(Int64(draw.bound))), ("event", .number(Int64(clamping: draw.event))), ("t", .number(time)),
      ] + share.members)
  }
}
