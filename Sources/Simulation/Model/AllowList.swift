/// TEMPORARY: where the server is known to differ from the documents.
///
/// The model can say what is right, and keeps to what the server does as long as an entry here is true. To mend the server is to set the
/// entry to false, see the model report what it did not report before, mend, and delete the entry.
enum AllowList {
  /// XEP-0191, 3.3, and RFC 6121, 4.6: a resource that is not available may have sent directed presence, to a room for one. When its
  /// addressee is blocked, it must be told that it ended, and is not; nor is it when the resource goes.
  static let blockForgetsTheUnavailable = true

  /// XEP-0045, 9 and 9.7: to take the role of moderator from somebody takes an admin, and whoever isn't one MUST be refused. A moderator
  /// without that rank may give up the own role here.
  static let moderatorsMayResign = true

  /// XEP-0045, 8.2 and 5.1.3: "A user cannot be kicked by a moderator with a lower affiliation", so that an admin may kick an admin. Here
  /// only owners may. (The XEP lets "service provisioning" have a say: if that is what is wanted, it belongs to what is chosen.)
  static let adminsDoNotKickAdmins = true
}
