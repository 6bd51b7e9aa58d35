internal import XML
internal import XMPP

/// Each field of a form about rooms has the name and the type that are registered for it: client libraries drop a form with others.
public struct FormsAreRegistered: Oracle {
  public static let name = "forms"
  public static let clause = "XEP-0045, 16.5; XEP-0068, 3.4"

  public init() {}

  public mutating func observe(_ observation: Observation, at time: Int64) -> String? {
    guard case .received(let session, let element) = observation, element.type != "error" else { return nil }
    // A server's form is a child of the stanza or stands one level below. An occupant's own forms go through a room as they are.
    for child in element.children {
      for candidate in [child] + Array(child.children) {
        guard let form = DataForm(candidate), let problem = FormsAreRegistered.problem(form) else { continue }
        return "\(session) got a form in which \(problem)"
      }
    }
    return nil
  }

  /// The fault of a form; `nil` also for one that is about something else, or that is not the server's to fill.
  static func problem(_ form: DataForm) -> String? {
    guard form.kind == .form || form.kind == .result, let type = form.formType, let fields = registry[type] else { return nil }
    for field in form.fields where field.name != "FORM_TYPE" {
      guard let name = field.name, let kind = fields[name] else { return "\(field.name ?? "?") is not registered for \(type)" }
      // In a result the type may be left out (XEP-0004, 3.2).
      if field.kind != kind, field.kind != nil || form.kind == .form { return "\(name) is not \(kind.rawValue)" }
      let isList = kind == .listSingle || kind == .listMulti
      if form.kind == .form, isList, !field.values.allSatisfy({ value in field.options.contains { $0.value == value } }) {
        return "\(name) has a value that it does not offer"
      }
    }
    return nil
  }

  /// 16.5.1 to 16.5.4.
  static let registry: [Text: [Text: DataForm.FieldKind]] = [
    NS.mucRegister: [
      "muc#register_allow": .boolean, "muc#register_email": .textSingle, "muc#register_faqentry": .textMulti,
      "muc#register_first": .textSingle, "muc#register_last": .textSingle, "muc#register_roomnick": .textSingle,
      "muc#register_url": .textSingle,
    ],
    NS.mucRequest: [
      "muc#role": .listSingle, "muc#jid": .jidSingle, "muc#roomnick": .textSingle, "muc#request_allow": .boolean,
    ],
    NS.mucRoomConfig: configuration,
    // 6.4: "any field defined for the muc#roomconfig FORM_TYPE can be included".
    NS.mucRoomInfo: configuration.merging(
      [
        "muc#roominfo_contactjid": .jidMulti, "muc#roominfo_description": .textSingle, "muc#roominfo_lang": .textSingle,
        "muc#roominfo_ldapgroup": .textSingle, "muc#roominfo_logs": .textSingle, "muc#roominfo_occupants": .textSingle,
        "muc#roominfo_subject": .textSingle, "muc#roominfo_subjectmod": .boolean,
      ], uniquingKeysWith: { $1 }),
  ]

  private static let configuration: [Text: DataForm.FieldKind] = [
    "muc#maxhistoryfetch": .textSingle, "muc#roomconfig_allowpm": .listSingle, "muc#roomconfig_allowinvites": .boolean,
    "muc#roomconfig_changesubject": .boolean, "muc#roomconfig_enablelogging": .boolean, "muc#roomconfig_getmemberlist": .listMulti,
    "muc#roomconfig_lang": .textSingle, "muc#roomconfig_pubsub": .textSingle, "muc#roomconfig_maxusers": .listSingle,
    "muc#roomconfig_membersonly": .boolean, "muc#roomconfig_moderatedroom": .boolean,
    "muc#roomconfig_passwordprotectedroom": .boolean, "muc#roomconfig_persistentroom": .boolean,
    "muc#roomconfig_presencebroadcast": .listMulti, "muc#roomconfig_publicroom": .boolean, "muc#roomconfig_roomadmins": .jidMulti,
    "muc#roomconfig_roomdesc": .textSingle, "muc#roomconfig_roomname": .textSingle, "muc#roomconfig_roomowners": .jidMulti,
    "muc#roomconfig_roomsecret": .textPrivate, "muc#roomconfig_whois": .listSingle,
  ]

  public func atRest(_ state: RestState) -> String? { nil }
}
