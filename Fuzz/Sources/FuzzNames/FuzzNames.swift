import FuzzCoreChecks

/// Run as `FuzzNames -max_len=600 WORKDIR corpus/FuzzNames`. An input is lines: a domain, then names of a certificate
/// (`NameMatchingCheck`).
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzNames(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  if let fault = NameMatchingCheck.fault(in: input) { fatalError(fault) }
  return 0
}
