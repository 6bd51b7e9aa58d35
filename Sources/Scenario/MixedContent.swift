internal import XML

/// A child of an element, or a run of text between two.
enum Piece {
  case text(Text)
  case child(Element)
}

extension Element {
  /// What the element holds, in order. White space that only separates children is left out.
  var pieces: [Piece] {
    let children = Array(children)
    guard hasText else { return children.map { .child($0) } }
    guard !children.isEmpty else { return [.text(text)] }
    // An element gives its text joined. Where the children stand in it shows when it is written: in what the writer writes,
    // '<' and '>' stand only in tags, and a reference always stands for one byte.
    var rest = Array(text.utf8)[...]
    var next = 0
    var pieces: [Piece] = []
    for length in textLengths {
      if length > 0 { pieces.append(.text(Text(utf8: rest.prefix(length)))) }
      rest = rest.dropFirst(length)
      if next < children.count { pieces.append(.child(children[next])) }
      next += 1
    }
    return pieces
  }

  /// The length of the text before each child, and of that behind the last, in bytes.
  private var textLengths: [Int] {
    let written = serialized(defaultNamespace: "")
    var lengths: [Int] = []
    var length = 0
    var depth = 0
    var index = 0
    while index < written.count {
      let end: Int
      switch written[index] {
      case UInt8(ascii: "<"):
        end = written[index...].firstIndex(of: UInt8(ascii: ">")) ?? written.count - 1
        let closes = written[index + 1] == UInt8(ascii: "/")
        let isEmpty = written[end - 1] == UInt8(ascii: "/")
        // At a child's beginning, or at our own end.
        if depth == 1 {
          lengths.append(length)
          length = 0
        }
        depth += closes ? -1 : isEmpty ? 0 : 1
      case UInt8(ascii: "&"):
        end = written[index...].firstIndex(of: UInt8(ascii: ";")) ?? written.count - 1
        if depth == 1 { length += 1 }
      default:
        end = index
        if depth == 1 { length += 1 }
      }
      index = end + 1
    }
    return lengths
  }
}
