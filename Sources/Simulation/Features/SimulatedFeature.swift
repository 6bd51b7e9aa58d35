internal import ServerCore
internal import Storage
internal import XML
internal import XMPP

/// The part of the simulator that belongs to a feature, as data: the centre iterates over `all` and names no feature.
///
/// The order of the list decides what the random choices of a run mean.
struct SimulatedFeature: Sendable {
  // Actions of users.
  var subjects: [UserAction.Subject] = []
  var actions: [UserAction] = []
  var plots: [Plot] = []
  /// Where its users choose values in its stanzas.
  var values: [ValuePlace] = []
  /// Stanzas of which hostile clients send as many as they like, by number.
  var flood: (@Sendable (Int) -> String)?

  // How runs use it.
  var choice: RunChoice?
  /// For how long, in nanoseconds from now, an account can't be created whose name was once taken: peace waits before everybody comes back.
  var patience: (@Sendable (_ world: World) -> Int64)?
  /// Places in the server that no run can come to.
  var unreachableMarks: [(mark: Mark, reason: String)] = []
  /// The state that a server has in memory of an account, as changes by which storage comes to hold the same.
  var rowsInMemory: (@Sendable (_ server: Server, _ account: JID) -> [Change])?

  // Rules.
  var oracles: [any Oracle.Type] = []
  /// The users who may be silent to each other because of it.
  var silence: (any Silence.Type)?
  var keptThings: [KeptThing] = []
  var peaceQuestions: [PeaceQuestion] = []
  var pushes: [Push] = []
  /// The answers that its requests get, by the documents.
  var answers: [AnswerRow] = []
  var commonAnswers: [CommonAnswer] = []
  /// Whether a stanza asks for the end of its sender's account.
  var removesAccount: (@Sendable (_ stanza: Element) -> Bool)?
  /// Whether it keeps a message of an account that is neither delivered nor answered.
  var keepsMessage: (@Sendable (_ id: Text, _ account: JID, _ database: MemoryDatabase) -> Bool)?

  /// Its part in logins.
  var login: LoginDeclaration?

  /// Bugs that are planted in what storage answers.
  var mutations: [Mutation] = []

  // The reference model.
  var accountPart: (any AccountPart.Type)?
  var place: (any ModelPlace.Type)?
  /// The letters that the reference model expects from an account that is not there. `rows` are those that outlived it, as storage told the
  /// server.
  var absentAccountAnswers:
    (@Sendable (_ letter: ModelStanza, _ rows: OwnerRows, _ configuration: Configuration, _ time: Instant) -> [ModelStanza])?

  static let all: [SimulatedFeature] = [
    PresenceUse.feature, RostersUse.feature, BlockingUse.feature, RoomsUse.feature, QuestionsUse.feature, InBandRegistrationUse.feature,
    OfflineMessagesUse.feature, PrivateXMLUse.feature, TombstonesUse.feature,
  ]
}

/// Chooses how a feature is configured in a run. Where every roll is zero, the configuration stays as it is.
struct RunChoice: Sendable {
  /// The draws that it makes: no other choice of a swarm has this number.
  let number: UInt64
  let choose: @Sendable (_ configuration: inout Configuration, _ roll: (Int) -> Int) -> Void

  init(_ number: UInt64, _ choose: @escaping @Sendable (_ configuration: inout Configuration, _ roll: (Int) -> Int) -> Void) {
    self.number = number
    self.choose = choose
  }
}
