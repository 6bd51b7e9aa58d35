internal import MutationRules
internal import Testing

/// The source with its mutants in it, without the import.
private func mutated(_ source: String, excluded: Set<String> = []) -> String {
  let catalog = EnumCatalog(sources: [(file: "F.swift", text: source)])
  let result = Mutator(enums: catalog, excluded: excluded).mutate(source, file: "F.swift", first: 1)
  return result.mutants.isEmpty ? result.text : String(result.text.dropFirst("public import MutantSwitch; ".count))
}

/// Sources, each with what becomes of it.
private let rules: [(source: String, mutated: String)] = [
  // Conditions
  ("func f() { if a { g() } }", "func f() { if mutantCondition(1, 2, a) { if mutantRuns(3) { g() } } }"),
  (
    "func f() { if a, let b = c, d { g() } }",
    "func f() { if mutantCondition(1, 2, a), let b = mutantNil(3, c), mutantTrue(4, d) { if mutantRuns(5) { g() } } }"
  ),
  (
    "func f() { guard let a, b < 3 else { return g() } }",
    "func f() { guard let a = mutantNil(1, a), mutantTrue(2, mutantLess(3, b , 3)) else { return mutantRuns(4) ? g() : () } }"
  ),
  (
    "func f() -> Bool { return a && !b || c == d }",
    "func f() -> Bool { return mutantTrue(1, mutantFalse(2, mutantTrue(4, a) && mutantTrue(5, !b)) || mutantFalse(3, c == d)) }"
  ),
  ("var a: Bool { b || c }", "var a: Bool { mutantTrue(1, mutantFalse(2, b) || mutantFalse(3, c)) }"),
  ("func f() { while a < b { g() } }", "func f() { while mutantFalse(1, mutantLess(2, a , b)) { if mutantRuns(3) { g() } } }"),
  (
    "func f() { for a in b where a > 1 { g(a) } }",
    "func f() { for a in b where mutantCondition(1, 2, mutantGreater(3, a , 1)) { if mutantRuns(4) { g(a) } } }"
  ),
  ("func f() { let a = b.filter { $0.c != d } }", "func f() { let a = b.filter { mutantCondition(1, 2, $0.c != d) } }"),
  ("func f() { g(a == b, !c, true) }", "func f() { if mutantRuns(1) { g(mutantNot(2, a == b), mutantNot(3, !c), mutantNot(4, true)) } }"),

  // Branches
  ("func f() { if case .x(let y) = z { g(y) } }", "func f() { if case .x(let y) = z, mutantRuns(1) { if mutantRuns(2) { g(y) } } }"),
  (
    "func f() { switch a { case .b, .c: g()\ncase .d where e: h()\ndefault: break } }",
    """
    func f() { switch a { case .b where mutantRuns(1), .c where mutantRuns(2): if mutantRuns(5) { g() }
    case .d where mutantCondition(3, 4, e): if mutantRuns(6) { h() }
    default: break } }
    """
  ),

  // Values
  (
    "func f() { let x = a == b ? c ?? d : min(e, 5) - 2 }",
    """
    func f() { let x = mutantCondition(1, 2, a == b) ? mutantNil(3, c) ?? d : \
    mutantSubtract(4, mutantMin(5, e, mutantConstant(6, 5, 6)) , mutantConstant(7, 2, 3)) }
    """
  ),
  (
    "enum E { case one, two, three(Int) }\nfunc f() -> E { g(.one); return .two }",
    "enum E { case one, two, three(Int) }\n"
      + "func f() -> E { if mutantRuns(1) { g(mutantConstant(2, .one, .two)) }; return mutantConstant(3, .two, .one) }"
  ),
  (
    #"func f() { let x = E("message", ["type": "error"], text: "No such thing.", ascii: ",") }"#,
    #"func f() { let x = E(mutantConstant(1, "message", "mutant"), ["type": mutantConstant(2, "error", "mutant")], "#
      + #"text: "No such thing.", ascii: mutantConstant(3, ",", "~")) }"#
  ),
  ("func f() { let x = a.bare }", "func f() { let x = mutantPick(1, a.bare, a) }"),
  (
    "func f() { let x = g(from: b.address, to: c) }",
    "func f() { let x = g(from: mutantPick(1, mutantPick(2, b.address, b.address.bare), c), to: mutantPick(1, c, b.address)) }"
  ),

  // Statements
  (
    "func f() { persist(a)\nroute(b)\nc = d\ne += 1 }",
    """
    func f() { if mutantRuns(1), mutantRuns(2) { persist(a) }
    if mutantRuns(3) { route(b) }; if mutantIs(1) { persist(a) }
    if mutantRuns(4) { c = d }
    if mutantRuns(5) { e += mutantConstant(6, 1, 2) } }
    """
  ),
  (
    "func f() { transaction.immediate.append(a)\nsend(b) }",
    "func f() { if mutantRuns(1) { transaction.immediate.append(a) }\nif mutantRuns(2) { send(b) } }"
  ),
]

