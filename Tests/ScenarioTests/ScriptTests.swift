import Testing
import XML

@testable import Scenario

@Suite("Reading scripts")
struct ScriptTests {
  @Test func everythingThatAScriptMaySay() throws {
    let source = """
      # A title
      # What it is about,
      # in two lines
      ## muc
      ## version: 0.12: and later
      // a remark
      -- another

      [Client] Romeo
      	jid: romeo@localhost
      	password: a: b

      # Not the description
      [Client] Juliet's phone
          jid: juliet@localhost/old
          // in between
          password: p
          resource: phone
          connect_host: ::1
          connect_port: 5223

      -------

      // first
      Romeo connects
      -- second
      Juliet's phone connects

      Romeo sends:
      	<presence/>
      ------
      Romeo receives:
        # why
        <presence>

          <show>away</show>
        </presence>
        // behind it
      Romeo receives:   nothing
      Juliet's phone disconnects
      """
    let script = try Script(parsing: source, name: "a.scs")
    #expect(script.name == "a.scs")
    #expect(script.title == "A title")
    #expect(script.description == "What it is about,\nin two lines")
    #expect(script.tags == [.init(name: "muc"), .init(name: "version", value: "0.12: and later")])
    #expect(
      script.cast == [
        Scenario.Character(name: "Romeo", jid: "romeo@localhost", password: "a: b", line: 9),
        Scenario.Character(
          name: "Juliet's phone", jid: "juliet@localhost/old", password: "p", resource: "phone", connectHost: "::1", connectPort: 5223,
          line: 14),
      ])
    #expect(
      script.actions.map(describe) == [
        "25 Romeo connects", "27 Juliet's phone connects", "29 Romeo sends <presence/>",
        "32 Romeo receives <presence>\n\n  <show>away</show>\n</presence>", "39 Romeo receives nothing", "40 Juliet's phone disconnects",
      ])
  }

  @Test func windowsLineEndsAndAByteOrderMark() throws {
    let source = "\u{FEFF}# T\n[Client] R\n\tjid: r@x\n\tpassword: p\n-----\nR sends:\n\t<message>\n\t<body>a</body>\n\t</message>\n"
    let script = try Script(parsing: String(source.map { $0 == "\n" ? "\r\n" : String($0) }.joined()), name: "crlf")
    #expect(script.title == "T")
    #expect(script.actions.map(describe) == ["6 R sends <message>\n<body>a</body>\n</message>"])
  }

  @Test func aFullAddressAsksForItsResource() throws {
    let cast = try script("").cast
    #expect(cast.map(\.resource) == [nil, "balcony", "phone"])
    #expect(cast.map(\.bareJID) == ["romeo@localhost", "juliet@localhost", "juliet@localhost"])
    #expect(cast[1].jid == "juliet@localhost/balcony")
  }

  @Test func theLongestNameActs() throws {
    let actions = try script("Juliet connects\nJuliet's phone connects\nJuliet's phone receives: nothing").actions
    #expect(actions.map(describe) == ["13 Juliet connects", "14 Juliet's phone connects", "15 Juliet's phone receives nothing"])
  }

  @Test func eventsWithoutACharacter() throws {
    let faults = "The server crashes\nthe next commit fails\nJuliet's phone loses the connection"
    #expect(
      try script(faults).actions.map(describe) == ["13 crash", "14 commit fails", "15 Juliet's phone loses the connection"])
    let actions = try script("The server restarts\nthe server restarts\n1 second passes\n86400 seconds pass\nRomeo receives next:\n\t<a/>")
      .actions
    #expect(actions.map(describe) == ["13 restart", "14 restart", "15 1 s", "16 86400 s", "17 Romeo receives next <a/>"])
  }

  @Test func logins() throws {
    let lines = [
      "Romeo connects", "Romeo connects with the password: a: b c ", "Romeo fails to connect",
      "Romeo fails to connect with the password: x",
      "Romeo opens a connection", "Romeo stops reading", "Romeo goes on",
    ]
    #expect(
      try script(lines.joined(separator: "\n")).actions.map(describe) == [
        "13 Romeo connects", "14 Romeo connects by a: b c", "15 Romeo fails to connect", "16 Romeo fails to connect by x",
        "17 Romeo opens a connection", "18 Romeo stops reading", "19 Romeo goes on",
      ])
  }

  @Test func theOperatorAndTheWorld() throws {
    let lines = [
      "The operator adds juliet@localhost with the password: a: b", "The operator changes the password of juliet@localhost to: to: c",
      "The operator deletes juliet@localhost", "The operator disables juliet@localhost", "The operator enables juliet@localhost",
      "The operator fails to add juliet@localhost with the password: x", "The operator fails to change the password of a@localhost to: y",
      "The operator fails to delete a@[::1]", "The disk is full", "The disk takes 20 times as long", "The disk hangs",
      "The disk works again", "Storage can't be read", "Storage can be read again", "The clock is set 60 seconds ahead",
      "The clock is set 1 seconds back",
    ]
    let actions = try script(lines.joined(separator: "\n")).actions
    #expect(actions.map(describe) == lines.enumerated().map { "\(13 + $0.offset) \($0.element)" })
    #expect(try script("the clock is SET 1 second back").actions.map(describe) == ["13 The clock is set 1 seconds back"])
    #expect(try script("the OPERATOR Deletes JULIET@localhost").actions.map(describe) == ["13 The operator deletes juliet@localhost"])
  }

  @Test func bytes() throws {
    let actions = try script(
      "Romeo writes:\n\t<a>\\n\\r\\t\\\\\\x00\\xfF\n\n\t# no bytes\n\t\\x23 b\nRomeo writes 3 times:\n    a\\i\n     b"
    ).actions
    #expect(
      actions.map(describe) == [
        "13 Romeo writes \(Array("<a>\n\r\t\\\0".utf8) + [0xFF] + Array("# b".utf8))",
        "18 Romeo writes \(Array("a0 ba1 ba2 b".utf8))",
      ])
  }

  /// Bytes of whatever kind read the same when they are written as lines of a script.
  @Test func bytesAsLines() throws {
    let all = (0...255).map { UInt8($0) }
    for bytes in [all, [0x23], Array("// a".utf8), Array("-- \n ".utf8), Array(" a ".utf8), Array(repeating: 0x20, count: 1000), all + all]
    {
      let text = "Romeo writes:\n" + RawBytes(bytes).lines.joined(separator: "\n")
      guard case .character(_, .writes(let read)) = try script(text).actions[0].event else {
        Issue.record("\(text)")
        continue
      }
      #expect(read.all == bytes, "\(text)")
    }
  }

  @Test(
    arguments: [
      ("Romeo connects", nil), ("The server restarts", nil), ("The operator deletes a@localhost", nil),
      ("The server crashes", "a crash of the server"),
      ("Romeo connects\nThe disk hangs", "a disk that changes"), ("Romeo loses the connection", "a connection that breaks"),
      ("The next commit fails", "a commit that fails"), ("Storage can't be read", "storage that can't be read"),
      ("The clock is set 1 second back", "a clock that is set"), ("Romeo reads again", "a client that does not read"),
      ("Romeo stalls", "a connection that stalls"),
    ] as [(String, String?)])
  func faultsAreTheSimulators(actions: String, what: String?) throws {
    let found = try script(actions).simulatedAction
    #expect(found?.what == what)
    #expect(found.map { $0.line == 12 + actions.split(separator: "\n").count } ?? true)
  }

  @Test func aScriptWithoutCommentsIsCalledByItsName() throws {
    #expect(try Script(parsing: "-----", name: "empty.scs").title == "empty.scs")
  }

  @Test func stanzasStandInTheClientNamespaceAndMayUseXMLAndScansionPrefixes() throws {
    let element = try element("<message xml:lang='en' scansion:strict='true'><body/><x xmlns='urn:a'><y/></x></message>")
    #expect(element.is("message", "jabber:client"))
    #expect(element.lang == "en")
    #expect(element.attributes.contains { $0.name == "strict" && $0.namespace == StanzaBlock.namespace })
    #expect(element.firstChild?.namespace == "jabber:client")
    #expect(element.child("x", "urn:a")?.firstChild?.namespace == "urn:a")
  }

  private func describe(_ action: Action) -> String {
    switch action.event {
    case .character(let name, let verb): "\(action.line) \(name) \(describe(verb))"
    case .serverRestarts: "\(action.line) restart"
    case .serverCrashes: "\(action.line) crash"
    case .nextCommitFails: "\(action.line) commit fails"
    case .world(let change): "\(action.line) \(change.line)"
    case .operates(let request, let isRefused): "\(action.line) \(request.line(isRefused: isRefused))"
    case .timePasses(let seconds): "\(action.line) \(seconds) s"
    }
  }

  private func describe(_ verb: Action.Verb) -> String {
    switch verb {
    case .connects(let password): "connects" + (password.map { " by \($0)" } ?? "")
    case .failsToConnect(let password): "fails to connect" + (password.map { " by \($0)" } ?? "")
    case .opensConnection: "opens a connection"
    case .writes(let bytes): "writes \(bytes.all)"
    case .disconnects: "disconnects"
    case .losesConnection: "loses the connection"
    case .connection(let change): change.rawValue
    case .sends(let template): "sends \(template.element)"
    case .receives(let template): "receives \(template.element)"
    case .receivesNext(let template): "receives next \(template.element)"
    case .receivesNothing: "receives nothing"
    }
  }
}

