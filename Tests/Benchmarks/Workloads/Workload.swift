/// Something that is done over and over, and measured: the same for whoever takes times and for whoever counts instructions.
public struct Workload: Sendable {
  public let name: String
  /// How many bytes one operation reads or writes, where that is what it is about.
  public let bytes: Int?
  /// Whether one operation takes so little time that a thousand are timed together.
  public let isShort: Bool
  /// Sets the stage; what it returns does one operation.
  public let prepare: @Sendable () -> () -> Void

  init(_ name: String, bytes: Int? = nil, isShort: Bool = true, prepare: @escaping @Sendable () -> () -> Void) {
    self.name = name
    self.bytes = bytes
    self.isShort = isShort
    self.prepare = prepare
  }

  public static let all: [Workload] = reading + writing + routing + serving
}
