import ServerCore
import Testing

struct CloseSequenceTests {
  @Test func endsWhenAllIsWritten() {
    var closing = CloseSequence()
    closing.writes()
    closing.writes()
    #expect(closing.close() == [.read, .wait(.seconds(10))])
    #expect(!closing.isOpen)
    #expect(closing.wrote() == [])
    #expect(closing.wrote() == [.endOutput, .wait(.seconds(2))])
    #expect(closing.peerHalfClosed() == [.abort])
    closing.closed()
    #expect(closing.isClosed)
    #expect(closing.abort() == [])
  }

  @Test func nothingToWriteEndsAtOnce() {
    var closing = CloseSequence()
    #expect(closing.close() == [.read, .wait(.seconds(10)), .endOutput, .wait(.seconds(2))])
    #expect(closing.close() == [])
    #expect(closing.timedOut() == [.abort])
  }

  @Test func aPeerThatFinishesIsFollowed() {
    var closing = CloseSequence()
    closing.writes()
    #expect(closing.peerHalfClosed() == [.read, .wait(.seconds(10))])
    #expect(closing.wrote() == [.endOutput, .wait(.seconds(2))])
  }

  @Test func aFailedWriteWhileOpenEndsNothing() {
    var closing = CloseSequence()
    closing.writes()
    #expect(closing.wrote() == [])
    #expect(closing.isOpen)
    #expect(closing.abort() == [.abort])
  }
}
