internal import Glibc

/// What the process has in memory of its own files.
public enum Footprint {
  /// Lets go of the program's pages that only starting needed: reading arguments, and looking through all types for how each can be
  /// printed or parsed, touches most of the executable and its libraries, a dozen megabytes. What is needed again comes back by itself.
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
        // What the dynamic linker has changed is not in the file, and would be lost; it is anonymous memory.
        _ = unsafe madvise(UnsafeMutableRawPointer(bitPattern: start), size, MADV_DONTNEED)
      }
    }
  }
}
