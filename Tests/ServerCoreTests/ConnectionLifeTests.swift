import ServerCore
import Testing

struct ConnectionLifeTests {
  @Test func endsWhenAllIsWritten() {
    var life = ConnectionLife()
    life.writes()
    life.writes()
    #expect(life.close() == [.read, .wait(.seconds(10))])
    #expect(!life.isOpen)
    #expect(life.wrote() == [])
    #expect(life.wrote() == [.endOutput, .wait(.seconds(2))])
    #expect(life.peerFinished() == [.abort])
    life.gone()
    #expect(life.isClosed)
    #expect(life.abort() == [])
  }

  @Test func nothingToWriteEndsAtOnce() {
    var life = ConnectionLife()
    #expect(life.close() == [.read, .wait(.seconds(10)), .endOutput, .wait(.seconds(2))])
    #expect(life.close() == [])
    #expect(life.waited() == [.abort])
  }

  @Test func aPeerThatFinishesIsFollowed() {
    var life = ConnectionLife()
    life.writes()
    #expect(life.peerFinished() == [.read, .wait(.seconds(10))])
    #expect(life.wrote() == [.endOutput, .wait(.seconds(2))])
  }

  @Test func aFailedWriteWhileOpenEndsNothing() {
    var life = ConnectionLife()
    life.writes()
    #expect(life.wrote() == [])
    #expect(life.isOpen)
    #expect(life.abort() == [.abort])
  }
}
