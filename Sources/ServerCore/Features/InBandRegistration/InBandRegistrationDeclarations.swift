extension Setting {
  /// In-band registration by strangers (XEP-0077). Changing one's password and removing one's account work regardless.
  public static let openRegistration = flag("open_registration", standard: false)
}

/// Marks: in-band registration.
public enum RegistrationMark: UInt16, CoverageMark {
  case registrationMalformed, registrationRemovalTooEarly, registrationElsewhere
  case registrationIncomplete, registrationNameUnusable, registrationSucceeded
  case registrationRemovalMalformed, registrationRemoval
  case passwordIncomplete, passwordOfAnother

  public static let offset = Mark.offset(of: RegistrationMark.self)

  public var clause: String {
    switch self {
    case .registrationMalformed: "XEP-0077, 3.1"
    case .registrationRemovalTooEarly, .registrationElsewhere, .registrationRemovalMalformed, .registrationRemoval: "XEP-0077, 3.2"
    case .registrationIncomplete, .registrationNameUnusable, .registrationSucceeded: "XEP-0077, 3.1.1"
    case .passwordIncomplete, .passwordOfAnother: "XEP-0077, 3.3"
    }
  }
}