@Suite("Errors in scripts")
struct ScriptErrorTests {
  @Test(arguments: [
    ("", 1, "no line of five or more dashes"),
    ("# T\n----\n[Client] R\n\tjid: r@x\n\tpassword: p\n", 6, "no line of five or more dashes"),
    ("# T\nR connects\n-----", 2, "expected a character"),
    ("# T\n\tjid: x\n-----", 2, "expected a character"),
    ("[Component] C\n-----", 1, "only kind"),
    ("[Client]\n-----", 1, "no name"),
    ("[Client] R\n\tpassword: p\n-----", 1, "R has no jid"),
    ("[Client] R\n\tjid: r@x\n-----", 1, "R has no password"),
    ("[Client] R\n\tjid: r@x\n\tjid: r@x\n-----", 3, "twice"),
    ("[Client] R\n\tjid r@x\n-----", 2, "key: value"),
    ("[Client] R\n\tjid:\n-----", 2, "key: value"),
    ("[Client] R\n\tcolour: red\n-----", 2, "unknown setting 'colour'"),
    ("[Client] R\n\tconnect_port: 65536\n-----", 2, "not a port"),
    ("[Client] R\n\tdirect_tls: yes\n-----", 2, "neither true nor false"),
    ("[Client] R\n\tdirect_tls: true\n\tdirect_tls: true\n-----", 3, "given twice"),
    ("[Client] R\n\tjid: r@x\n\tpassword: p\n[Client] R\n\tjid: r@x\n\tpassword: p\n-----", 4, "another character called R"),
  ])
  func ofTheCast(_ source: String, _ line: Int, _ message: String) {
    expectError(line, message) { try Script(parsing: source, name: "test.scs") }
  }

