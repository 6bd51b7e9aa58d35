/// Deviations of the server from the letter of the documents, with the reasons why its users are better served so.
///
/// The model keeps to a ruling as long as it is true here, and could do without. To change one: set it to false, see the model
/// report what the server does, mend that, and delete it. `RulingsTests` shows for each that it is so.
enum KnownDeviations {
  /// RFC 6121, A.3.2, note 1: a user who unsubscribes SHOULD be answered with "unsubscribed". Here he is not, nor by Prosody; section
  /// 3.3.3, which says what the contact's server MUST do, does not ask for it.
  ///
  /// He knows already that he has ended it. But if he has asked again meanwhile, the answer would take that request back (A.3.4), and
  /// on his side alone: the contact would say yes to one who no longer listens.
  static let unsubscribeIsNotConfirmed = true

  /// RFC 6121, 4.3: a probe on behalf of a subscription MUST come from the bare JID of the user. Here it comes from the resource that is
  /// new, as in Prosody and ejabberd and in RFC 3921 before.
  ///
  /// So the answer goes to that resource alone; to a bare JID it would go to all the others as well, who know it. Between accounts of one
  /// server no probe is needed at all (4.3.1), so that this is how the server asks itself. Probes to other servers are to be
  /// thought over again when there are any.
  static let probesComeFromResources = true

  /// RFC 6121, 4.3.2, 1: a prober without a subscription SHOULD hear "unsubscribed". Here nobody does whose request still waits.
  ///
  /// It would take the request back on the asker's side alone (A.3.4): the contact would still be asked, and say yes in vain.
  static let probesLeaveRequestsAlone = true

  /// RFC 6121, 4.6.1: the list of those who got directed presence SHOULD lose an entity that sends unavailable presence. Here nobody leaves
  /// it so, nor in Prosody or ejabberd.
  ///
  /// An entity that sends it may still be there and look on, and would keep showing a user who has gone; to be told of that twice hurts
  /// nobody. In a room it would hurt most: the nick that goes may be the user's own, that another of his clients has changed, and of the
  /// new one this session's list knows nothing. (The model does not look at the presence that rooms send.)
  static let whoGoesStaysOnTheList = true

  /// RFC 6121, 8.5.1: a request to subscribe to an account that does not exist MUST be ignored in silence. Here it is answered with
  /// "unavailable", as one to an account that does.
  ///
  /// Clients of today are told so by Prosody that a request arrived, and a script of its authors demands it. Where existing accounts say so and others
  /// are silent, a stranger learns which exist (RFC 6120, 13.11).
  static let everyRequestArrives = true
}
