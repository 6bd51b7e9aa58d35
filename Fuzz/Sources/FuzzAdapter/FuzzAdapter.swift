import FuzzAdapterChecks

/// Run as `FuzzAdapter -dict=Fuzz/text.dict -max_len=600 WORKDIR corpus/FuzzAdapter`. The first byte of an input chooses the parser (`AdapterCheck.Kind`).
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAdapter(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  if let fault = AdapterCheck.fault(in: input) { fatalError(fault) }
  return 0
}
