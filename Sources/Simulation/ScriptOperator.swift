internal import SASL
public import Scenario
public import ServerCore
internal import XML
internal import XMPP

// Requests of operators and what happens to disks: in a script, for the server, and in the history of a run.

extension ControlRequest {
  /// `nil` if the account is no address.
  public init?(_ request: OperatorRequest) {
    guard let account = JID(request.account) else { return nil }
    func secret(_ password: Text) -> Secret { Secret(Array(password.utf8)) }
    switch request.change {
    case .add(let password): self = .addAccount(account, password: secret(password))
    case .changePassword(let password): self = .changePassword(account, password: secret(password))
    case .delete: self = .deleteAccount(account)
    case .disable: self = .disableAccount(account)
    case .enable: self = .enableAccount(account)
    }
  }
}

extension OperatorRequest {
  /// `nil` for a request that a script can't have: the list of accounts, and passwords that its lines can't hold.
  init?(_ request: ControlRequest) {
    guard let account = request.account else { return nil }
    switch request {
    case .addAccount(_, let secret):
      guard let password = OperatorRequest.password(secret) else { return nil }
      self.init(.add(password: password), account.text)
    case .changePassword(_, let secret):
      guard let password = OperatorRequest.password(secret) else { return nil }
      self.init(.changePassword(to: password), account.text)
    case .deleteAccount: self.init(.delete, account.text)
    case .disableAccount: self.init(.disable, account.text)
    case .enableAccount: self.init(.enable, account.text)
    case .listAccounts: return nil
    }
  }

  /// The password, if it may stand at the end of a line.
  private static func password(_ secret: Secret) -> Text? {
    let bytes = secret.withBytes { Array($0) }
    guard let first = bytes.first, let last = bytes.last, first > 0x20, last > 0x20, bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      return nil
    }
    return Text(utf8: bytes)
  }

  /// The password that the account has when it is done.
  var password: Text? {
    switch change {
    case .add(let password), .changePassword(let password): password
    case .delete, .disable, .enable: nil
    }
  }
}

extension DiskState {
  /// The words of the history for it.
  var inHistory: String {
    switch self {
    case .full: "the disk is full"
    case .slow(let times): "the disk takes \(times) times as long"
    case .hung: "the disk hangs"
    case .well: "the disk has room"
    }
  }

  /// `nil` for what is no fault of a disk.
  init?(inHistory words: String) {
    let times = words.split(separator: " ").compactMap { Int($0) }.first ?? 1
    let states: [DiskState] = [.full, .hung, .well, .slow(times: times)]
    guard let state = states.first(where: { $0.inHistory == words }) else { return nil }
    self = state == .slow(times: 1) ? .well : state
  }
}

extension WorldChange {
  /// The words of the history for it.
  var inHistory: String {
    switch self {
    case .disk(let state): state.inHistory
    case .storage(let isReadable): isReadable ? "storage answers again" : "storage refuses to answer"
    case .clock(let seconds): "somebody sets the clock by \(seconds) s"
    }
  }

  /// `nil` for what is no change of the world, and for one that scripts can't bring about.
  init?(inHistory words: String) {
    if let state = DiskState(inHistory: words) {
      self = .disk(state)
    } else if let seconds = words.split(separator: " ").compactMap({ Int($0) }).first, WorldChange.clockSeconds.contains(seconds),
      WorldChange.clock(seconds: seconds).inHistory == words
    {
      self = .clock(seconds: seconds)
    } else if let change = [true, false].map(WorldChange.storage).first(where: { $0.inHistory == words }) {
      self = change
    } else {
      return nil
    }
  }
}
