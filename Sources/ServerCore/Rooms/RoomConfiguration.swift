internal import XML
internal import XMPP

/// An owner's choices for a room (XEP-0045, 10.2), and the form in which they travel and are stored.
struct RoomConfiguration: Sendable, Hashable, Codable {
  @PrivateName var name: Text = ""
  @PrivateName var description: Text = ""
  var isPublic = true
  var isPersistent = false
  var isMembersOnly = false
  /// The password; `nil` where none is asked for.
  @PrivatePassword var secret: Text?
  var isModerated = false
  /// Everybody sees everybody's JID, not only moderators.
  var isNonAnonymous = false
  /// Participants may change the subject, not only moderators.
  var participantsChangeSubject = false
  /// How many messages a joining occupant is shown.
  var historyLength = 20
  /// The roles whose presence is broadcast.
  var broadcast: Broadcast = [.visitor, .participant, .moderator]
  var privateMessages = PrivateMessages.anyone

  /// The roles whose presence is broadcast. `unavailable` goes beyond the XEP, as Prosody does: whoever is not there but has
  /// reserved a nick is shown as unavailable.
  struct Broadcast: OptionSet, Sendable, Hashable, Codable {
    let rawValue: Int
    static let unavailable = Broadcast(.none)
    static let visitor = Broadcast(.visitor)
    static let participant = Broadcast(.participant)
    static let moderator = Broadcast(.moderator)

    init(rawValue: Int) { self.rawValue = rawValue }
    init(_ role: Room.Role) { rawValue = 1 << role.rawValue }
    func contains(_ role: Room.Role) -> Bool { contains(Broadcast(role)) }
  }

  enum PrivateMessages: Sendable, Hashable, CaseIterable, Codable {
    case anyone, participants, moderators, none

    var text: Text {
      switch self {
      case .anyone: "anyone"
      case .participants: "participants"
      case .moderators: "moderators"
      case .none: "none"
      }
    }
    func allows(_ role: Room.Role) -> Bool {
      switch self {
      case .anyone: role >= .visitor
      case .participants: role >= .participant
      case .moderators: role == .moderator
      case .none: false
      }
    }
  }

  /// Whether somebody with this password may come in. Takes the same time whichever byte is wrong.
  func accepts(_ password: Text?) -> Bool {
    guard let secret else { return true }
    let given = Array((password ?? "").utf8)
    let wanted = Array(secret.utf8)
    var difference = given.count ^ wanted.count
    for index in given.indices { difference |= Int(given[index] ^ wanted[index % wanted.count]) }
    return difference == 0
  }
}

// MARK: - Reading a form

extension RoomConfiguration {
  private enum Name {
    static let name: Text = "muc#roomconfig_roomname"
    static let description: Text = "muc#roomconfig_roomdesc"
    static let isPublic: Text = "muc#roomconfig_publicroom"
    static let isPersistent: Text = "muc#roomconfig_persistentroom"
    static let isMembersOnly: Text = "muc#roomconfig_membersonly"
    static let isProtected: Text = "muc#roomconfig_passwordprotectedroom"
    static let secret: Text = "muc#roomconfig_roomsecret"
    static let isModerated: Text = "muc#roomconfig_moderatedroom"
    static let whois: Text = "muc#roomconfig_whois"
    static let changeSubject: Text = "muc#roomconfig_changesubject"
    static let historyLength: Text = "muc#maxhistoryfetch"
    /// The same as Prosody calls it, and as this server did in rooms that it stored: understood, and not said any more.
    static let oldHistoryLength: Text = "muc#roomconfig_historylength"
    static let broadcast: Text = "muc#roomconfig_presencebroadcast"
    static let privateMessages: Text = "muc#roomconfig_allowpm"
  }

  /// Takes over what a submitted form says; what it doesn't mention stays.
  ///
  /// Throws `bad-request` if the form is about something else, `not-acceptable` if a value won't do (10.1.3).
  mutating func apply(_ form: DataForm) throws(StanzaError) {
    guard form.formType == NS.mucRoomConfig || form.fields.isEmpty else {
      throw StanzaError(.badRequest, text: "This is not a form of room configuration.")
    }
    try Self.read(form, Name.name, longest: Room.Limits.nameBytes, into: &name)
    try Self.read(form, Name.description, longest: Room.Limits.descriptionBytes, into: &description)
    try Self.read(form, Name.isPublic, into: &isPublic)
    try Self.read(form, Name.isPersistent, into: &isPersistent)
    try Self.read(form, Name.isMembersOnly, into: &isMembersOnly)
    try Self.read(form, Name.isModerated, into: &isModerated)
    try Self.read(form, Name.changeSubject, into: &participantsChangeSubject)
    try readSecret(form)
    if let value = form.value(Name.whois) {
      guard value == "anyone" || value == "moderators" else { throw Self.refusal(of: Name.whois) }
      isNonAnonymous = value == "anyone"
    }
    for name in [Name.oldHistoryLength, Name.historyLength] {
      guard let value = form.value(name) else { continue }
      guard let length = Int(value.trimmed.string), length >= 0 else { throw Self.refusal(of: name) }
      historyLength = length
    }
    if let field = form[Name.broadcast] {
      broadcast = []
      for value in field.values {
        guard let role = Room.Role(value) else { throw Self.refusal(of: Name.broadcast) }
        broadcast.insert(Broadcast(role))
      }
    }
    if let value = form.value(Name.privateMessages) {
      guard let known = PrivateMessages.allCases.first(where: { $0.text == value }) else {
        throw Self.refusal(of: Name.privateMessages)
      }
      privateMessages = known
    }
  }

