internal import CLibFuzzer
internal import FuzzChecks
internal import Glibc

/// Whether libFuzzer's own changes are made alone: to see whether ours are worth their time.
private let isPlain = getenv("SPONDEE_FUZZ_PLAIN") != nil

/// Called by libFuzzer for each change. Every other one is libFuzzer's own, so that bytes change as well.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutateStream(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ most: Int, _ seed: UInt32) -> Int {
  guard !isPlain, seed % 2 != 0 else { return LLVMFuzzerMutate(data, size, most) }
  let changed = StreamMutator.mutate(Array(UnsafeBufferPointer(start: data, count: size)), most: most, seed: seed)
  for (index, byte) in changed.enumerated() { data[index] = byte }
  return changed.count
}
