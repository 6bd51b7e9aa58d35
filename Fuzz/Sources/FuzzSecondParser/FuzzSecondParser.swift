import StreamMutation

/// Run as `FuzzSecondParser -dict=Fuzz/xml.dict -max_len=4000 WORKDIR corpus/FuzzStreamParser`: the inputs are those of `FuzzStreamParser`.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSecondParser(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  if let fault = SecondParserCheck.fault(in: input) { fatalError(fault) }
  return 0
}
