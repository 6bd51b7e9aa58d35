internal import Foundation
internal import ServerCore
internal import XML
internal import XMPP
internal import Yams

extension ServeConfiguration {
  /// Reads a YAML file. Settings that it does not name keep their defaults; unknown keys and invalid values are refused, with their line.
  public init(file: String) throws(SetupError) {
    guard let data = FileManager.default.contents(atPath: file) else {
      throw SetupError("\(file): the configuration can't be read; check the path and its permissions", kind: .configuration)
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw SetupError("\(file):1: the configuration is not UTF-8; save it as UTF-8", kind: .configuration)
    }
    let folder = URL(fileURLWithPath: file).deletingLastPathComponent().path
    try self.init(yaml: text, file: file, folder: folder)
  }

  /// - Parameters:
  ///   - file: as it shall be named in errors.
  ///   - folder: relative paths in the file start here.
  package init(yaml: String, file: String, folder: String) throws(SetupError) {
    self.init()
    let root: Node?
    do {
      root = try Yams.compose(yaml: yaml)
    } catch {
      throw ConfigurationFile.explain(error, file)
    }
    guard let root else { return }
    let reader = ConfigurationFile(file: file, folder: folder)
    try reader.read(root, "the configuration", into: &self, ConfigurationFile.keys)
  }
}

/// One configuration file while it is read: knows how to say where something is wrong.
struct ConfigurationFile {
  let file: String
  let folder: String

  /// Applies the value of a key to the target.
  typealias Setter<Target> = @Sendable (ConfigurationFile, Node, inout Target) throws(SetupError) -> Void

  func refuse(_ node: Node, _ message: String) -> SetupError {
    SetupError("\(file):\(node.mark?.line ?? 1): \(message)", kind: .configuration)
  }

  /// Reads a mapping whose keys are all known.
  func read<Target>(_ node: Node, _ what: String, into target: inout Target, _ keys: [String: Setter<Target>]) throws(SetupError) {
    if case .scalar(let scalar) = node, scalar.string.isEmpty { return }
    guard let mapping = node.mapping else { throw refuse(node, "\(what) should be `key: value` lines") }
    for (key, value) in mapping {
      let name = key.string ?? ""
      guard let setter = keys[name] else {
        if let limit = Limit.all.first(where: { $0.formerName == name }), keys[limit.name] != nil {
          throw refuse(key, "`\(name)` is now called `\(limit.name)`; rename the key")
        }
        let known = keys.keys.sorted().joined(separator: ", ")
        throw refuse(key, "`\(name)` is not known in \(what); known are: \(known)")
      }
      try setter(self, value, &target)
    }
  }

  // MARK: Values

  func text(_ node: Node) throws(SetupError) -> String {
    guard let string = node.scalar?.string, !string.isEmpty else { throw refuse(node, "a text is missing here") }
    return string
  }

  func flag(_ node: Node) throws(SetupError) -> Bool {
    guard let flag = node.bool else { throw refuse(node, "`\(shown(node))` is neither `true` nor `false`") }
    return flag
  }

  func number(_ node: Node, _ range: ClosedRange<Int>) throws(SetupError) -> Int {
    guard let number = node.int, range.contains(number) else {
      // A bound that nobody comes near is not worth a word.
      let isVast = range.upperBound >= 1 << 40 && !(node.int.map { $0 > range.upperBound } ?? false)
      let bounds = isVast ? "\(range.lowerBound) or more" : "from \(range.lowerBound) to \(range.upperBound)"
      throw refuse(node, "`\(shown(node))` is not a whole number \(bounds)")
    }
    return number
  }

  func choice<Value: RawRepresentable>(_ node: Node, _ values: [Value]) throws(SetupError) -> Value where Value.RawValue == String {
    let name = try choice(node, values.map(\.rawValue))
    guard let value = values.first(where: { $0.rawValue == name }) else { throw refuse(node, "`\(name)` is not known here") }
    return value
  }

  func choice(_ node: Node, _ names: [String]) throws(SetupError) -> String {
    guard let name = node.scalar?.string, names.contains(name) else {
      throw refuse(node, "`\(shown(node))` is not one of: \(names.joined(separator: ", "))")
    }
    return name
  }

  func path(_ node: Node) throws(SetupError) -> String {
    let path = try text(node)
    return path.hasPrefix("/") ? path : URL(fileURLWithPath: folder).appendingPathComponent(path).path
  }

  func items(_ node: Node, _ what: String) throws(SetupError) -> [Node] {
    guard let sequence = node.sequence, !sequence.isEmpty else { throw refuse(node, "\(what) should be a list with at least one item") }
    return Array(sequence)
  }

  func shown(_ node: Node) -> String { node.scalar?.string ?? "a list or mapping" }

  // MARK: Syntax

  static func explain(_ error: any Error, _ file: String) -> SetupError {
    switch error {
    case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _):
      SetupError("\(file):\(mark.line): this is not YAML: \(problem); mind indentation and quotes", kind: .configuration)
    case YamlError.duplicatedKeysInMapping(let keys, let context):
      SetupError(
        "\(file):\(context.mark.line): \(keys.map { "`\($0)`" }.joined(separator: ", ")) stands here twice; keep one", kind: .configuration)
    default:
      SetupError("\(file):1: this is not YAML", kind: .configuration)
    }
  }
}
