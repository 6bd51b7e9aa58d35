/// The bidi rule (RFC 5893, 2), which keeps a name from being displayed in an order that misleads.
enum BidiRule {
  /// Whether no character is written from right to left, so that the rule doesn't apply (RFC 5893, 1.4).
  static func isVacuous(_ scalars: [Unicode.Scalar]) -> Bool {
    !scalars.map(Unistring.bidi).contains { $0 == .r || $0 == .al || $0 == .an }
  }

  /// Whether the name obeys the rule, if it applies or is to be applied `always`.
  static func allows(_ scalars: [Unicode.Scalar], always: Bool = false) -> Bool {
    guard always || !isVacuous(scalars) else { return true }
    let classes = scalars.map(Unistring.bidi)
    guard let first = classes.first, let last = classes.last(where: { $0 != .nsm }) else { return false }
    switch first {
    case .r, .al:
      return classes.allSatisfy(isInRightToLeft) && (last == .r || last == .al || last == .en || last == .an)
        && !(classes.contains(.en) && classes.contains(.an))
    case .l:
      return classes.allSatisfy(isInLeftToRight) && (last == .l || last == .en)
    default:
      return false
    }
  }

  private static func isInRightToLeft(_ bidi: Unistring.Bidi) -> Bool {
    switch bidi {
    case .r, .al, .an, .en, .es, .cs, .et, .on, .bn, .nsm: true
    case .l, .other: false
    }
  }

  private static func isInLeftToRight(_ bidi: Unistring.Bidi) -> Bool {
    switch bidi {
    case .l, .en, .es, .cs, .et, .on, .bn, .nsm: true
    case .r, .al, .an, .other: false
    }
  }
}
