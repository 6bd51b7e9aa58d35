import Foundation
import ServerNIO
import Testing

struct MemoryTrimTests {
  /// Kilobytes of files that this process has in memory.
  private static func pagesOfFiles() throws -> Int {
    let lines = try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split(separator: "\n")
    let line = try #require(lines.first { $0.hasPrefix("RssFile:") })
    return try #require(line.split(separator: " ").compactMap { Int($0.filter(\.isNumber)) }.first)
  }

  /// Every process that runs tests has looked through its types; and it goes on.
  @Test func whatStartingNeededIsLetGoOf() throws {
    let before = try Self.pagesOfFiles()
    MemoryTrim.releaseStartUp()
    let after = try Self.pagesOfFiles()
    #expect(after < before - 5000)
  }

  /// Blocks that are free between others in use go back to the system only when it is told.
  @Test func whatIsFreeIsLetGoOf() throws {
    func resident() throws -> Int {
      let words = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
      return try #require(Int(words[1])) * 4
    }
    var blocks = (0..<4000).map { _ in [UInt8](repeating: 1, count: 50_000) }
    // Every other one stays, and the last, behind which nothing is free.
    for index in stride(from: 0, to: blocks.count - 1, by: 2) { blocks[index] = [] }
    let before = try resident()
    MemoryTrim.releaseFreed()
    // Of a hundred megabytes; other tests, beside this one, need some meanwhile.
    #expect(try resident() < before - 20_000)
    withExtendedLifetime(blocks) {}
  }
}
