internal import XML

/// An element as far as what to do with the text in it depends on it: its name, whatever its namespace.
///
/// Text that nobody knows here counts as somebody's. What the server reads itself is known.
enum Place: UInt8, Sendable {
  case other, presence, bind, query, item, field, secretField
  /// The text in these is treated in a way of its own.
  case priority, show, resource, username, group, value, secretValue, password, login
  /// Deeper inside of something secret.
  case withinSecret

  enum Treatment: Sendable {
    case keep, mask
    /// Compared with others, so equal ones stay equal.
    case password
    /// SASL's.
    case login
  }

  init(of element: Element) { self.init(name: element.name, field: element["var"], in: .other) }

  /// - Parameters:
  ///   - name: without a prefix.
  ///   - field: the value of an attribute `var`.
  init(name: Text, field: Text?, in parent: Place) {
    if parent.holdsSecret {
      self = .withinSecret
      return
    }
    switch (parent, name) {
    case (_, "password"): self = .password
    case (_, "auth"), (_, "response"): self = .login
    case (.presence, "priority"): self = .priority
    case (.presence, "show"): self = .show
    case (.bind, "resource"): self = .resource
    case (.query, "username"): self = .username
    case (.item, "group"): self = .group
    case (.field, "value"): self = .value
    case (.secretField, "value"): self = .secretValue
    case (_, "presence"): self = .presence
    case (_, "bind"): self = .bind
    case (_, "query"): self = .query
    case (_, "item"): self = .item
    case (_, "field"): self = field == "muc#roomconfig_roomsecret" ? .secretField : .field
    default: self = .other
    }
  }

  var holdsSecret: Bool { self == .password || self == .login || self == .secretValue || self == .withinSecret }

  func treatment(keepsText: Bool) -> Treatment {
    switch self {
    case .priority, .show, .resource, .username, .value: .keep
    case .password, .secretValue: .password
    case .group: keepsText ? .keep : .password
    case .login: .login
    case .withinSecret: .mask
    case .other, .presence, .bind, .query, .item, .field, .secretField: keepsText ? .keep : .mask
    }
  }
}
