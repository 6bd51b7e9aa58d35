import Testing
import XML

@testable import Scenario

/// A script with Romeo, Juliet and Juliet's phone, whose first action stands at line 13.
func script(_ actions: String) throws -> Script {
  let cast = """
    # Test
    [Client] Romeo
    	jid: romeo@localhost
    	password: secret
    [Client] Juliet
    	jid: juliet@localhost/balcony
    	password: secret
    [Client] Juliet's phone
    	jid: juliet@localhost
    	password: secret
    	resource: phone
    -----

    """
  return try Script(parsing: cast + actions, name: "test.scs")
}

/// The template that a script would make of this XML.
func template(_ xml: String) throws -> Template {
  let action = try #require(try script("Romeo receives:\n\t" + xml.replacing("\n", with: "\n\t")).actions.first)
  guard case .character(_, .receives(let template)) = action.event else { throw ScriptError(name: "", line: 0, message: "not a template") }
  return template
}

/// The element that would come over a stream as this XML.
func element(_ xml: String) throws -> Element { try template(xml).element }

/// Plays what it was given, in order: all that is listed for a character comes as soon as so many stanzas were sent by anybody.
struct FakeDriver: ScenarioDriver {
  var arrivals: [(to: String, afterSending: Int, element: Element)] = []
  /// The calls that were made, a line each.
  var log: [String] = []
  /// Fails with this in place of an answer.
  var refusal: DriverError?
  var sent = 0
  /// Accounts of which an operator's requests are refused.
  var refused: [Text] = []
  /// Takes part in faults that only a simulated world has.
  var hasFaults = false

  mutating func arrive(_ name: String, after count: Int = 0, _ xml: String) throws {
    arrivals.append((name, count, try element(xml)))
  }

  mutating func connect(_ character: Scenario.Character) throws(DriverError) -> Text {
    log.append("connect \(character.name)")
    if let refusal { throw refusal }
    return character.bareJID + "/" + (character.resource ?? "any")
  }
  mutating func send(_ element: Element, as character: String) throws(DriverError) {
    log.append("\(character): \(element)")
    sent += 1
  }
  mutating func open(_ character: Scenario.Character) throws(DriverError) { log.append("open \(character.name)") }
  mutating func write(_ bytes: [UInt8], as character: String) throws(DriverError) {
    log.append("\(character) writes \(String(decoding: bytes, as: UTF8.self))")
    sent += 1
  }
  mutating func change(_ change: WorldChange) throws(DriverError) {
    guard hasFaults else { throw DriverError(message: "only the simulator can change the server's disk, storage or clock") }
    log.append(change.line)
  }
  mutating func change(_ change: ConnectionChange, of character: String) throws(DriverError) {
    log.append("\(character) \(change.rawValue)")
  }
  mutating func operate(_ request: OperatorRequest) throws(DriverError) -> String? {
    log.append(request.line(isRefused: false))
    return refused.contains(request.account) ? "no" : nil
  }
  mutating func receive(as character: String) throws(DriverError) -> Element? {
    log.append("receive \(character)")
    return take(character)
  }
  mutating func receiveIfUnderWay(as character: String) throws(DriverError) -> Element? {
    log.append("peek \(character)")
    return take(character)
  }
  mutating func disconnect(_ character: String) throws(DriverError) { log.append("disconnect \(character)") }
  mutating func restartServer() throws(DriverError) {
    log.append("restart")
    if let refusal { throw refusal }
  }
  mutating func crashServer() throws(DriverError) {
    guard hasFaults else { throw DriverError(message: "only the simulator can make a server crash") }
    log.append("crash")
  }
  mutating func breakConnection(of character: String) throws(DriverError) { log.append("break \(character)") }
  mutating func wait(seconds: Int) throws(DriverError) { log.append("wait \(seconds)") }
  mutating func finish() { log.append("finish") }

  private mutating func take(_ character: String) -> Element? {
    guard let index = arrivals.firstIndex(where: { $0.to == character && $0.afterSending <= sent }) else { return nil }
    return arrivals.remove(at: index).element
  }
}
