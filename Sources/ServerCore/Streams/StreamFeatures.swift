internal import SASL
internal import XML
internal import XMPP

/// What a stream offers (RFC 6120, 4.3.2). There are few such elements, and every stream needs two: each is made once.
enum StreamFeatures {
  struct Offers: OptionSet {
    let rawValue: Int
    static let tls = Offers(rawValue: 1)
    static let tlsRequired = Offers(rawValue: 2)
    static let registration = Offers(rawValue: 4)
    fileprivate static let firstMechanism = 3

    init(rawValue: Int) { self.rawValue = rawValue }
    init(_ mechanism: SASLMechanism) {
      let place =
        switch mechanism {
        case .scramSHA256: 0
        case .scramSHA1: 1
        case .plain: 2
        }
      self.init(rawValue: 1 << (Offers.firstMechanism + place))
    }
    fileprivate static let count = 1 << (firstMechanism + SASLMechanism.allCases.count)
  }

  /// Before authentication.
  static func offering(_ offers: Offers) -> Element { all[offers.rawValue] }
  private static let all = (0..<Offers.count).map { make(Offers(rawValue: $0)) }

  private static func make(_ offers: Offers) -> Element {
    var features = Element("features", NS.streams)
    if offers.contains(.tls) {
      var starttls = Element("starttls", NS.tls)
      if offers.contains(.tlsRequired) { starttls.append("required", NS.tls) }
      features.append(starttls)
    }
    let offered = SASLMechanism.allCases.filter { offers.contains(Offers($0)) }
    if !offered.isEmpty {
      var mechanisms = Element("mechanisms", NS.sasl)
      for mechanism in offered { mechanisms.append("mechanism", NS.sasl, text: Text(mechanism.rawValue)) }
      features.append(mechanisms)
    }
    if offers.contains(.registration) { features.append("register", NS.registerFeature) }
    return features
  }

  static let ofAuthenticated = {
    var features = Element("features", NS.streams)
    features.append("bind", NS.bind)
    var session = Element("session", NS.session)
    session.append("optional", NS.session)
    features.append(session)
    return features
  }()
}
