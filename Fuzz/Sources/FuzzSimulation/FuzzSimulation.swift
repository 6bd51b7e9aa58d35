import FuzzCoreChecks

/// Run as `FuzzSimulation -max_len=4000 WORKDIR corpus/FuzzSimulation`: what libFuzzer changes are the choices of a run, and what it looks for
/// are new ways through the server.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSimulation(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  if let fault = SimulationCheck.fault(in: Array(UnsafeBufferPointer(start: start, count: count))) { fatalError(fault) }
  return 0
}
