/// TEMPORARY: where the server is known to differ from the documents.
///
/// The model can say what is right, and keeps to what the server does as long as an entry here is true. To mend the server is to set the
/// entry to false, see the model report what it did not report before, mend, and delete the entry.
enum AllowList {
  /// RFC 6121, A.3.2, note 1: "Server SHOULD auto-reply with 'unsubscribed'" to who unsubscribes, and does not.
  static let unsubscribeIsNotConfirmed = true

  /// RFC 6121, 4.3: a probe on behalf of a subscription comes from the bare JID of the user. Here it comes from the resource that is new,
  /// and is answered to it alone.
  static let probesComeFromResources = true

  /// RFC 6121, 4.3.2: who probes without a subscription SHOULD hear "unsubscribed". Here nobody does whose request still waits: it would
  /// be taken back on one side alone.
  static let probesLeaveRequestsAlone = true

  /// RFC 6121, 4.6.1: the list of those who got directed presence SHOULD lose who sends unavailable presence. Here nobody leaves it so.
  /// (Between accounts; the model does not look at what rooms send.)
  static let whoGoesStaysOnTheList = true

}
