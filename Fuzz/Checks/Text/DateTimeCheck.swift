internal import XML
internal import XMPP

/// Dates (XEP-0082) against a slow reading in 128 bits, which counts the days one year and one month after the other.
enum DateTimeCheck {
  static func check(_ bytes: [UInt8]) -> Finding {
    // Eight bytes are a moment as well.
    let moment = bytes.prefix(8).reduce(0) { $0 << 8 | Int64($1) }
    if let fault = formatFault(of: moment) ?? faultOfMonths(year: Int(moment.magnitude % 10_000)) { return .fault(fault) }
    let text = Text(utf8: bytes)
    let parsed = DateTime.parse(text)
    let expected = slowlyParsed(Array(text.utf8))
    guard parsed == expected else {
      return .fault("\(text.debugDescription) is \(parsed.map(String.init) ?? "refused") and not \(expected.map(String.init) ?? "refused")")
    }
    guard let parsed else { return .refused }
    return formatFault(of: parsed).map { .fault($0) } ?? .good(text.count)
  }

  /// The ends of months are rare among random texts.
  private static func faultOfMonths(year: Int) -> String? {
    let digits = String(String(10_000 + year).dropFirst())
    for day in ["01-31", "02-28", "02-29", "02-30", "04-30", "04-31", "12-31", "12-32"] {
      let text = "\(digits)-\(day)T23:59:59.5Z"
      if DateTime.parse(Text(text)) != slowlyParsed(Array(text.utf8)) { return "\(text) is \(DateTime.parse(Text(text)) ?? 0)" }
    }
    return nil
  }

  /// A formatted moment is the moment without what the format leaves out.
  private static func formatFault(of moment: Int64) -> String? {
    let formats: [(unit: Int64, text: Text)] = [
      (1_000_000_000, DateTime.format(nanosecondsSince1970: moment)),
      (1_000_000, DateTime.formatMilliseconds(nanosecondsSince1970: moment)),
    ]
    for format in formats {
      let finer = moment % format.unit
      let (kept, isTooEarly) = moment.subtractingReportingOverflow(finer < 0 ? finer + format.unit : finer)
      let expected = isTooEarly ? nil : kept
      if DateTime.parse(format.text) != expected { return "\(moment) is written as \(format.text)" }
      if let expected, format.unit == 1_000_000_000, DateTime.format(nanosecondsSince1970: expected) != format.text {
        return "\(format.text) is written otherwise the second time"
      }
    }
    return nil
  }

  private static func slowlyParsed(_ text: [UInt8]) -> Int64? {
    func number(_ start: Int, _ count: Int) -> Int? {
      guard start + count <= text.count, text[start..<start + count].allSatisfy(isDigit) else { return nil }
      return Int(String(decoding: text[start..<start + count], as: UTF8.self))
    }
    func stands(_ character: Character, _ place: Int) -> Bool { place < text.count && text[place] == character.asciiValue }
    guard let year = number(0, 4), stands("-", 4), let month = number(5, 2), stands("-", 7), let day = number(8, 2), stands("T", 10),
      let hour = number(11, 2), stands(":", 13), let minute = number(14, 2), stands(":", 16), let second = number(17, 2)
    else { return nil }
    var place = 19
    var fraction = 0
    if stands(".", place) {
      let digits = text[(place + 1)...].prefix(while: isDigit)
      guard !digits.isEmpty else { return nil }
      let nine = String(decoding: digits, as: UTF8.self) + "000000000"
      fraction = Int(nine.prefix(9)) ?? 0
      place += 1 + digits.count
    }
    guard let offset = offset(Array(text[place...])), (1...12).contains(month), hour < 24, minute < 60, second < 60,
      (1...daysOfMonth(month, year)).contains(day)
    else { return nil }
    let seconds = (daysBefore(year, month) + day - 1) * 86_400 + hour * 3_600 + minute * 60 + second - offset
    return Int64(exactly: Int128(seconds) * 1_000_000_000 + Int128(fraction))
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// In seconds.
  private static func offset(_ text: [UInt8]) -> Int? {
    if text == Array("Z".utf8) { return 0 }
    let digits = [1, 2, 4, 5].compactMap { $0 < text.count && isDigit(text[$0]) ? Int(text[$0] - 0x30) : nil }
    guard text.count == 6, digits.count == 4, text[3] == UInt8(ascii: ":"), "+-".utf8.contains(text[0]), digits[2] < 6 else { return nil }
    let minutes = (digits[0] * 10 + digits[1]) * 60 + digits[2] * 10 + digits[3]
    guard minutes <= 14 * 60 else { return nil }
    return text[0] == UInt8(ascii: "-") ? -60 * minutes : 60 * minutes
  }

  private static func isLeap(_ year: Int) -> Bool { year.isMultiple(of: 400) || year.isMultiple(of: 4) && !year.isMultiple(of: 100) }

  private static func daysOfMonth(_ month: Int, _ year: Int) -> Int {
    month == 2 && isLeap(year) ? 29 : [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  }

  /// Days from 1970-01-01 to the first of the month.
  private static func daysBefore(_ year: Int, _ month: Int) -> Int {
    var days = 0
    for passed in min(year, 1970)..<max(year, 1970) { days += isLeap(passed) ? 366 : 365 }
    return (year < 1970 ? -days : days) + (1..<month).reduce(0) { $0 + daysOfMonth($1, year) }
  }
}
