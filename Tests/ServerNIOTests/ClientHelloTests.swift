import Testing
import XML

@testable import ServerNIO

struct ClientHelloTests {
  private static func vector(_ lengthBytes: Int, _ content: [UInt8]) -> [UInt8] {
    (0..<lengthBytes).reversed().map { UInt8(truncatingIfNeeded: content.count >> (8 * $0)) } + content
  }
  private static func protocols(_ names: [String]) -> [UInt8] {
    [0, 16] + vector(2, vector(2, names.flatMap { vector(1, Array($0.utf8)) }))
  }
  /// Another extension, whose content looks like names.
  private static let other: [UInt8] = [0, 0] + vector(2, [0, 16, 0, 3, 2, 104, 50])

  /// The message, in records of so many bytes.
  private static func hello(_ extensions: [UInt8], recordBytes: Int = 1 << 14) -> [UInt8] {
    let body =
      [3, 3] + Array(repeating: 7, count: 32) + vector(1, [1, 2]) + vector(2, [0x13, 1]) + vector(1, [0]) + vector(2, extensions)
    let message = [1] + vector(3, body)
    return stride(from: 0, to: message.count, by: recordBytes).flatMap { start in
      [22, 3, 1] + vector(2, Array(message[start..<min(start + recordBytes, message.count)]))
    }
  }

  private func read(_ bytes: [UInt8]) -> ClientHello {
    var hello = ClientHello()
    for byte in bytes { hello.read([byte]) }
    var whole = ClientHello()
    whole.read(bytes)
    #expect(whole.offeredProtocol == hello.offeredProtocol && whole.isComplete == hello.isComplete)
    return hello
  }

  @Test(
    arguments: [
      (other + protocols(["h2", "xmpp-client"]), "h2"), (protocols(["xmpp-client"]) + other, "xmpp-client"), (other, nil), ([], nil),
      (protocols([]), nil), ([0, 16, 0, 9, 0, 3, 2, 104, 50], nil), ([0, 16, 0, 3, 0, 9, 2], nil), ([0], nil),
    ] as [([UInt8], Text?)])
  func theFirstProtocol(_ extensions: [UInt8], _ name: Text?) {
    for recordBytes in [1, 3, 50, 1 << 14] {
      let hello = read(Self.hello(extensions, recordBytes: recordBytes) + [22, 3, 3, 0, 1, 1])
      #expect(hello.isComplete)
      #expect(hello.offeredProtocol == name, "\(recordBytes)")
    }
  }

  /// A part of a message says nothing yet; what is none, or is too long, never will.
  @Test(
    arguments: [
      (Array(hello(protocols(["h2"])).dropLast()), false), ([], false), ([22, 3, 1, 0, 0], false), ([23, 3, 1, 0, 9], true),
      (Array("<?xml version='1.0'?>".utf8), true), ([22, 3, 1, 0, 9, 2, 0, 0, 5], true), ([22, 3, 1, 64, 0, 1, 0, 64, 1], true),
      ([22, 3, 1, 0, 5, 1, 0, 0, 1, 3], true), ([22, 3, 1, 0, 4, 1, 0, 0, 0], true),
    ] as [([UInt8], Bool)])
  func noProtocol(_ bytes: [UInt8], isComplete: Bool) {
    let hello = read(bytes)
    #expect(hello.isComplete == isComplete)
    #expect(hello.offeredProtocol == nil)
  }
}
