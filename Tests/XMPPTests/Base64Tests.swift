import Testing
import XML
import XMPP

struct Base64Tests {
  @Test func base64IsStrict() {
    #expect(Base64.decode("Zm9v") == Array("foo".utf8))
    #expect(Base64.decode("Zm8=") == Array("fo".utf8))
    #expect(Base64.decode("Zg==") == Array("f".utf8))
    for bad: Text in ["Zm9", "Zm9v=", "Z===", "====", "Zm 9v", "Zm9v\n", "Zg==" + "Zg==", "Z=g="] {
      #expect(Base64.decode(bad) == nil, "\(bad)")
    }
    for count in 0..<20 {
      let bytes = (0..<count).map { UInt8($0 * 37 & 255) }
      #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
  }
}
