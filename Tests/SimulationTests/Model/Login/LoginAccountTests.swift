import OrderedCollections
import Testing
import XML

@testable import Simulation

/// The possible passwords of an account, from the requests about it and their answers.
struct LoginAccountTests {
  private let old = LoginAccountState.present(password: [1], isDisabled: false)
  private let new = LoginAccountState.present(password: [2], isDisabled: false)
  private func account() -> LoginAccount {
    var account = LoginAccount()
    account.request(.create(password: [1]), 1, at: 0)
    account.answered(1, isDone: true, at: 1)
    return account
  }

  @Test func bothAreThereUntilTheAnswer() {
    var account = account()
    #expect(account.possible == [old])
    account.request(.setPassword([2]), 2, at: 5)
    #expect(account.possible == [old, new])
    account.answered(2, isDone: true, at: 7)
    #expect(account.possible == [new])
    #expect(account.possible(since: 7) == [new, old])
    #expect(account.possible(since: 8) == [new])
    #expect(account.mayEndStreams("reset", since: 7))
    #expect(!account.mayEndStreams("reset", since: 8))
    #expect(!account.mayEndStreams("not-authorized", since: 0))
  }

  @Test func aRefusalChangesNothing() {
    var account = account()
    account.request(.delete, 2, at: 5)
    #expect(account.possible == [old, .absent])
    account.answered(2, isDone: false, at: 6)
    #expect(account.possible == [old])
  }

  @Test func requestsMayOvertakeEachOther() {
    var account = account()
    account.request(.delete, 2, at: 5)
    account.request(.create(password: [2]), 3, at: 5)
    #expect(account.possible == [old, .absent, new])
    account.answered(3, isDone: true, at: 6)
    #expect(account.possible == [new, .absent])
    account.answered(2, isDone: true, at: 7)
    #expect(account.possible == [.absent])
  }

  @Test func anAnswerThatWasLostLeavesBothPossible() {
    var account = account()
    account.request(.disable, 2, at: 5)
    account.settle(at: 6)
    #expect(account.isSettled)
    #expect(account.possible == [old, .present(password: [1], isDisabled: true)])
    account.learn({ $0 == old }, at: 7)
    #expect(account.possible == [old])
  }
}
