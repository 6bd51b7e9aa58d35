internal import Foundation
internal import SASL
package import ServerCore
internal import XML
internal import XMPP

/// A message on the control socket: one JSON object on a line asks, one answers, and the connection ends.
package struct ControlMessage: Codable {
  var command: String
  var jid: String?
  var password: String?

  package init(_ request: ControlRequest) {
    switch request {
    case .addAccount(let jid, let password): self.init("add", jid, password)
    case .changePassword(let jid, let password): self.init("passwd", jid, password)
    case .deleteAccount(let jid): self.init("delete", jid)
    case .disableAccount(let jid): self.init("disable", jid)
    case .enableAccount(let jid): self.init("enable", jid)
    case .listAccounts: self.init("list")
    }
  }

  private init(_ command: String, _ jid: JID? = nil, _ password: Secret? = nil) {
    self.command = command
    self.jid = jid?.text.string
    self.password = password?.withBytes { String(decoding: $0, as: UTF8.self) }
  }

  /// `nil` if it makes no sense.
  package var request: ControlRequest? {
    if command == "list" { return .listAccounts }
    guard let jid = jid.flatMap({ JID(Text($0)) }) else { return nil }
    let password = password.map { Secret(Array($0.utf8)) }
    switch command {
    case "add": return password.map { .addAccount(jid, password: $0) }
    case "passwd": return password.map { .changePassword(jid, password: $0) }
    case "delete": return .deleteAccount(jid)
    case "disable": return .disableAccount(jid)
    case "enable": return .enableAccount(jid)
    default: return nil
    }
  }
}

package struct ControlAnswer: Codable {
  struct Account: Codable {
    var jid: String
    var isDisabled: Bool
  }
  var refused: String?
  var accounts: [Account]?

  package init(_ reply: ControlReply) {
    switch reply {
    case .done: break
    case .refused(let reason): refused = reason
    case .accounts(let list): accounts = list.map { Account(jid: $0.jid.text.string, isDisabled: $0.isDisabled) }
    }
  }

  package var reply: ControlReply {
    if let refused { return .refused(refused) }
    guard let accounts else { return .done }
    return .accounts(
      accounts.compactMap { account in
        JID(Text(account.jid)).map { AccountListing(jid: $0, isDisabled: account.isDisabled) }
      })
  }
}

/// A line of JSON.
package enum ControlLine {
  /// The longest that a line which asks may be, in bytes.
  static let maximum = 65536

  package static func encode(_ value: some Encodable) -> [UInt8] {
    ((try? JSONEncoder().encode(value)).map { [UInt8]($0) } ?? []) + [0x0A]
  }
  package static func decode<T: Decodable>(_ type: T.Type, _ bytes: some Collection<UInt8>) -> T? {
    try? JSONDecoder().decode(type, from: Data(bytes))
  }
}
