import Foundation
import ServerNIO
import Testing

struct FootprintTests {
  /// Kilobytes of files that this process has in memory.
  private static func pagesOfFiles() throws -> Int {
    let lines = try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split(separator: "\n")
    let line = try #require(lines.first { $0.hasPrefix("RssFile:") })
    return try #require(line.split(separator: " ").compactMap { Int($0.filter(\.isNumber)) }.first)
  }

  /// Every process that runs tests has looked through its types; and it goes on.
  @Test func whatStartingNeededIsLetGoOf() throws {
    let before = try Self.pagesOfFiles()
    Footprint.releaseStartUp()
    let after = try Self.pagesOfFiles()
    #expect(after < before - 5000)
  }
}
