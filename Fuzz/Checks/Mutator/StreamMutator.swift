/// Changes an input of the stream parser in its structure: elements, tags, attributes and references, where libFuzzer's own changes know bytes only.
///
/// The first four bytes of an input say how it is fed (`StreamParserCheck`); the rest is a stream.
public enum StreamMutator {
  /// Bytes before the stream.
  static let headCount = 4

  /// - Parameters:
  ///   - most: the greatest length of the result, in bytes.
  ///   - seed: decides what is changed; the same seed changes the same input in the same way.
  public static func mutate(_ input: [UInt8], most: Int, seed: UInt32) -> [UInt8] {
    var random = Dice(seed)
    var head = Array(input.prefix(headCount))
    while head.count < headCount { head.append(1) }
    var tokens = StreamTokens(Array(input.dropFirst(headCount)))
    for _ in 0...random.roll(4) {
      if random.roll(16) == 0 {
        head[random.roll(headCount)] = UInt8(random.roll(random.roll(2) == 0 ? 8 : 256))
      } else {
        tokens.change(&random, most: most)
      }
    }
    var bytes = head + tokens.bytes
    // Ends in the middle of anything.
    if random.roll(20) == 0, bytes.count > headCount { bytes.removeLast(random.roll(bytes.count - headCount)) }
    return Array(bytes.prefix(max(most, 0)))
  }
}

/// A small generator (SplitMix64).
struct Dice {
  private var state: UInt64
  init(_ seed: UInt32) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 }

  /// A number from 0 up to `bound`, which is not among them and at least 1.
  mutating func roll(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return Int((mixed ^ mixed >> 31) >> 33) % max(bound, 1)
  }

  mutating func pick<Value>(_ values: [Value]) -> Value { values[roll(values.count)] }
}

extension StreamTokens {
  /// One change.
  fileprivate mutating func change(_ random: inout Dice, most: Int) {
    guard !tokens.isEmpty else { return insert(random.pick(Vocabulary.stanzas), &random) }
    let place = random.roll(tokens.count)
    switch random.roll(14) {
    case 0: insert(random.pick(Vocabulary.stanzas), &random)
    case 1: insert(random.pick(Vocabulary.others), &random)
    case 2, 3: changeText(&random)
    case 4: repeatElement(at: place, &random, most: most)
    case 5: if let range = element(at: place) { tokens.removeSubrange(range) } else { tokens.remove(at: place) }
    case 6: tokens.remove(at: place)
    case 7: tokens.swapAt(place, random.roll(tokens.count))
    case 8: move(element(at: place) ?? place..<place + 1, to: random.roll(tokens.count + 1))
    case 9: wrap(element(at: place) ?? place..<place + 1, &random)
    case 10: rename(at: place, &random)
    default: changeAttributes(near: place, &random)
    }
  }

  private mutating func insert(_ bytes: [UInt8], _ random: inout Dice) {
    tokens.insert(contentsOf: StreamTokens(bytes).tokens, at: random.roll(tokens.count + 1))
  }

  /// Puts a reference or an odd character into a text, or makes a text of one.
  private mutating func changeText(_ random: inout Dice) {
    let piece = random.pick(Vocabulary.texts)
    let place = random.roll(tokens.count)
    guard case .text(var text) = tokens[place] else { return tokens.insert(.text(piece), at: place + random.roll(2)) }
    text.insert(contentsOf: piece, at: random.roll(text.count + 1))
    tokens[place] = .text(text)
  }

  /// Up to where a limit of some kind is reached: elements, depth, bytes.
  private mutating func repeatElement(at place: Int, _ random: inout Dice, most: Int) {
    let range = element(at: place) ?? place..<place + 1
    let piece = Array(tokens[range])
    let size = StreamTokens(piece).bytes.count
    let times = min(random.roll(10) == 0 ? 1 + random.roll(80) : 1, max(1, most / max(size, 1)))
    let target = random.roll(2) == 0 ? range.upperBound : random.roll(tokens.count + 1)
    for _ in 0..<times { tokens.insert(contentsOf: piece, at: target) }
  }

  private mutating func move(_ range: Range<Int>, to target: Int) {
    let piece = Array(tokens[range])
    tokens.removeSubrange(range)
    tokens.insert(contentsOf: piece, at: min(target, tokens.count))
  }

  private mutating func wrap(_ range: Range<Int>, _ random: inout Dice) {
    let name = random.pick(Vocabulary.names)
    let times = random.roll(20) == 0 ? 1 + random.roll(70) : 1
    for _ in 0..<times {
      tokens.insert(.end(name: name), at: range.upperBound)
      tokens.insert(.start(name: name, attributes: [], isEmpty: false), at: range.lowerBound)
    }
  }

  /// Both tags of an element, or one of them.
  private mutating func rename(at place: Int, _ random: inout Dice) {
    let new = random.pick(Vocabulary.names)
    switch tokens[place] {
    case .start(_, let attributes, let isEmpty):
      if let range = element(at: place), !isEmpty, random.roll(8) != 0 { tokens[range.upperBound - 1] = .end(name: new) }
      // An element that was empty may become one that is not.
      tokens[place] = .start(name: new, attributes: attributes, isEmpty: isEmpty)
      if isEmpty, random.roll(2) == 0 {
        tokens[place] = .start(name: new, attributes: attributes, isEmpty: false)
        tokens.insert(.end(name: new), at: place + 1)
      }
    case .end: tokens[place] = .end(name: new)
    case .other(var bytes) where !bytes.isEmpty:
      let at = random.roll(bytes.count)
      if random.roll(2) == 0 { bytes.remove(at: at) } else { bytes.insert(contentsOf: random.pick(Vocabulary.texts), at: at) }
      tokens[place] = .other(bytes)
    case .text, .other: changeText(&random)
    }
  }

  private mutating func changeAttributes(near place: Int, _ random: inout Dice) {
    let starts = tokens.indices.filter { if case .start = tokens[$0] { true } else { false } }
    guard let at = starts.first(where: { $0 >= place }) ?? starts.last, case .start(let name, var attributes, let isEmpty) = tokens[at]
    else {
      return changeText(&random)
    }
    let index = random.roll(attributes.count)
    switch random.roll(attributes.isEmpty ? 2 : 9) {
    case 0: attributes.insert(StreamTokens.attribute(&random), at: random.roll(attributes.count + 1))
    case 1:
      let count = random.roll(20) == 0 ? random.roll(70) : 1
      for number in 0..<count { attributes.append(Attribute(name: Array("a\(number)".utf8), value: [])) }
    case 2: attributes.remove(at: index)
    case 3: attributes.append(attributes[index])
    case 4: attributes[index].name = random.pick(Vocabulary.attributeNames)
    case 5: attributes[index].value = random.pick(Vocabulary.values)
    case 6: attributes[index].value.insert(contentsOf: random.pick(Vocabulary.texts), at: random.roll(attributes[index].value.count + 1))
    case 7: attributes[index].quote = attributes[index].quote == UInt8(ascii: "'") ? UInt8(ascii: "\"") : UInt8(ascii: "'")
    default: attributes.swapAt(index, random.roll(attributes.count))
    }
    tokens[at] = .start(name: name, attributes: attributes, isEmpty: isEmpty)
  }

  private static func attribute(_ random: inout Dice) -> Attribute {
    let name = random.pick(Vocabulary.attributeNames)
    let value = random.pick(name.starts(with: "xmlns".utf8) ? Vocabulary.namespaces : Vocabulary.values)
    return Attribute(name: name, value: value)
  }
}

extension StreamTokens {
  init(_ tokens: [Token]) { self.tokens = tokens }
}