  @Test(arguments: [
    ("Mercutio connects", 13, "expected one of the cast"),
    ("Romeos connects", 13, "expected one of the cast"),
    ("Romeo", 13, "expected one of the cast"),
    ("The server rests", 13, "expected one of the cast"),
    ("0 seconds pass", 13, "'0' is not a number of seconds from 1 to 86400"),
    ("86401 seconds pass", 13, "'86401' is not a number of seconds"),
    ("some seconds pass", 13, "'some' is not a number of seconds"),
    ("3 minutes pass", 13, "expected one of the cast"),
    ("The operator", 13, "expected 'the operator adds ADDRESS"),
    ("The operator sleeps", 13, "the operator can't 'sleep'"),
    ("The operator delete a@x", 13, "the operator can't 'delete'"),
    ("The operator fails to deletes a@x", 13, "the operator can't 'deletes'"),
    ("The operator deletes", 13, "expected 'the operator adds ADDRESS"),
    ("The operator deletes a@x b", 13, "something stands behind the address"),
    ("The operator deletes x", 13, "'x' is not the address of an account, such as juliet@localhost"),
    ("The operator deletes a@x/r", 13, "'a@x/r' is not the address of an account"),
    ("The operator adds a@x", 13, "expected 'the operator adds ADDRESS"),
    ("The operator adds a@x with the password:", 13, "the password is missing behind 'with the password:'"),
    ("The operator changes the password of a@x to:  ", 13, "the password is missing behind 'to:'"),
    ("The operator changes the password of a@x", 13, "expected 'the operator adds ADDRESS"),
    ("The clock strikes", 13, "expected 'the clock is set 60 seconds ahead'"),
    ("The clock is set 0 seconds back", 13, "at most 86400 seconds"),
    ("The clock is set 86401 seconds ahead", 13, "at most 86400 seconds"),
    ("The clock is set 5 seconds sideways", 13, "expected 'the clock is set 60 seconds ahead'"),
    ("The disk is empty", 13, "expected 'the disk is full'"),
    ("The disk takes 1 times as long", 13, "'1' is not a number from 2 to 1000"),
    ("The disk takes some times as long", 13, "'some' is not a number from 2 to 1000"),
    ("Romeo connects with the password:", 13, "Romeo can't"),
    ("Romeo writes 0 times:\n\ta", 13, "'0' is not a number from 1 to 100000"),
    ("Romeo writes some times:\n\ta", 13, "'some' is not a number from 1 to 100000"),
    ("Romeo writes:\nRomeo connects", 13, "the bytes must follow, in indented lines"),
    ("Romeo writes:\n\ta\n\tb\\q", 15, "'\\q' is no escape"),
    ("Romeo writes:\n\ta\\", 14, "'\\' is no escape"),
    ("Romeo writes:\n\ta\\x1", 14, "'\\x1' is no byte"),
    ("Romeo writes:\n\ta\\x+1", 14, "'\\x+1' is no byte"),
    ("Romeo writes 100000 times:\n\t\(String(repeating: "a", count: 200))", 14, "no more than 4194304 may be written at once"),
    ("Romeo receives next:", 13, "indented stanza must follow"),
    ("Romeo receives next: nothing", 13, "Romeo can't"),
    ("Romeo dances", 13, "Romeo can't 'dances'"),
    ("Romeo sends", 13, "Romeo can't 'sends'"),
    ("Romeo receives: everything", 13, "Romeo can't"),
    ("Romeo connects\n\t<presence/>", 14, "belongs to no action"),
    ("\nRomeo sends:\n\nRomeo connects", 14, "indented stanza must follow"),
    ("Romeo sends:", 13, "indented stanza must follow"),
  ])
  func ofActions(_ actions: String, _ line: Int, _ message: String) {
    expectError(line, message) { try script(actions) }
  }

