extension Configuration {
  /// The values of all limits: those that were set, and else what is standard.
  ///
  /// Mostly few are set, and looking one up is on the way of every stanza: it compares numbers, and hashes nothing.
  public struct Limits: Sendable {
    private struct Override: Sendable {
      let id: UInt64
      var value: Int64
    }
    /// None is what is standard.
    private var overrides: [Override] = []

    public init() {}

    /// In the limit's unit; of times, nanoseconds.
    public func value(of limit: Limit) -> Int64 {
      for override in overrides where override.id == limit.id { return override.value }
      return limit.standard
    }

    public mutating func set(_ limit: Limit, to value: Int64) {
      overrides.removeAll { $0.id == limit.id }
      if value != limit.standard { overrides.append(Override(id: limit.id, value: value)) }
    }

    public subscript(limit: Limit) -> Int {
      get { Int(value(of: limit)) }
      set { set(limit, to: Int64(newValue)) }
    }

    /// Nanoseconds.
    public subscript(time limit: Limit) -> Int64 {
      get { value(of: limit) }
      set { set(limit, to: newValue) }
    }
  }
}

/// By name, in the order of `Limit.all`.
extension Configuration.Limits: Codable {
  private struct Named: Codable {
    var name: String
    var value: Int64
  }

  public init(from decoder: any Decoder) throws {
    for named in try decoder.singleValueContainer().decode([Named].self) {
      guard let limit = Limit.all.first(where: { $0.name == named.name }) else {
        throw RecordingProblem("no limit has the name \(named.name)")
      }
      set(limit, to: named.value)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(Limit.all.filter { value(of: $0) != $0.standard }.map { Named(name: $0.name, value: value(of: $0)) })
  }
}
