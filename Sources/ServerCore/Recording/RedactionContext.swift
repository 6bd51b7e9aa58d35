internal import XML

/// An element as far as the redaction of a recording depends on it: its name and the names of those around it, whatever their namespaces.
///
/// This is the list of what may stay in a recording: identifiers and the protocol's own words, which the server reads to decide. A text or
/// an attribute's value that is not on the list is somebody's, and a stand-in takes its place. So what a later feature brings (a token, a
/// key, an invitation) is covered before anybody thinks of it. Names of elements and attributes, and names of namespaces, always stay:
/// without them nothing could be parsed.
enum RedactionContext: UInt8, Sendable {
  /// Outside of every element, or directly inside of a stream's own.
  case top
  /// An element that is not known here. All that is inside of it is unknown, too, but for passwords.
  case other
  /// Inside of a password or of a message of SASL.
  case withinSecret
  case declaration, stream, message, presence, iq, error
  /// A payload with a form, a list of items, or requests to a room.
  case query
  case blocking, bind, item, invitation, destroy, history, status, actor, delay
  /// A field of a form: nobody's; one whose values the server reads; one whose values are texts that it compares; the password of a room.
  case field, knownField, namingField, secretField
  // Their text is treated in a way of its own.
  case priority, show, resource, username, value, group, namingValue, prose, password, sasl

  /// The treatment of a text or of an attribute's value.
  enum Treatment: UInt8, Sendable {
    case keep, mask
    /// A stand-in that is equal for equal ones: the server compares it with others.
    case compare
    /// A message of SASL.
    case sasl
  }
}

// MARK: - Elements

extension RedactionContext {
  /// The place of an element directly inside of this one.
  ///
  /// - Parameter name: without a prefix.
  func child(_ name: Text) -> RedactionContext {
    switch self {
    case .password, .sasl, .withinSecret: .withinSecret
    case _ where name == "password": .password
    case .top, .stream: childOfStream(name)
    case .message: childOfMessage(name)
    case .presence: childOfPresence(name)
    case .iq: childOfIQ(name)
    case .query: childOfQuery(name)
    case .blocking: name == "item" ? .item : .other
    case .bind: name == "resource" ? .resource : .other
    case .item: childOfItem(name)
    case .invitation, .destroy, .actor: name == "reason" ? .prose : .other
    case .error: name == "text" ? .prose : .other
    case .knownField: name == "value" ? .value : .other
    case .namingField: name == "value" ? .namingValue : .other
    case .secretField: name == "value" ? .password : .other
    default: .other
    }
  }

  private func childOfStream(_ name: Text) -> RedactionContext {
    switch name {
    case "message": .message
    case "presence": .presence
    case "iq": .iq
    case "stream": .stream
    case "auth", "response": .sasl
    case "?xml": .declaration
    // A room's configuration, as it is stored.
    case "x": .query
    case "error": .error
    default: .other
    }
  }

  private func childOfMessage(_ name: Text) -> RedactionContext {
    switch name {
    case "body", "subject", "thread", "nick": .prose
    case "x": .query
    case "delay": .delay
    case "error": .error
    default: .other
    }
  }

  private func childOfPresence(_ name: Text) -> RedactionContext {
    switch name {
    case "priority": .priority
    case "show": .show
    case "status", "nick": .prose
    case "x": .query
    case "delay": .delay
    case "error": .error
    default: .other
    }
  }

  private func childOfIQ(_ name: Text) -> RedactionContext {
    switch name {
    case "query": .query
    case "bind": .bind
    case "block", "unblock", "blocklist": .blocking
    case "error": .error
    default: .other
    }
  }

  private func childOfQuery(_ name: Text) -> RedactionContext {
    switch name {
    case "item": .item
    case "x": .query
    case "field": .field
    case "username": .username
    case "invite", "decline": .invitation
    case "destroy": .destroy
    case "history": .history
    case "status": .status
    default: .other
    }
  }

  private func childOfItem(_ name: Text) -> RedactionContext {
    switch name {
    case "group": .group
    case "reason": .prose
    case "actor": .actor
    default: .other
    }
  }

  /// Of a field, once it is known what it is called.
  func named(_ variable: Text?) -> RedactionContext {
    guard self == .field, let variable else { return self }
    switch variable {
    case "FORM_TYPE", "muc#roomconfig_publicroom", "muc#roomconfig_persistentroom", "muc#roomconfig_membersonly",
      "muc#roomconfig_passwordprotectedroom", "muc#roomconfig_moderatedroom", "muc#roomconfig_whois", "muc#roomconfig_changesubject",
      "muc#roomconfig_historylength", "muc#maxhistoryfetch", "muc#roomconfig_presencebroadcast", "muc#roomconfig_allowpm",
      "muc#register_roomnick", "muc#role",
      "muc#jid", "muc#roomnick", "muc#request_allow":
      return .knownField
    case "muc#roomconfig_roomname", "muc#roomconfig_roomdesc": return .namingField
    case "muc#roomconfig_roomsecret": return .secretField
    default: return .field
    }
  }

  var isField: Bool { self == .field || self == .knownField || self == .namingField || self == .secretField }
}

// MARK: - What stays

extension RedactionContext {
  /// Of the text directly inside.
  func treatment(keepsText: Bool) -> Treatment {
    switch self {
    case .priority, .show, .resource, .username, .value: .keep
    case .password: .compare
    case .sasl: .sasl
    case .group, .namingValue: keepsText ? .keep : .compare
    case .prose: keepsText ? .keep : .mask
    default: .mask
    }
  }

  /// Of an attribute's value.
  ///
  /// - Parameter name: as it is written, with its prefix. (A peer that binds another prefix to the namespace of `xml:lang` breaks a rule.)
  func treatment(ofAttribute name: Text, keepsText: Bool) -> Treatment {
    if self == .item, name == "name" { return keepsText ? .keep : .compare }
    return shows(attribute: name) ? .keep : .mask
  }

  private func shows(attribute name: Text) -> Bool {
    switch name {
    case "xmlns", "xml:lang": return true
    case "to", "from": if self == .invitation || self == .stream { return true }
    default: if name.hasPrefix("xmlns:") { return true }
    }
    switch self {
    case .stream: return name == "id" || name == "version"
    case .declaration: return name == "version" || name == "encoding" || name == "standalone"
    case .message, .presence, .iq: return name == "to" || name == "from" || name == "id" || name == "type"
    case .sasl: return name == "mechanism"
    case .error: return name == "type" || name == "by" || name == "code"
    case .query: return name == "node" || name == "type"
    case .item:
      return name == "jid" || name == "nick" || name == "affiliation" || name == "role" || name == "subscription" || name == "ask"
        || name == "node"
    case .actor: return name == "jid" || name == "nick"
    case .destroy: return name == "jid"
    case .history: return name == "maxchars" || name == "maxstanzas" || name == "seconds" || name == "since"
    case .status: return name == "code"
    case .delay: return name == "from" || name == "stamp"
    case .field: return name == "var" || name == "type"
    default: return false
    }
  }
}
