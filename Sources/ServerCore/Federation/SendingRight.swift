struct SendingRight: Sendable, Codable {}
