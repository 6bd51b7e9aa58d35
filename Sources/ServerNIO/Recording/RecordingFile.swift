internal import Glibc

/// A file that grows at its end and is written by storing to memory that the system shares with it: what was stored is in the file even if the
/// process is killed or traps with the next instruction, and costs no system call.
///
/// Room on the disk is taken beforehand, so that no store can fail for want of it.
struct RecordingFile: ~Copyable {
  private let descriptor: Int32
  private var memory: UnsafeMutableRawPointer
  private var capacity: Int
  private(set) var count = 0

  /// Makes the file, readable by nobody else; there may be none of that name.
  ///
  /// - Parameter capacity: bytes; it grows if need be.
  init(_ path: String, capacity: Int) throws(SetupError) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw SetupError("the recording \(path) can't be made\(Files.Problem(code: errno).remark); choose another folder with --record")
    }
    let problem = posix_fallocate(descriptor, 0, capacity)
    let memory = problem == 0 ? mmap(nil, capacity, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0) : MAP_FAILED
    guard let memory, memory != MAP_FAILED else {
      let reason = Files.Problem(code: problem == 0 ? errno : problem)
      Glibc.close(descriptor)
      unlink(path)
      throw SetupError(
        "the recording \(path) can't have its \(capacity) bytes\(reason.remark); let it have fewer with --record-size, or choose another "
          + "folder with --record")
    }
    self.descriptor = descriptor
    self.memory = memory
    self.capacity = capacity
  }

  /// Returns false if there is no room on the disk.
  mutating func append(_ bytes: [UInt8]) -> Bool {
    guard count + bytes.count <= capacity || grow(to: count + bytes.count) else { return false }
    bytes.withUnsafeBytes { source in
      if let start = source.baseAddress { (memory + count).copyMemory(from: start, byteCount: bytes.count) }
    }
    count += bytes.count
    return true
  }

  private mutating func grow(to needed: Int) -> Bool {
    let larger = needed + (1 << 20)
    guard posix_fallocate(descriptor, 0, larger) == 0,
      let moved = mmap(nil, larger, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), moved != MAP_FAILED
    else { return false }
    munmap(memory, capacity)
    (memory, capacity) = (moved, larger)
    return true
  }

  /// Gives back the part of the file that was reserved and not used.
  deinit {
    munmap(memory, capacity)
    ftruncate(descriptor, count)
    Glibc.close(descriptor)
  }
}
