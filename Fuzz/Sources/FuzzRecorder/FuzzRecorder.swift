import FuzzCoreChecks

/// Run as `FuzzRecorder -dict=Fuzz/xml.dict -max_len=2000 WORKDIR corpus/FuzzRecorder`, like `FuzzStreamParser`.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRecorder(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  if let fault = RecorderCheck.fault(in: input) { fatalError(fault) }
  return 0
}
