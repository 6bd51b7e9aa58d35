internal import Glibc
internal import NIOCore
internal import ServerCore

extension Instant {
  /// This moment: `CLOCK_MONOTONIC`, on which NIO's deadlines stand too, and `CLOCK_REALTIME`.
  static func now() -> Instant {
    var wall = timespec()
    clock_gettime(CLOCK_REALTIME, &wall)
    return Instant(
      monotonic: Int64(NIODeadline.now().uptimeNanoseconds), wall: Int64(wall.tv_sec) * 1_000_000_000 + Int64(wall.tv_nsec))
  }
}