struct RulesTests {
  @Test(arguments: rules.indices) func aRuleRewrites(_ i: Int) { #expect(mutated(rules[i].source) == rules[i].mutated) }

  @Test(arguments: [
    // An expression that may be a value is no statement to be left out.
    "func f() { let a = { g() } }",
    "func f() -> Int { switch a { case .b: g() } }",
    // A variable's first value.
    "func f() { let a: X\na = b }",
    "struct S { init() { a = b } }",
    // Marks, logs, assertions, and what decides about nothing else.
    "func f() { if a { transaction.reach(.mark) } }",
    "func f() { for a in b where c { reach(a) } }",
    "func f() { let mark: AMark? = a == b ? .one : .two }",
    "var a: AMark { switch b { case c: .one\ndefault: .two } }",
    "func f() -> AMark { a == b ? .one : .two }",
    "func f() { effects.append(.log(.info, a)) }",
    "func f() { if a == b, c > 0 { transaction.reach(.mark) } }",
    "func f() { a.reserveCapacity(b + 1) }",
    #"func f() { log("x", a == b) }"#,
    "func f() { precondition(a > 2) }",
    "enum M: CoverageMark { case a, b\nvar c: Bool { d } }",
    "extension Limit { static let a = number(5) }",
    // Patterns, attributes, raw values and texts for people.
    "@available(x, 1) func f() { }",
    "enum E: Int { case a = 1 }",
    #"func f() { let x = g(xep: 92, text: "No", "Not this.", "\(a == b)") }"#,
    "func f() { switch a { case 1: break } }",
  ])
  func nothingIsRewritten(_ source: String) { #expect(mutated(source) == source) }

  @Test func linesKeepTheirNumbers() {
    let source = "func f() {\n  if a\n    && b\n  {\n    g(\n      c)\n  }\n}\n"
    let result = Mutator(enums: EnumCatalog(sources: [])).mutate(source, file: "F.swift", first: 7)
    #expect(
      result.text == """
        public import MutantSwitch; func f() {
          if mutantFalse(7, mutantTrue(8, a)
            && mutantTrue(9, b))
          {
            if mutantRuns(10) { g(
              c) }
          }
        }

        """)
    #expect(result.mutants.map(\.line) == [2, 2, 3, 5])
    #expect(result.mutants.map(\.statement) == [[2, 7], [2, 7], [2, 7], [5, 6]])
  }

  @Test func identitiesSurviveEditsElsewhere() {
    let source = "struct S { mutating func f() { g(); g() } }"
    let expected = ["F.swift | S.f | remove | g() | 1", "F.swift | S.f | remove | g() | 2"]
    for text in [source, "let a = 1\n\n" + source] {
      let mutants = Mutator(enums: EnumCatalog(sources: [])).mutate(text, file: "F.swift", first: 1).mutants
      #expect(mutants.map(\.identity).suffix(2) == expected)
    }
  }

  @Test func aCaseOfSeveralEnumsIsThatOfTheTypeThatIsCalled() {
    let first = "enum A { case one, two }\nextension B { enum C { case one, three } }"
    let catalog = EnumCatalog(sources: [(file: "E.swift", text: first)])
    let mutator = Mutator(enums: catalog)
    #expect(mutator.mutate("let x = B(.one)", file: "F.swift", first: 1).text.hasSuffix("let x = B(mutantConstant(1, .one, .three))"))
    #expect(mutator.mutate("let x = D(.one)", file: "F.swift", first: 1).text.hasSuffix("let x = D(mutantConstant(1, .one, .two))"))
  }

  @Test func anExcludedMutantIsLeftOutAndTheOthersKeepTheirIdentity() {
    let source = "func f() { g(); g() }"
    #expect(mutated(source, excluded: ["F.swift | f | remove | g() | 1"]) == "func f() { g(); if mutantRuns(1) { g() } }")
  }
}
