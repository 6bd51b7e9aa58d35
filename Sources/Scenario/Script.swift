public import XML

/// A scenario in the scansion language: characters who act in turn.
///
/// The language is that of the Prosody project's `scansion`, so that existing scripts run as they are.
public struct Script: Sendable {
  /// The name under which the script was read: mostly a file's name.
  public var name: String
  /// The first comment; the script's name where it has none.
  public var title: String
  /// The comments between the title and the cast, one a line.
  public var description: String
  /// The `## name` and `## name: value` lines before the actions, in order.
  public var tags: [Tag]
  public var cast: [Character]
  public var actions: [Action]

  public struct Tag: Sendable, Equatable {
    public var name: String
    public var value: String?

    public init(name: String, value: String? = nil) {
      self.name = name
      self.value = value
    }
  }

  /// The domains that have servers of their own, as `## server: DOMAIN` says; all others of the cast share one.
  public var servers: [Text] { tags.compactMap { $0.name == "server" ? $0.value.map { Text($0) } : nil } }

  /// Reads a script. `name` is how errors call it.
  public init(parsing source: String, name: String) throws(ScriptError) {
    var parser = ScriptParser(source: source, name: name)
    self = try parser.parse()
  }

  init(name: String) {
    self.name = name
    title = ""
    description = ""
    tags = []
    cast = []
    actions = []
  }
}

/// One of the cast: a client, and how it logs in.
public struct Character: Sendable, Equatable {
  public var name: String
  /// The address as written, with its resource if it has one.
  public var jid: Text
  public var password: Text
  /// The resource to ask for: the script's `resource`, or else that of a full `jid`.
  public var resource: Text?
  /// The host to connect to instead of the one that the domain names.
  public var connectHost: String?
  public var connectPort: Int?
  /// The connection begins with TLS (XEP-0368).
  public var isDirectTLS: Bool
  /// The line that introduces the character.
  public var line: Int

  public init(
    name: String, jid: Text, password: Text, resource: Text? = nil, connectHost: String? = nil, connectPort: Int? = nil,
    isDirectTLS: Bool = false, line: Int = 0
  ) {
    self.name = name
    self.jid = jid
    self.password = password
    self.resource = resource
    self.connectHost = connectHost
    self.connectPort = connectPort
    self.isDirectTLS = isDirectTLS
    self.line = line
  }

  /// The same character, who logs in with another password, if there is one.
  func with(_ password: Text?) -> Character {
    var copy = self
    copy.password = password ?? self.password
    return copy
  }

  /// The address without a resource, which scripts call `${Name's JID}`.
  public var bareJID: Text { Text(utf8: Array(jid.utf8.prefix { $0 != UInt8(ascii: "/") })) }
}

/// One step of a script.
public struct Action: Sendable {
  public var line: Int
  public var event: Event

  public enum Event: Sendable {
    /// A character, by name, does something.
    case character(String, Verb)
    /// The server's process ends and another begins with all that is stored. Every connection ends.
    case serverRestarts
    /// The server's process dies at once, without a word, and another begins with all that is durable.
    case serverCrashes
    /// The next commit of the server's storage fails.
    case nextCommitFails
    /// Something around the server changes.
    case world(WorldChange)
    /// The operator asks something of the server, which does it, or, with `isRefused`, refuses it.
    case operates(OperatorRequest, isRefused: Bool)
    case timePasses(seconds: Int)
  }

  public enum Verb: Sendable {
    /// A whole login: stream, authentication, resource binding; no presence. The password is that of the cast, unless one is given.
    case connects(password: Text? = nil)
    /// The same, and the server refuses it, or does not answer.
    case failsToConnect(password: Text? = nil)
    /// A connection on which nothing is said but what the script writes.
    case opensConnection
    case disconnects
    /// The connection breaks, and no stream is ended.
    case losesConnection
    /// The connection stays, and is better or worse than before.
    case connection(ConnectionChange)
    case sends(Template)
    /// Bytes as they are, be they XML or not.
    case writes(RawBytes)
    /// Among the stanzas that came or come is one like this.
    case receives(Template)
    /// The first stanza that the script has not received is like this.
    case receivesNext(Template)
    case receivesNothing
  }
}

/// Why a text is not a script, and at which line.
public struct ScriptError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The script's name.
  public var name: String
  /// Counted from 1.
  public var line: Int
  public var message: String

  public var description: String { "\(name):\(line): \(message)" }
}
