public import XML
internal import XMPP

/// A choice of whoever runs the server that is no number, as the feature or area declares it that heeds it.
///
/// From the declarations come the keys of a configuration file, and the check of configurations that somebody else wrote down (in a recording).
public final class Setting: Sendable {
  public enum Kind: Sendable {
    /// Its text is `true` or `false`.
    case flag
    /// Its text is one of these.
    case choice([String])
    /// The function gives a text as it is kept, or `nil` if it can't be; an error message says what is wanted.
    case text(prepare: @Sendable (Text) -> Text?, wanted: String)
    /// Its text is prepared domains in order, each once, with a space between them.
    case domains
  }

  /// The section of a configuration file in which the setting stands.
  public enum Placement: Sendable { case top, features }

  /// As in a configuration file.
  public let name: String
  public let placement: Placement
  public let kind: Kind
  public let standard: Text

  private init(_ name: String, _ placement: Placement, _ kind: Kind, standard: Text) {
    (self.name, self.placement, self.kind, self.standard) = (name, placement, kind, standard)
  }

  static func flag(_ name: String, standard: Bool) -> Setting {
    Setting(name, .features, .flag, standard: Text(standard))
  }

  static func choice<Value>(_ name: String, standard: Value) -> Setting
  where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    Setting(name, .top, .choice(Value.allCases.map(\.rawValue)), standard: Text(standard.rawValue))
  }

  static func text(_ name: String, standard: Text, wanted: String, prepare: @escaping @Sendable (Text) -> Text?) -> Setting {
    Setting(name, .top, .text(prepare: prepare, wanted: wanted), standard: standard)
  }

  static func domains(_ name: String) -> Setting { Setting(name, .top, .domains, standard: "") }

  /// Every setting, in the order of reports.
  public static let all: [Setting] = Area.core.flatMap(\.settings) + Feature.all.flatMap(\.settings)

  /// Whether a configuration may have this text for it.
  public func isPossible(_ text: Text) -> Bool {
    switch kind {
    case .flag: text == "true" || text == "false"
    case .choice(let names): names.contains(text.string)
    case .text(let prepare, _): prepare(text) == text
    case .domains: Setting.text(of: Setting.domains(in: text)) == text && Setting.domains(in: text).allSatisfy { JID($0)?.domain == $0 }
    }
  }
}

extension Setting {
  /// The domains that the text of such a setting names.
  static func domains(in text: Text) -> [Text] { text.utf8.split(separator: 0x20).map { Text(utf8: Array($0)) } }

  /// The text of a setting that names these domains, which are prepared.
  public static func text(of domains: [Text]) -> Text {
    var text: Text = ""
    for domain in Set(domains).sorted() { text = text.isEmpty ? domain : text + " " + domain }
    return text
  }
}

extension Text {
  fileprivate init(_ flag: Bool) { self = flag ? "true" : "false" }
}

extension Configuration {
  /// The values of all settings: those that were chosen, and else what is standard.
  struct Settings: Sendable {
    private struct Override: Sendable {
      let name: String
      var text: Text
    }
    /// None is what is standard.
    private var overrides: [Override] = []

    subscript(setting: Setting) -> Text {
      get { overrides.first { $0.name == setting.name }?.text ?? setting.standard }
      set {
        overrides.removeAll { $0.name == setting.name }
        if newValue != setting.standard { overrides.append(Override(name: setting.name, text: newValue)) }
      }
    }
  }

  public subscript(flag setting: Setting) -> Bool {
    get { settings[setting] == "true" }
    set { settings[setting] = Text(newValue) }
  }

  public subscript(text setting: Setting) -> Text {
    get { settings[setting] }
    set { settings[setting] = newValue }
  }

  /// The chosen value as the type that declares it; `nil` is what only a forged configuration has.
  func choice<Value: RawRepresentable>(_ setting: Setting) -> Value? where Value.RawValue == String {
    Value(rawValue: settings[setting].string)
  }
}

/// By name, in the order of `Setting.all`.
extension Configuration.Settings: Codable {
  private struct Named: Codable {
    var name: String
    var text: Text
  }

  init(from decoder: any Decoder) throws {
    for named in try decoder.singleValueContainer().decode([Named].self) {
      guard let setting = Setting.all.first(where: { $0.name == named.name }) else {
        throw RecordingProblem("no setting has the name \(named.name)")
      }
      self[setting] = named.text
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(Setting.all.filter { self[$0] != $0.standard }.map { Named(name: $0.name, text: self[$0]) })
  }
}
