import Testing
import XML

@testable import Scenario

@Suite("Running scripts")
struct RunnerTests {
  @Test func charactersActInTurn() throws {
    var driver = FakeDriver()
    try driver.arrive("Juliet's phone", after: 1, "<message from='romeo@localhost/any' id='7'><body>hi</body></message>")
    let outcome = run(
      """
      Romeo connects
      Juliet's phone connects
      Romeo sends:
      	<message to="${Juliet's phone's full JID}"/>
      Juliet's phone receives:
      	<message from="${Romeo's full JID}" id='{scansion:capture:ID}'/>
      Juliet's phone sends:
      	<message id='{scansion:capture:ID}'/>
      Romeo disconnects
      """, &driver)
    #expect(outcome == .passed)
    #expect(
      driver.log == [
        "connect Romeo", "connect Juliet's phone", "Romeo: <message to='juliet@localhost/phone'/>", "receive Juliet's phone",
        "Juliet's phone: <message id='7'/>", "disconnect Romeo", "finish",
      ])
  }

  @Test func whatIsPassedOverStaysWaiting() throws {
    var driver = FakeDriver()
    for id in ["1", "2", "1", "3"] { try driver.arrive("Romeo", "<message id='\(id)' n='{scansion:capture:N}'/>") }
    let outcome = run(
      """
      Romeo connects
      Romeo receives:
      	<message id='2'/>
      Romeo receives:
      	<message id='1'/>
      Romeo receives:
      	<message id='3'/>
      Romeo receives:
      	<message id='1'/>
      """, &driver, exact: true)
    #expect(outcome == .passed)
    // The stanza waiting since the first action is taken without asking for more.
    #expect(driver.log == ["connect Romeo"] + Array(repeating: "receive Romeo", count: 4) + ["peek Romeo", "finish"])
  }

  @Test func theNextStanzaIsTheFirstThatWasNotReceived() throws {
    var driver = FakeDriver()
    for id in ["1", "2", "3"] { try driver.arrive("Romeo", "<message id='\(id)'/>") }
    let second = "Romeo connects\nRomeo receives:\n\t<message id='2'/>\n"
    #expect(run(second + "Romeo receives next:\n\t<message id='1'/>\nRomeo receives next:\n\t<message id='3'/>", &driver) == .passed)
    driver = FakeDriver()
    for id in ["1", "2", "3"] { try driver.arrive("Romeo", "<message id='\(id)'/>") }
    #expect(
      run(second + "Romeo receives next:\n\t<message id='3'/>", &driver)
        == .failed(
          line: 16, expected: "next <message id='3'/>", got: "<message id='1'/>\n  attribute 'id' is '1', expected '3'"))
    driver = FakeDriver()
    #expect(
      run("Romeo connects\nRomeo receives next:\n\t<message/>", &driver) == .failed(line: 14, expected: "next <message/>", got: "nothing"))
  }

  @Test func aRestartEndsEveryConnectionAndDropsWhatWaits() throws {
    let text = "Romeo connects\nJuliet connects\nThe server restarts\n7 seconds pass\nRomeo connects"
    var driver = FakeDriver()
    #expect(run(text, &driver) == .passed)
    #expect(
      driver.log == ["connect Romeo", "connect Juliet", "restart", "wait 7", "connect Romeo", "finish"])
    driver = FakeDriver()
    try driver.arrive("Juliet", "<message/>")
    let left = "nothing more for Juliet before the server restarts"
    #expect(run(text, &driver, exact: true) == .failed(line: 15, expected: left, got: "<message/>"))
    driver = FakeDriver()
    let sends = "Romeo connects\nThe server restarts\nRomeo disconnects"
    #expect(run(sends, &driver) == .failed(line: 15, expected: "Romeo is connected", got: "Romeo is not"))
  }

  /// A crash and a broken connection lose what waits, also where all must have been asked for; a driver that has no such faults says so.
  @Test func faultsEndConnectionsAndDropWhatWaits() throws {
    var driver = FakeDriver()
    let text = "Romeo connects\nJuliet connects\nJuliet loses the connection\nThe server crashes\nRomeo connects\nJuliet connects"
    driver.hasFaults = true
    #expect(run(text, &driver, exact: true) == .passed)
    #expect(
      driver.log == [
        "connect Romeo", "connect Juliet", "break Juliet", "crash", "connect Romeo", "connect Juliet", "peek Romeo", "peek Juliet",
        "finish",
      ])
    driver = FakeDriver()
    let why = "only the simulator can make a commit fail"
    #expect(run("Romeo connects\nThe next commit fails", &driver) == .failed(line: 14, expected: "the next commit fails", got: why))
  }

  @Test func requestsOfTheOperatorAreDoneOrRefused() throws {
    var driver = FakeDriver()
    driver.refused = ["romeo@localhost"]
    let good = "The operator deletes juliet@localhost\nThe operator fails to delete romeo@localhost"
    #expect(run(good, &driver) == .passed)
    #expect(driver.log == ["The operator deletes juliet@localhost", "The operator deletes romeo@localhost", "finish"])
    #expect(
      run("The operator deletes romeo@localhost", &driver)
        == .failed(line: 13, expected: "The operator deletes romeo@localhost", got: "no"))
    #expect(
      run("The operator fails to delete juliet@localhost", &driver)
        == .failed(line: 13, expected: "The operator fails to delete juliet@localhost", got: "it is done"))
  }

  @Test func aLoginMayHaveToFail() throws {
    var driver = FakeDriver()
    #expect(
      run("Romeo fails to connect", &driver)
        == .failed(line: 13, expected: "Romeo fails to connect", got: "Romeo is logged in as romeo@localhost/any"))
    driver = FakeDriver()
    driver.refusal = DriverError(message: "login failed: not-authorized")
    #expect(run("Romeo fails to connect\nRomeo fails to connect with the password: x", &driver) == .passed)
    let twice = ["connect Romeo", "disconnect Romeo"]
    #expect(driver.log == twice + twice + ["finish"])
  }

  @Test func bytesGoOnAnOpenConnection() throws {
    var driver = FakeDriver()
    try driver.arrive("Romeo", after: 1, "<a/>")
    #expect(run("Romeo opens a connection\nRomeo writes 2 times:\n\ta\\i\nRomeo receives:\n\t<a/>\nRomeo disconnects", &driver) == .passed)
    #expect(driver.log == ["open Romeo", "Romeo writes a0a1", "receive Romeo", "disconnect Romeo", "finish"])
    driver = FakeDriver()
    #expect(run("Romeo writes:\n\ta", &driver) == .failed(line: 13, expected: "Romeo is connected", got: "Romeo is not"))
    #expect(
      run("Romeo connects\nRomeo opens a connection", &driver)
        == .failed(line: 14, expected: "Romeo opens a connection", got: "Romeo is connected"))
  }

  @Test func theDiskIsTheSimulators() throws {
    var driver = FakeDriver()
    #expect(
      run("The disk is full", &driver)
        == .failed(line: 13, expected: "The disk is full", got: "only the simulator can change the server's disk, storage or clock"))
    driver = FakeDriver()
    driver.hasFaults = true
    #expect(run("The disk is full\nThe disk works again", &driver) == .passed)
    #expect(driver.log == ["The disk is full", "The disk works again", "finish"])
  }

  @Test func eachCharacterReceivesItsOwn() throws {
    var driver = FakeDriver()
    try driver.arrive("Juliet", "<message/>")
    let outcome = run("Romeo connects\nJuliet connects\nRomeo receives:\n\t<message/>", &driver)
    #expect(outcome == .failed(line: 15, expected: "<message/>", got: "nothing"))
  }

  @Test func aFailureShowsWhatCameNearestAndWhy() throws {
    var driver = FakeDriver()
    try driver.arrive("Romeo", "<presence/>")
    try driver.arrive("Romeo", "<iq/>")
    try driver.arrive("Romeo", "<message from='r'><x xmlns='urn:n'><item affiliation='none'/></x></message>")
    try driver.arrive("Romeo", "<message from='s'/>")
    let outcome = run(
      """
      Romeo connects
      Romeo receives:
      	<message from='r'><x xmlns='urn:n'><item affiliation='member' jid="${Romeo's JID}"/></x></message>
      Romeo sends:
      	<presence/>
      """, &driver)
    #expect(
      outcome
        == .failed(
          line: 14,
          expected: "<message from='r'><x xmlns='urn:n'><item affiliation='member' jid='romeo@localhost'/></x></message>",
          got: """
            <message from='r'><x xmlns='urn:n'><item affiliation='none'/></x></message>
              in <x xmlns='urn:n'/>: in <item xmlns='urn:n'/>: attribute 'affiliation' is 'none', expected 'member'
              in <x xmlns='urn:n'/>: in <item xmlns='urn:n'/>: attribute 'jid' is missing, expected 'romeo@localhost'
            <presence/>
            <iq/>
            and 1 more
            """))
    #expect(driver.log.last == "finish")
    #expect(!driver.log.contains { $0.hasPrefix("Romeo:") }, "nothing happens after a failure")
  }

  @Test(arguments: [true, false])
  func nothingMeansNothing(exact: Bool) throws {
    let actions = "Romeo connects\nRomeo receives: nothing"
    var quiet = FakeDriver()
    #expect(run(actions, &quiet, exact: exact) == .passed)
    var loud = FakeDriver()
    try loud.arrive("Romeo", "<presence/>")
    #expect(run(actions, &loud, exact: exact) == .failed(line: 14, expected: "nothing for Romeo", got: "<presence/>"))
    #expect(!loud.log.contains("receive Romeo"), "that could take a time-out")
  }

  @Test func nothingAlsoMeansNothingWaiting() throws {
    var driver = FakeDriver()
    try driver.arrive("Romeo", "<presence/>")
    try driver.arrive("Romeo", "<message/>")
    let outcome = run("Romeo connects\nRomeo receives:\n\t<message/>\nRomeo receives: nothing", &driver)
    #expect(outcome == .failed(line: 16, expected: "nothing for Romeo", got: "<presence/>"))
  }

  @Test func leftoversFailOnlyWhenExact() throws {
    let actions = "Romeo connects\nJuliet connects\nRomeo sends:\n\t<presence/>"
    for (exact, expected) in [
      (false, Outcome.passed),
      (true, .failed(line: 15, expected: "nothing more for Juliet at the end of the script", got: "<presence/>")),
    ] {
      var driver = FakeDriver()
      try driver.arrive("Juliet", after: 1, "<presence/>")
      #expect(run(actions, &driver, exact: exact) == expected)
    }
  }

  @Test func leftoversFailAtTheDisconnectionThatLosesThem() throws {
    var driver = FakeDriver()
    for id in 1...5 { try driver.arrive("Romeo", "<message id='\(id)'/>") }
    let outcome = run("Romeo connects\nRomeo disconnects\nRomeo connects", &driver, exact: true)
    guard case .failed(14, "nothing more for Romeo, who disconnects", let got) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(got == "<message id='1'/>\n<message id='2'/>\n<message id='3'/>\nand 1 more")
    #expect(!driver.log.contains("disconnect Romeo"))
  }

  @Test func whatWaitsIsForgottenWithTheConnection() throws {
    var driver = FakeDriver()
    try driver.arrive("Romeo", "<presence/>")
    try driver.arrive("Romeo", "<message/>")
    let actions = "Romeo connects\nRomeo receives:\n\t<message/>\nRomeo disconnects\nRomeo connects\nRomeo receives: nothing"
    #expect(run(actions, &driver) == .passed)
  }

  @Test(arguments: [
    ("Romeo sends:\n\t<presence/>", 13, "Romeo is connected", "Romeo is not"),
    ("Romeo connects\nRomeo connects", 14, "Romeo connects", "Romeo is connected"),
    ("Romeo connects\nRomeo disconnects\nRomeo receives: nothing", 15, "Romeo is connected", "Romeo is not"),
    (
      "Romeo connects\nRomeo sends:\n\t<m to=\"${Juliet's full JID}\"/>", 14, "a value for ${Juliet's full JID}, to send",
      "none is known yet"
    ),
    (
      "Romeo connects\nRomeo sends:\n\t<m to='{scansion:capture:X}'/>", 14, "a value for {scansion:capture:X}, to send",
      "none is known yet"
    ),
  ])
  func whatCanNotBeDoneFails(_ actions: String, _ line: Int, _ expected: String, _ got: String) {
    var driver = FakeDriver()
    #expect(run(actions, &driver) == .failed(line: line, expected: expected, got: got))
  }

  @Test func theDriversErrorsAreReported() {
    var driver = FakeDriver(refusal: DriverError(message: "connection refused"))
    #expect(run("\nRomeo connects", &driver) == .failed(line: 14, expected: "Romeo connects", got: "connection refused"))
    #expect(driver.log == ["connect Romeo", "finish"])
  }

  @Test func outcomesAreReadable() {
    #expect(Outcome.passed.description == "passed")
    #expect(
      Outcome.failed(line: 3, expected: "<a>\n</a>", got: "nothing").description
        == "failed at line 3\nexpected:\n  <a>\n  </a>\ngot:\n  nothing")
  }

  private func run(_ actions: String, _ driver: inout FakeDriver, exact: Bool = false) -> Outcome {
    do {
      return ScenarioRunner(exact: exact).run(try script(actions), with: &driver)
    } catch {
      Issue.record(error)
      return .passed
    }
  }
}
