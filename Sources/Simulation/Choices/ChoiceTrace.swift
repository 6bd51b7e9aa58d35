public import OrderedCollections

/// The draws of a run by label: what a seed made, in a form that can be kept, read, and made smaller.
public struct ChoiceTrace: Sendable, Hashable {
  public private(set) var streams: OrderedDictionary<Choices.Stream, [Int]> = [:]

  public init() {}

  /// The draw of that number; zero where none was kept.
  public subscript(stream: Choices.Stream, index: Int) -> Int {
    guard let values = streams[stream], index < values.count else { return 0 }
    return values[index]
  }

  public mutating func append(_ value: Int, to stream: Choices.Stream) { streams[stream, default: []].append(value) }

  /// Gives one draw another value, and leaves the others of its label as they are.
  public mutating func replace(_ stream: Choices.Stream, _ index: Int, with value: Int) {
    var values = streams[stream] ?? []
    if index >= values.count { values += Array(repeating: 0, count: index + 1 - values.count) }
    values[index] = value
    set(values, for: stream)
  }

  /// Replaces the draws of a label; none at all is the same as zeros.
  public mutating func set(_ values: [Int], for stream: Choices.Stream) {
    let kept = values.lastIndex { $0 != 0 }.map { Array(values[...$0]) } ?? []
    streams[stream] = kept.isEmpty ? nil : kept
  }

  /// Without zeros at the ends, which say nothing.
  public var trimmed: ChoiceTrace {
    var copy = ChoiceTrace()
    for (stream, values) in streams { copy.set(values, for: stream) }
    copy.streams.sort { $0.key < $1.key }
    return copy
  }

  /// How many draws are not the harmless one: what shrinking lowers first.
  public var weight: Int { streams.values.reduce(0) { $0 + $1.count { $0 != 0 } } }
  /// The sum of all draws: what it lowers next.
  public var total: Int { streams.values.reduce(0) { $0 + $1.reduce(0, &+) } }
}

// MARK: - As text

/// A run in a file: what is needed to make it again, whatever seed it came from.
public struct RunTrace: Sendable {
  public var seed: UInt64
  /// Virtual nanoseconds.
  public var duration: Int64
  public var choices: ChoiceTrace

  public init(seed: UInt64, duration: Int64, choices: ChoiceTrace) {
    self.seed = seed
    self.duration = duration
    self.choices = choices
  }

  private static let magic = "spondee-trace 1"

  /// A header, then a line for each label: purpose, whom it concerns, item, and the draws. `3*0` stands for three zeros.
  public var text: String {
    var lines = [RunTrace.magic, "seed \(seed)", "duration \(duration)"]
    for (stream, values) in choices.trimmed.streams {
      lines.append("\(stream.purpose) \(stream.who) \(stream.item): \(RunTrace.compress(values))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Why a text is not a trace.
  public struct Problem: Error, CustomStringConvertible {
    public var line: Int
    public var message: String
    public var description: String { "line \(line): \(message)" }
  }

  public init(parsing text: String) throws(Problem) {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    var number = 1
    guard lines.popFirst() == RunTrace.magic[...] else { throw Problem(line: 1, message: "a trace begins with '\(RunTrace.magic)'") }
    (seed, duration, choices) = (0, 0, ChoiceTrace())
    for line in lines where !line.isEmpty {
      number += 1
      let words = line.split(separator: " ")
      switch words.first {
      case "seed": seed = words.count == 2 ? UInt64(words[1]) ?? 0 : 0
      case "duration":
        guard words.count == 2, let time = Int64(words[1]), time > 0 else {
          throw Problem(line: number, message: "a duration in nanoseconds is missing")
        }
        duration = time
      default: try read(words, number)
      }
    }
    guard duration > 0 else { throw Problem(line: number, message: "there is no duration") }
  }

  private mutating func read(_ words: [Substring], _ line: Int) throws(Problem) {
    guard words.count >= 3, let purpose = Choices.Purpose.allCases.first(where: { "\($0)" == words[0] }), let who = UInt64(words[1]),
      words[2].hasSuffix(":"), let item = Int(words[2].dropLast())
    else { throw Problem(line: line, message: "expected a purpose, a number, an item and a colon") }
    var values: [Int] = []
    for word in words[3...] {
      let parts = word.split(separator: "*")
      guard let value = parts.last.flatMap({ Int($0) }), value >= 0, parts.count <= 2, let times = parts.count == 2 ? Int(parts[0]) : 1,
        times > 0, times <= 1_000_000
      else { throw Problem(line: line, message: "'\(word)' is not a draw") }
      values += Array(repeating: value, count: times)
    }
    choices.set(values, for: Choices.Stream(purpose: purpose, who: who, item: item))
  }

  private static func compress(_ values: [Int]) -> String {
    var words: [String] = []
    var rest = values[...]
    while let first = rest.first {
      let run = rest.prefix { $0 == first }.count
      words.append(run > 2 ? "\(run)*\(first)" : Array(repeating: "\(first)", count: run).joined(separator: " "))
      rest = rest.dropFirst(run)
    }
    return words.joined(separator: " ")
  }
}
