/// Something that is done over and over, and measured: the same for whoever takes times and for whoever counts instructions.
public struct Workload: Sendable {
  public let name: String
  /// Sets the stage; what it returns does one operation.
  public let prepare: @Sendable () -> () -> Void

  init(_ name: String, prepare: @escaping @Sendable () -> () -> Void) {
    self.name = name
    self.prepare = prepare
  }

  public static let all: [Workload] = reading + writing + routing
}