  /// Takes back what goes beyond the server's limits.
  mutating func keep(to limits: Configuration.Limits) { historyLength = min(historyLength, limits[.roomHistoryMessages]) }

  /// A password alone protects the room and an empty one opens it; beside the flag, the flag decides.
  private mutating func readSecret(_ form: DataForm) throws(StanzaError) {
    var isProtected = secret != nil
    try Self.read(form, Name.isProtected, into: &isProtected)
    var given = secret ?? ""
    try Self.read(form, Name.secret, longest: Room.Limits.secretBytes, into: &given)
    if form.value(Name.isProtected) == nil { isProtected = !given.isEmpty }
    guard !isProtected || !given.isEmpty else { throw Self.refusal(of: Name.secret) }
    secret = isProtected ? given : nil
  }

  private static func read(_ form: DataForm, _ name: Text, into flag: inout Bool) throws(StanzaError) {
    guard form.value(name) != nil else { return }
    guard let value = form.flag(name) else { throw refusal(of: name) }
    flag = value
  }
  private static func read(_ form: DataForm, _ name: Text, longest: Int, into text: inout Text) throws(StanzaError) {
    guard let field = form[name] else { return }
    let value = field.values.first ?? ""
    guard value.count <= longest else { throw refusal(of: name) }
    text = value
  }
  private static func refusal(of name: Text) -> StanzaError {
    StanzaError(.notAcceptable, text: "The value of \(name) is not acceptable.")
  }
}

// MARK: - Writing a form

extension RoomConfiguration {
  /// The form that an owner is asked to fill in, with what holds now.
  func form(_ limits: Configuration.Limits) -> DataForm {
    DataForm(
      .form, title: "Room configuration",
      instructions: ["Only what you submit changes.", "At most \(limits[.roomHistoryMessages]) messages are shown to who joins."],
      fields: fields)
  }

  /// The same as a submission: so it is stored.
  var submission: DataForm {
    DataForm(.submit, fields: fields.map { DataForm.Field(name: $0.name, values: $0.values) })
  }

  private var fields: [DataForm.Field] {
    [
      DataForm.Field(name: "FORM_TYPE", kind: .hidden, values: [NS.mucRoomConfig]),
      DataForm.Field(name: Name.name, kind: .textSingle, label: "Name", values: [name]),
      DataForm.Field(name: Name.description, kind: .textSingle, label: "Description", values: [description]),
      Self.field(Name.isPersistent, "Keep the room when the last occupant leaves", isPersistent),
      Self.field(Name.isPublic, "Show the room in the list of rooms", isPublic),
      Self.field(Name.isMembersOnly, "Only members may enter", isMembersOnly),
      Self.field(Name.isProtected, "A password is needed to enter", secret != nil),
      DataForm.Field(name: Name.secret, kind: .textPrivate, label: "Password", values: [secret ?? ""]),
      Self.field(Name.isModerated, "Visitors need a moderator's leave to speak", isModerated),
      DataForm.Field(
        name: Name.whois, kind: .listSingle, label: "Who sees real JIDs", values: [isNonAnonymous ? "anyone" : "moderators"],
        options: [Self.option("moderators", "Moderators only"), Self.option("anyone", "Anyone")]),
      Self.field(Name.changeSubject, "Participants may change the subject", participantsChangeSubject),
      DataForm.Field(
        name: Name.historyLength, kind: .textSingle, label: "Messages shown to who joins", values: ["\(historyLength)"]),
      DataForm.Field(
        name: Name.broadcast, kind: .listMulti, label: "Roles whose presence is broadcast",
        values: Room.Role.allCases.filter(broadcast.contains).map(\.text),
        options: [
          Self.option("moderator", "Moderator"), Self.option("participant", "Participant"), Self.option("visitor", "Visitor"),
          Self.option("none", "Registered but not present"),
        ]),
      DataForm.Field(
        name: Name.privateMessages, kind: .listSingle, label: "Who may send private messages", values: [privateMessages.text],
        options: [
          Self.option("anyone", "Anyone"), Self.option("participants", "Participants and moderators"),
          Self.option("moderators", "Moderators only"), Self.option("none", "Nobody"),
        ]),
    ]
  }

  private static func field(_ name: Text, _ label: Text, _ value: Bool) -> DataForm.Field {
    DataForm.Field(name: name, kind: .boolean, label: label, values: [value ? "1" : "0"])
  }
  private static func option(_ value: Text, _ label: Text) -> DataForm.Option { DataForm.Option(label: label, value: value) }
}
