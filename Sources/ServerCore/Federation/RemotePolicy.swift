internal import XML

/// Which domains this server talks to.
struct RemotePolicy: Sendable {
  private let denied: Table<Text, Bool>
  /// `nil`: all.
  private let allowed: Table<Text, Bool>?

  init(_ configuration: Configuration) {
    denied = RemotePolicy.table(configuration, .deniedDomains)
    let allowed = RemotePolicy.table(configuration, .allowedDomains)
    self.allowed = allowed.count == 0 ? nil : allowed
  }

  private static func table(_ configuration: Configuration, _ setting: Setting) -> Table<Text, Bool> {
    var table = Table<Text, Bool>()
    for domain in Setting.domains(in: configuration[text: setting]) { table[domain] = true }
    return table
  }

  /// - Parameter domain: prepared.
  func permits(_ domain: Text) -> Bool {
    !RemotePolicy.has(denied, domain) && (allowed.map { RemotePolicy.has($0, domain) } ?? true)
  }

  /// Whether the domain, or one above it, is in the table.
  private static func has(_ table: Table<Text, Bool>, _ domain: Text) -> Bool {
    guard table.count > 0 else { return false }
    var rest = domain
    while true {
      if table.contains(rest) { return true }
      guard let dot = rest.utf8.firstIndex(of: UInt8(ascii: ".")) else { return false }
      rest = Text(utf8: Array(rest.utf8[rest.utf8.index(after: dot)...]))
    }
  }
}
