public import XML

/// Dates and times as XMPP writes them (XEP-0082, 3.2), reckoned in nanoseconds since 1970 in UTC.
public enum DateTime {
  private static let second: Int64 = 1_000_000_000

  /// The moment in whole seconds, as in `2026-11-21T10:00:00Z`. The fraction of a second is dropped.
  public static func format(nanosecondsSince1970: Int64) -> Text {
    Text(seconds(nanosecondsSince1970) + "Z")
  }

  /// The moment in milliseconds, as in `2026-11-21T10:00:00.250Z`. The fraction of a millisecond is dropped.
  public static func formatMilliseconds(nanosecondsSince1970: Int64) -> Text {
    let fraction = floorDivide(nanosecondsSince1970, second).remainder
    return Text("\(seconds(nanosecondsSince1970)).\(padded(fraction / 1_000_000, 3))Z")
  }

  private static func seconds(_ nanoseconds: Int64) -> String {
    let (day, time) = floorDivide(floorDivide(nanoseconds, second).quotient, 86_400)
    let date = date(ofDay: day)
    return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
      + "T\(padded(time / 3_600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2))"
  }

  /// Reads `CCYY-MM-DDThh:mm:ss[.sss]` with `Z` or an offset behind it; what is finer than a nanosecond is dropped.
  ///
  /// `nil` for anything else, for a day that no calendar has, and for a moment that 64 bits of nanoseconds can't
  /// express, which is before 1677 or after 2262.
  public static func parse(_ text: Text) -> Int64? {
    var reader = Reader(text)
    guard let year = reader.digits(4), reader.skip("-"), let month = reader.digits(2), reader.skip("-"), let day = reader.digits(2),
      reader.skip("T"), let hour = reader.digits(2), reader.skip(":"), let minute = reader.digits(2), reader.skip(":"),
      let second = reader.digits(2), let fraction = reader.fraction(), let offset = reader.offset(), reader.isAtEnd
    else { return nil }
    guard (1...12).contains(month), day >= 1, day <= length(ofMonth: month, year: year), hour < 24, minute < 60, second < 60
    else { return nil }
    // Four digits of a year in seconds are far from the limits of 64 bits; in nanoseconds they are not.
    let seconds = number(ofDay: day, month: month, year: year) * 86_400 + hour * 3_600 + minute * 60 + second - offset
    // Before 1970 the fraction counts towards zero: there the product alone could overflow where the sum would not.
    let (product, tooMany) = (seconds < 0 ? seconds + 1 : seconds).multipliedReportingOverflow(by: DateTime.second)
    let (sum, tooMuch) = product.addingReportingOverflow(seconds < 0 ? fraction - DateTime.second : fraction)
    return tooMany || tooMuch ? nil : sum
  }
}

// MARK: - Calendar

extension DateTime {
  /// Days since 1970-01-01 in the Gregorian calendar, extended to all times.
  private static func number(ofDay day: Int64, month: Int64, year: Int64) -> Int64 {
    // Years begin in March here, so that the leap day is the last of its year; then the months
    // before any month have (153 m + 2) / 5 days.
    let shifted = month <= 2 ? year - 1 : year
    let sinceMarch = (month + 9) % 12
    let (era, yearOfEra) = floorDivide(shifted, 400)
    let dayOfYear = (153 * sinceMarch + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func date(ofDay number: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, dayOfEra) = floorDivide(number + 719_468, 146_097)
    // Without the leap days that lie before it, the day is in year day / 365 of the era of 400 years.
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let sinceMarch = (5 * dayOfYear + 2) / 153
    let month = sinceMarch < 10 ? sinceMarch + 3 : sinceMarch - 9
    return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * sinceMarch + 2) / 5 + 1)
  }

  private static func length(ofMonth month: Int64, year: Int64) -> Int64 {
    switch month {
    case 4, 6, 9, 11: 30
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    default: 31
    }
  }

  private static func floorDivide(_ number: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }
}

// MARK: - Reading

extension DateTime {
  private struct Reader {
    private let bytes: [UInt8]
    private var index = 0

    init(_ text: Text) { bytes = Array(text.utf8) }

    var isAtEnd: Bool { index == bytes.count }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
      guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
      index += 1
      return true
    }

    /// Exactly so many digits.
    mutating func digits(_ count: Int) -> Int64? {
      var value: Int64 = 0
      for _ in 0..<count {
        guard let digit = digit() else { return nil }
        value = value * 10 + digit
      }
      return value
    }

    private mutating func digit() -> Int64? {
      guard index < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) else { return nil }
      index += 1
      return Int64(bytes[index - 1] - UInt8(ascii: "0"))
    }

    /// A fraction of a second in nanoseconds; 0 if there is none, `nil` if there is a point with no digits behind it.
    mutating func fraction() -> Int64? {
      guard skip(".") else { return 0 }
      guard var value = digit() else { return nil }
      var scale: Int64 = DateTime.second / 10
      value *= scale
      while let digit = digit() {
        scale /= 10
        value += digit * scale
      }
      return value
    }

    /// How far local time is ahead of UTC, in seconds; at most 14 hours (XML Schema part 2, 3.2.7.3).
    mutating func offset() -> Int64? {
      if skip("Z") { return 0 }
      let sign: Int64
      if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
      guard let hours = digits(2), skip(":"), let minutes = digits(2), minutes < 60 else { return nil }
      let seconds = hours * 3_600 + minutes * 60
      return seconds <= 14 * 3_600 ? sign * seconds : nil
    }
  }
}
