internal import OrderedCollections
internal import XML
internal import XMPP

/// The server's answers about an account in the liveness phase match the disk: memory never runs ahead of it, even after a failed commit.
public struct AnswersMatchStorage: Oracle {
  public static let name = "disk"
  public static let clause = "the output commit rule: what a failed commit took back is read anew"

  private var addresses: OrderedDictionary<SessionID, JID> = [:]
  /// By the id of a question that is made in peace alone, what each account was told.
  private var answers: OrderedDictionary<Text, OrderedDictionary<JID, [Text]>> = [:]

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    switch observation {
    case .began(let session, let jid): addresses[session] = jid
    case .received(let session, let element):
      guard element.is("iq", NS.client), let question = PeaceQuestion.all.first(where: { $0.id == element.id }),
        let account = addresses[session]?.bare, let payload = element.firstChild
      else { return nil }
      answers[question.id, default: [:]][account] = question.said(payload)
    default: break
    }
    return nil
  }

  public func atRest(_ state: RestState) -> String? {
    for question in PeaceQuestion.all {
      for (account, said) in answers[question.id] ?? [:] {
        let stored = question.stored(account, state.world.durable)
        if stored != said { return "the \(question.name) of \(account) is said to be \(said), and the disk holds \(stored)" }
      }
    }
    return nil
  }
}
