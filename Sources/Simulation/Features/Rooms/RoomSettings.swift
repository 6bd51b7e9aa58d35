internal import ServerCore
internal import XML
internal import XMPP

/// The part of a room's configuration (XEP-0045, 15.5.3) that decides who may be in it.
struct RoomSettings: Sendable, Hashable {
  var isPersistent = false
  var isMembersOnly = false
  var isModerated = false
  /// The password, if it takes one to enter.
  var secret: Text?

  /// The settings after a form is submitted; `nil` if it is refused as a whole (10.1.3). Settings that it does not mention stay.
  func applying(_ form: DataForm) -> RoomSettings? {
    guard form.formType == NS.mucRoomConfig || form.fields.isEmpty, Self.isAcceptable(form) else { return nil }
    var new = self
    new.isPersistent = flag(form, "persistentroom") ?? isPersistent
    new.isMembersOnly = flag(form, "membersonly") ?? isMembersOnly
    new.isModerated = flag(form, "moderatedroom") ?? isModerated
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

  private func flag(_ form: DataForm, _ name: Text) -> Bool? { form.flag(Self.field(name)) }
  private static func field(_ name: Text) -> Text { "muc#roomconfig_" + name }

  /// Whether each field has a value that it may have.
  private static func isAcceptable(_ form: DataForm) -> Bool {
    let flags: [Text] = ["publicroom", "persistentroom", "membersonly", "moderatedroom", "changesubject", "passwordprotectedroom"]
    guard flags.allSatisfy({ form.value(field($0)) == nil || form.flag(field($0)) != nil }) else { return false }
    let texts: [(Text, Int)] = [
      ("roomname", RoomRules.Chosen.name), ("roomdesc", RoomRules.Chosen.description), ("roomsecret", RoomRules.Chosen.secret),
    ]
    guard texts.allSatisfy({ (form.value(field($0.0))?.count ?? 0) <= $0.1 }) else { return false }
    let whois = form.value(field("whois")) ?? "anyone"
    let privateMessages = form.value(field("allowpm")) ?? "anyone"
    // Chosen: Prosody's name is understood beside the registered one.
    let lengths = ["muc#maxhistoryfetch", field("historylength")].map { form.value($0) ?? "0" }
    // Chosen: "none" among the roles is for who has reserved a nick and isn't there.
    let roles: [Text] = ["moderator", "participant", "visitor", "none"]
    guard lengths.allSatisfy({ (Int($0.trimmed.string) ?? -1) >= 0 }) else { return false }
    return ["anyone", "moderators"].contains(whois) && ["anyone", "participants", "moderators", "none"].contains(privateMessages)
      && (form[field("presencebroadcast")]?.values ?? []).allSatisfy(roles.contains)
  }
}