  @Test(arguments: [
    ("<a>\n\t<b>\n\t</c>\n\t</a>", 16, "not well-formed"),
    ("<a>\n\t<b/>\n\nRomeo connects", 15, "does not end"),
    ("<a>\n\t<b c=1/>\n\t</a>", 15, "not well-formed"),
    ("<a>\n\t<b>\n\t<c d='' d=''/>\n\t</b>\n\t</a>", 16, "not well-formed"),
    ("<a>\n\t<b/>\n\tthis & that\n\t</a>", 16, "not well-formed"),
    ("<a>\n\t<b>&nbsp;</b>\n\t</a>", 15, "entities"),
    ("<a>\n\t<!-- hello -->\n\t</a>", 15, "comments"),
    ("<a>\n\t<n:b/>\n\t</a>", 15, "prefix"),
    ("<a xmlns:m='urn:m'>\n\t<m:b/>\n\t<n:b/>\n\t</a>", 15, "prefix"),
    ("Hello\n\t<a/>", 14, "outside"),
    ("<a/>\n\t<b/>", 15, "only one stanza"),
    ("<a/><b/>", 14, "behind the stanza"),
    ("<a/> b", 14, "behind the stanza"),
    ("<a/>\n\tb", 15, "behind the stanza"),
    ("<a/>\n\t<b", 15, "behind the stanza"),
    ("</stream>", 14, "</stream>"),
    ("<a>\n\t<b jid=\"${Mercutio's JID}\"/>\n\t</a>", 15, "no character is called Mercutio"),
    ("<a>\n\t<b jid='${Romeo}'/>\n\t</a>", 15, "unknown placeholder ${Romeo}"),
    ("<a>\n\t<b jid='{scansion:some}'/>\n\t</a>", 15, "unknown placeholder"),
    ("<a>\n\t<b>{scansion:capture:}</b>\n\t</a>", 15, "unknown placeholder"),
    ("<a>\n\t<b jid='{scansion:any'/>\n\t</a>", 15, "does not end"),
    ("<a>\n\t<b jid='{scansion:any}'/>\n\t</a>", 15, "nothing that could be sent"),
    ("<a>\n\t<b scansion:strict='yes'/>\n\t</a>", 15, "must be 'true' or 'false'"),
    ("<a>\n\t<b scansion:lax='true'/>\n\t</a>", 15, "unknown attribute 'scansion:lax'"),
  ])
  func ofStanzas(_ xml: String, _ line: Int, _ message: String) {
    expectError(line, message) { try script("Romeo sends:\n\t" + xml) }
  }

  @Test func sayWhere() {
    #expect(ScriptError(name: "a.scs", line: 3, message: "what").description == "a.scs:3: what")
  }

  private func expectError(_ line: Int, _ message: String, _ read: () throws -> Script) {
    do {
      _ = try read()
      Issue.record("no error")
    } catch let error as ScriptError {
      #expect(error.line == line, "\(error)")
      #expect(error.message.contains(message), "\(error)")
    } catch {
      Issue.record(error)
    }
  }
}
