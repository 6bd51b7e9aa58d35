extension Area {
  static let federation = Area(name: "federation", settings: [.federation])
}

extension Setting {
  /// Stanzas go to the servers of other domains, and come from them.
  public static let federation = flag("federation", standard: false)
}
