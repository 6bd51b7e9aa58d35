internal import ServerCore
internal import XML
internal import XMPP

/// A room's configuration (XEP-0045, 15.5.3).
struct RoomSettings: Sendable, Hashable {
  typealias Role = RoomRules.Role

  var name: Text = ""
  var description: Text = ""
  var isPublic = true
  var isPersistent = false
  var isMembersOnly = false
  var isModerated = false
  /// The password, if it takes one to enter.
  var secret: Text?
  /// Everybody sees real JIDs, and not moderators alone (4.2).
  var isNonAnonymous = false
  /// The least role that may change the subject (8.1).
  var subjectBy = Role.moderator
  /// The messages that a newcomer gets (7.2.13).
  var historyLength = 20
  /// The roles whose presence everybody gets. Chosen: "none" stands for those who have reserved a nick and are not there.
  /// In ascending order.
  var shownRoles: [Role] = [.visitor, .participant, .moderator]
  /// The least role that may send private messages (7.5); `nil`: nobody may.
  var privateMessagesBy: Role? = .visitor

  /// The settings after a form is submitted; `nil` if it is refused as a whole (10.1.3). Settings that it does not mention stay.
  func applying(_ form: DataForm) -> RoomSettings? {
    guard form.formType == NS.mucRoomConfig || form.fields.isEmpty, Self.isAcceptable(form) else { return nil }
    var new = self
    new.name = form[Self.field("roomname")].map { $0.values.first ?? "" } ?? name
    new.description = form[Self.field("roomdesc")].map { $0.values.first ?? "" } ?? description
    new.isPublic = flag(form, "publicroom") ?? isPublic
    new.isPersistent = flag(form, "persistentroom") ?? isPersistent
    new.isMembersOnly = flag(form, "membersonly") ?? isMembersOnly
    new.isModerated = flag(form, "moderatedroom") ?? isModerated
    if let whois = form.value(Self.field("whois")) { new.isNonAnonymous = whois == "anyone" }
    if let isOpen = flag(form, "changesubject") { new.subjectBy = isOpen ? .participant : .moderator }
    // Chosen: Prosody's name is understood beside the registered one, which comes first.
    if let length = form.value("muc#maxhistoryfetch") ?? form.value(Self.field("historylength")) {
      new.historyLength = Int(length.trimmed.string) ?? historyLength
    }
    if let shown = form[Self.field("presencebroadcast")] { new.shownRoles = Role.allCases.filter { shown.values.contains($0.text) } }
    switch form.value(Self.field("allowpm")) {
    case "anyone": new.privateMessagesBy = .visitor
    case "participants": new.privateMessagesBy = .participant
    case "moderators": new.privateMessagesBy = .moderator
    case "none": new.privateMessagesBy = nil as Role?
    default: break
    }
    // Chosen: a password alone protects the room, an empty one opens it; beside the flag, the flag decides.
    let given = form[Self.field("roomsecret")].map { $0.values.first ?? "" } ?? secret ?? ""
    if flag(form, "passwordprotectedroom") ?? !given.isEmpty {
      // "Because the password for a password-protected room is blank".
      guard !given.isEmpty else { return nil }
      new.secret = given
    } else {
      new.secret = nil
    }
    return new
  }

  /// The codes that tell occupants how these settings differ from others (10.2.1), in ascending order.
  func codes(insteadOf old: RoomSettings) -> [Int] {
    var codes: [Int] = []
    if shownRoles.contains(.none) != old.shownRoles.contains(.none) { codes.append(shownRoles.contains(.none) ? 102 : 103) }
    if isNonAnonymous != old.isNonAnonymous { codes.append(isNonAnonymous ? 172 : 173) }
    // "For any other configuration change".
    var same = self
    same.isNonAnonymous = old.isNonAnonymous
    same.shownRoles = old.shownRoles.filter { $0 == .none } + shownRoles.filter { $0 != .none }
    return same == old ? codes : codes + [104]
  }

  private func flag(_ form: DataForm, _ name: Text) -> Bool? { form.boolean(Self.field(name)) }
  private static func field(_ name: Text) -> Text { "muc#roomconfig_" + name }

  /// Whether each field has a value that it may have.
  private static func isAcceptable(_ form: DataForm) -> Bool {
    let flags: [Text] = ["publicroom", "persistentroom", "membersonly", "moderatedroom", "changesubject", "passwordprotectedroom"]
    guard flags.allSatisfy({ form.value(field($0)) == nil || form.boolean(field($0)) != nil }) else { return false }
    let texts: [(Text, Int)] = [
      ("roomname", RoomRules.Chosen.name), ("roomdesc", RoomRules.Chosen.description), ("roomsecret", RoomRules.Chosen.secret),
    ]
    guard texts.allSatisfy({ (form.value(field($0.0))?.count ?? 0) <= $0.1 }) else { return false }
    let whois = form.value(field("whois")) ?? "anyone"
    let privateMessages = form.value(field("allowpm")) ?? "anyone"
    let lengths = ["muc#maxhistoryfetch", field("historylength")].map { form.value($0) ?? "0" }
    // Chosen: "none" among the roles is for who has reserved a nick and isn't there.
    let roles: [Text] = ["moderator", "participant", "visitor", "none"]
    guard lengths.allSatisfy({ (Int($0.trimmed.string) ?? -1) >= 0 }) else { return false }
    return ["anyone", "moderators"].contains(whois) && ["anyone", "participants", "moderators", "none"].contains(privateMessages)
      && (form[field("presencebroadcast")]?.values ?? []).allSatisfy(roles.contains)
  }
}

extension DataForm {
  /// A boolean as XML Schema has it (part 2, 3.2.2). The model reads it for itself: where it asked the server's reader, both would be wrong in the
  /// same way.
  func boolean(_ name: Text) -> Bool? {
    guard let value = fields.first(where: { $0.name == name })?.values.first?.trimmed else { return nil }
    return value == "true" || value == "1" ? true : value == "false" || value == "0" ? false : nil
  }
}
