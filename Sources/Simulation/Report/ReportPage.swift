/// One self-contained page: what a campaign did, and a ladder diagram for each run that is shown.
public struct ReportPage: Sendable {
  /// Numbers of a campaign.
  public struct Summary: Sendable {
    public var seeds = 0
    public var failed = 0
    public var milliseconds: Int64 = 0
    public var events: Int64 = 0
    public var virtualSeconds: Int64 = 0
    public var digest = ""
    /// How often each mark was reached, with its clause.
    public var marks: [(name: String, clause: String, count: Int)] = []
    /// After so many seeds, so many different marks had been reached.
    public var coverage: [(seeds: Int, marks: Int)] = []
    /// Kinds of failure: how often, and the first seed.
    public var signatures: [(signature: String, count: Int, seed: UInt64)] = []
    public init() {}
  }
  public var summary: Summary?
  public var runs: [RunPicture]

  public init(summary: Summary?, runs: [RunPicture]) {
    self.summary = summary
    self.runs = runs
  }

  public var html: String {
    let data = JSON.object([("summary", summary?.json ?? .null), ("runs", .array(runs.map(\.json)))]).text
    let title = (runs.first.map { "Spondee: \($0.title)" } ?? "Spondee: a campaign").replacing("&", with: "&amp;").replacing(
      "<", with: "&lt;")
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(title)</title>
      <style>
      \(ReportPage.style)
      </style>
      </head>
      <body>
      <main id="page"></main>
      <script>
      const data = \(data);
      \(ReportPage.script)
      </script>
      </body>
      </html>

      """
  }

  /// The files of `Page`, which the build turns into arrays of bytes (`Package.swift`): so the program has no files beside it.
  private static let style = text([PackageResources.page_css, PackageResources.ladder_css])
  private static let script = text([
    PackageResources.elements_js, PackageResources.numbers_js, PackageResources.stanza_js, PackageResources.campaign_js,
    PackageResources.causality_js,
    PackageResources.story_js, PackageResources.rows_js, PackageResources.overview_js, PackageResources.ladder_js,
    PackageResources.panel_js, PackageResources.filters_js, PackageResources.page_js,
  ])

  private static func text(_ files: [[UInt8]]) -> String {
    files.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
  }
}

extension ReportPage.Summary {
  var json: JSON {
    .object([
      ("seeds", .number(Int64(seeds))), ("failed", .number(Int64(failed))), ("milliseconds", .number(milliseconds)),
      ("events", .number(events)), ("virtualSeconds", .number(virtualSeconds)), ("digest", .string(digest)),
      (
        "marks",
        .array(marks.map { .object([("name", .string($0.name)), ("clause", .string($0.clause)), ("count", .number(Int64($0.count)))]) })
      ), ("coverage", .array(coverage.map { .array([.number(Int64($0.seeds)), .number(Int64($0.marks))]) })),
      (
        "signatures",
        .array(
          signatures.map {
            .object([("signature", .string($0.signature)), ("count", .number(Int64($0.count))), ("seed", .string("\($0.seed)"))])
          })
      ),
    ])
  }
}
