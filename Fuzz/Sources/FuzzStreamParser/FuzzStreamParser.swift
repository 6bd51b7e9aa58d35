import FuzzChecks
import StreamMutation

/// Run as `FuzzStreamParser -dict=Fuzz/xml.dict -max_len=2000 WORKDIR corpus/FuzzStreamParser`; what it finds new goes to the first
/// folder, outside the tree. A minimised input that showed a fault goes to the second, where a test replays it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzStreamParser(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  if let fault = StreamParserCheck.fault(in: input) { fatalError(fault) }
  return 0
}
