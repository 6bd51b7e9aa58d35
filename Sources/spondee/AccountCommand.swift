internal import ArgumentParser
internal import Glibc
internal import SASL
internal import ServerCore
internal import ServerNIO
internal import XML
internal import XMPP

struct AccountCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "account", abstract: "Add, change and remove accounts.",
    discussion: "A running server is asked through the socket in its data folder; if none runs, the data are changed at once.",
    subcommands: [Add.self, ChangePassword.self, Delete.self, Disable.self, Enable.self, List.self])

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make an account.")
    @OptionGroup var place: PlaceOptions
    @OptionGroup var address: AddressArgument
    @OptionGroup var password: PasswordOptions
    func run() throws { try ask(.addAccount(address.jid, password: password.read(for: address.jid)), place) }
  }

  struct ChangePassword: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "passwd", abstract: "Give an account a new password; its sessions end.")
    @OptionGroup var place: PlaceOptions
    @OptionGroup var address: AddressArgument
    @OptionGroup var password: PasswordOptions
    func run() throws { try ask(.changePassword(address.jid, password: password.read(for: address.jid)), place) }
  }

  struct Delete: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove an account and all that belongs to it.")
    @OptionGroup var place: PlaceOptions
    @OptionGroup var address: AddressArgument
    func run() throws { try ask(.deleteAccount(address.jid), place) }
  }

  struct Disable: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lock an account: its sessions end, and nobody can log in.")
    @OptionGroup var place: PlaceOptions
    @OptionGroup var address: AddressArgument
    func run() throws { try ask(.disableAccount(address.jid), place) }
  }

  struct Enable: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Unlock an account.")
    @OptionGroup var place: PlaceOptions
    @OptionGroup var address: AddressArgument
    func run() throws { try ask(.enableAccount(address.jid), place) }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print all accounts, one a line.")
    @OptionGroup var place: PlaceOptions
    func run() throws { try ask(.listAccounts, place) }
  }

  private static func ask(_ request: ControlRequest, _ place: PlaceOptions) throws {
    switch try AccountControl.perform(request, configuration: place.configuration()) {
    case .done: break
    case .accounts(let list): for account in list { print("\(account.jid)\(account.isDisabled ? " (disabled)" : "")") }
    case .refused(let reason):
      Spondee.complain(reason)
      throw ExitCode.failure
    }
  }
}

struct AddressArgument: ParsableArguments {
  @Argument(help: ArgumentHelp("The account's address, such as juliet@example.org.", valueName: "jid"))
  var address: String

  func validate() throws {
    guard let jid = JID(Text(address)), jid.isBare, !jid.local.isEmpty else {
      throw ValidationError("`\(address)` is not the address of an account, such as juliet@example.org")
    }
  }
  /// Checked by `validate`.
  var jid: JID { JID(Text(address))! }
}

struct PasswordOptions: ParsableArguments {
  @Flag(help: "Read the password from standard input, up to the first line's end, and don't ask for it.")
  var passwordStdin = false

  func read(for jid: JID) throws -> Secret {
    let password: String?
    if passwordStdin {
      password = readLine(strippingNewline: true)
    } else {
      guard isatty(STDIN_FILENO) == 1 else {
        throw ValidationError("there is no terminal to ask for the password on; give --password-stdin to read it from standard input")
      }
      password = ask("Password for \(jid): ")
      guard ask("Once more: ").map({ Text($0) }) == password.map({ Text($0) }) else { throw ValidationError("the two passwords differ") }
    }
    guard let password, !password.isEmpty else { throw ValidationError("the password is empty") }
    return Secret(Array(password.utf8))
  }

  /// Asks on the terminal, which does not show what is typed.
  private func ask(_ question: String) -> String? {
    var before = termios()
    tcgetattr(STDIN_FILENO, &before)
    var silent = before
    silent.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
    defer {
      tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
      Spondee.show("\n")
    }
    Spondee.show(question)
    return readLine(strippingNewline: true)
  }
}
