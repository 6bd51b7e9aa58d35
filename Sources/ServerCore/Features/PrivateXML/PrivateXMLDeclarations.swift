extension Limit {
  /// Elements that an account may store (XEP-0049).
  public static let privateElements = count(
    "private_elements", 100, effect: "the owner gets resource-constraint; what is stored stays", trial: .low(98, 1, 0))
  /// The same in bytes as stored.
  public static let privateBytes = bytes(
    "private_bytes", 1 << 20, effect: "the owner gets resource-constraint; what is stored stays", trial: .low(99, 150, 60))
}

/// Marks: private XML storage.
public enum PrivateXMLMark: UInt16, CoverageMark {
  case privateElementsFull, privateBytesFull

  public static let offset = Mark.offset(of: PrivateXMLMark.self)

  public var clause: String {
    switch self {
    case .privateElementsFull: "\(Limit.privateElements)"
    case .privateBytesFull: "\(Limit.privateBytes)"
    }
  }
}
