import EdgeCount
import FuzzCoreChecks
import Foundation

/// Run as `FuzzCost -max_len=4000 WORKDIR corpus/FuzzSimulation`: libFuzzer changes the choices of a run and keeps those that come closer to what
/// work is allowed. CONTRIBUTING has the options that it is built with: every edge of the core counts.
///
/// With `SPONDEE_COSTS` in the environment each run prints the input that came closest.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCost(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let (fault, worst) = CostCheck.judge(Array(UnsafeBufferPointer(start: start, count: count))) { spondee_edges() }
  if let worst {
    if printsCosts { print("\(worst.share) % \(worst)") }
    spondee_report_share(UInt64(worst.share))
  }
  if let fault { fatalError(fault) }
  return 0
}

private let printsCosts = ProcessInfo.processInfo.environment["SPONDEE_COSTS"] != nil
