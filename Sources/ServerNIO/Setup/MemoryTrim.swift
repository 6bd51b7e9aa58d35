internal import Glibc

/// Gives memory that the process does not need back to the system.
public enum MemoryTrim {
  /// Lets go of the program's pages that only starting needed: reading arguments, and looking through all types for how each can be
  /// printed or parsed, touches most of the executable and its libraries, a dozen megabytes. The system reads a page again when it is
  /// needed again.
  ///
  /// To be called once the server runs. Where it can't be done nothing happens.
  public static func releaseStartUp() {
    guard let file = fopen("/proc/self/smaps", "r") else { return }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 4096)
    var mapping: (start: UInt, size: Int)?
    while unsafe fgets(&buffer, Int32(buffer.count), file) != nil {
      let line = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let words = line.split { $0 == " " || $0 == "\n" }
      if let range = words.first?.split(separator: "-"), range.count == 2, let start = UInt(range[0], radix: 16),
        let end = UInt(range[1], radix: 16)
      {
        // A file's, and not to be written to.
        let isOfFile = words.count > 5 && words[5].hasPrefix("/")
        mapping = isOfFile && (words[1] == "r-xp" || words[1] == "r--p") ? (start, Int(end - start)) : nil
      } else if words.first == "Anonymous:", let (start, size) = mapping, words.count > 1, words[1] == "0" {
        // Pages that the dynamic linker has changed are not in the file, and would be lost; they are anonymous memory.
        _ = unsafe madvise(UnsafeMutableRawPointer(bitPattern: start), size, MADV_DONTNEED)
      }
    }
  }

  /// Gives the system back what was needed once and is free now. The allocator does so by itself only with what lies behind all that is in
  /// use: after a rush of output the process stayed hundreds of megabytes large with nothing in it.
  ///
  /// Takes some 1 ms, up to 20 after a rush. Where the system's allocator has no such function nothing happens.
  public static func releaseFreed() {
    guard let function = unsafe dlsym(nil, "malloc_trim") else { return }
    _ = unsafe unsafeBitCast(function, to: (@convention(c) (Int) -> CInt).self)(0)
  }
}
