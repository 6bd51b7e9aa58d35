import FuzzSASLChecks

/// Run as `FuzzSASL -dict=Fuzz/text.dict -max_len=300 WORKDIR corpus/FuzzSASL`. The first byte of an input chooses the parser (`SASLCheck.Kind`).
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSASL(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  if let fault = SASLCheck.fault(in: input) { fatalError(fault) }
  return 0
}
