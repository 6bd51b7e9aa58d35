internal import XML
internal import XMPP

/// Something that is negotiated on a stream before there is a session (RFC 6120, 4.3), as data: what the stream offers, and who deals with the
/// elements by which the other side negotiates it. Its owner declares it: the area of the core, or the feature (`Feature.streamFeatures`).
struct StreamFeature: Sendable {
  /// How far the stream must be.
  enum Stage: Int, CaseIterable {
    /// Its header came, and nobody has logged in.
    case login
    /// Its header came after a login, and no resource is bound.
    case binding
  }

  /// All that an offer may depend on: offers are made once for each (`StreamOffers`), and not for each stream.
  struct Situation {
    let configuration: Configuration
    let isEncrypted: Bool
  }

  /// Elements that the other side sends to negotiate.
  enum Elements: Sendable {
    case named(Text, namespace: Text)
    case namespace(Text)
    /// IQ stanzas.
    case requests
    /// Everything: for the last of its stage.
    case all
  }

  /// - Parameter error: `nil` if the account was created.
  typealias AccountSettled =
    @Sendable (
      _ id: Text, _ error: StanzaError?, _ stream: inout ClientStream, _ transaction: inout Transaction
    ) -> Void

  struct Handler: Sendable {
    var elements: Elements
    /// The handler refuses in the feature's own words what comes although it is not offered. Otherwise that ends the stream.
    var takesUnoffered = false
    /// The negotiation may take several elements, and no other feature takes one in between (`ClientStream.Phase.authenticating`).
    var hasExchange = false
    /// The creation of an account that the handler asked for (`ClientStream.Request.createAccount`) ended. One feature at most creates accounts.
    var accountSettled: AccountSettled?
    var handle: @Sendable (_ stream: inout ClientStream, _ element: Element, _ transaction: inout Transaction) -> ClientStream.Request?
  }

  var stage: Stage
  /// The element in the stream's features; `nil` if there is no offer in this situation.
  var offer: @Sendable (Situation) -> Element?
  /// Until it is negotiated, nothing behind it in the list is offered (RFC 6120, 5.3.1).
  var isRequired: @Sendable (Situation) -> Bool = { _ in false }
  /// `nil` if nothing has to be sent before there is a session.
  var handler: Handler?

  /// Every stream feature, in the order in which a stream offers them. The first that takes an element deals with it.
  static let all: [StreamFeature] = [.startTLS, .sasl, .resourceBinding] + Feature.all.flatMap(\.streamFeatures)
  static let accountSettled = all.lazy.compactMap(\.handler?.accountSettled).first
}

extension StreamFeature.Elements {
  func contain(_ element: Element) -> Bool {
    switch self {
    case .named(let name, let namespace): element.is(name, namespace)
    case .namespace(let namespace): element.has(namespace: namespace)
    case .requests: element.stanzaKind == .iq
    case .all: true
    }
  }
}

/// The features that streams offer under a configuration. There are few such elements, and every stream needs two: each is made once.
struct StreamOffers: Sendable {
  struct Offer: Sendable {
    /// The features element (RFC 6120, 4.3.2).
    let element: Element
    /// Whether it holds the feature at this place of `StreamFeature.all`.
    let isOffered: [Bool]
  }

  /// By stage, without TLS and with it.
  private let offers: [Offer]

  init(_ configuration: Configuration) {
    offers = StreamFeature.Stage.allCases.flatMap { stage in
      [false, true].map { StreamOffers.make(stage, StreamFeature.Situation(configuration: configuration, isEncrypted: $0)) }
    }
  }

  func offer(at stage: StreamFeature.Stage, isEncrypted: Bool) -> Offer { offers[2 * stage.rawValue + (isEncrypted ? 1 : 0)] }

  private static func make(_ stage: StreamFeature.Stage, _ situation: StreamFeature.Situation) -> Offer {
    var element = Element("features", NS.streams)
    var isOffered = StreamFeature.all.map { _ in false }
    for (place, feature) in StreamFeature.all.enumerated() where feature.stage == stage {
      if let offer = feature.offer(situation) {
        element.append(offer)
        isOffered[place] = true
      }
      if feature.isRequired(situation) { break }
    }
    return Offer(element: element, isOffered: isOffered)
  }
}
