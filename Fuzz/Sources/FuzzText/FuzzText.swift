import FuzzChecks

/// Run as `FuzzText -dict=Fuzz/text.dict -max_len=600 WORKDIR corpus/FuzzText`. The first byte of an input chooses the parser (`TextCheck.Kind`).
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzText(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  if let fault = TextCheck.fault(in: input) { fatalError(fault) }
  return 0
}
