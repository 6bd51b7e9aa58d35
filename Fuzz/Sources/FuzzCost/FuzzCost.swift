import EdgeCount
import Foundation
import FuzzCoreChecks

/// Run as `FuzzCost -max_len=4000 WORKDIR corpus/FuzzCost`: libFuzzer changes the choices of a run and keeps those that come closer to what
/// work is allowed. CONTRIBUTING has the options that it is built with: every edge of the core counts.
///
/// With `SPONDEE_COSTS` in the environment each run prints the input that came closest, and with `SPONDEE_COSTS=all` every cost as a line:
/// steps, bytes of changes, bytes, items, events, cause. These figures are for fitting the bound.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCost(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  let (fault, worst) = CostCheck.judge(input, steps: { spondee_edges() }, printsAll: printed == "all")
  if let worst {
    if printed != nil { print("\(worst.share) % \(worst)") }
    spondee_report_share(UInt64(worst.share))
  }
  if let fault { fatalError(fault) }
  return 0
}

private let printed = ProcessInfo.processInfo.environment["SPONDEE_COSTS"]
