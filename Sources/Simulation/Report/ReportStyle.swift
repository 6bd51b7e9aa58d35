extension ReportPage {
  /// The page's looks: colours by name first, for light and dark, then the parts from top to bottom.
  static let style = #"""
    :root {
      color-scheme: light dark;
      --page: #fafaf8; --surface: #ffffff; --sunken: #f1f1ee; --ink: #1b1e23; --muted: #585f6b; --rule: #dcdcd8; --edge: #84878d;
      --accent: #0b57b0; --hover: #f0f1f2; --chosen: #e3ecf8;
      --message: #0b57b0; --message-tint: #e6effb; --presence: #1a6a3b; --presence-tint: #e2f3e7;
      --iq: #77369c; --iq-tint: #f4e9fa; --other: #4d5460; --other-tint: #ececec;
      --bad: #b0241b; --bad-tint: #fdebe9; --bad-strong: #b0241b; --on-bad: #ffffff; --good: #1a6a3b; --good-tint: #e2f3e7;
      --fault: #7d4b00; --fault-tint: #fff1cf; --fault-stripe: #fbe3a8;
      --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
      --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
    }
    /* Only on screens: paper is white. */
    @media screen and (prefers-color-scheme: dark) {
      :root {
        --page: #141619; --surface: #1c1f23; --sunken: #101214; --ink: #e6e8eb; --muted: #a4abb6; --rule: #33383f; --edge: #747c88;
        --accent: #8ab8ff; --hover: #23272c; --chosen: #22324a;
        --message: #8ab8ff; --message-tint: #1a2a43; --presence: #7ed49b; --presence-tint: #163022;
        --iq: #d6aaf2; --iq-tint: #30213f; --other: #b4bac4; --other-tint: #2a2e34;
        --bad: #ff9c94; --bad-tint: #3d1c1a; --bad-strong: #a82f27; --on-bad: #ffffff; --good: #7ed49b; --good-tint: #163022;
        --fault: #f3c55b; --fault-tint: #34290e; --fault-stripe: #453714;
      }
    }
    *, *::before, *::after { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; }
    body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 var(--sans); }
    main { max-width: 1680px; margin: 0 auto; padding: 24px 28px 64px; }
    h1, h2, h3, p, dl, dd, pre, figure, table { margin: 0; }
    h1 { font-size: 26px; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; overflow-wrap: anywhere; }
    h2 { font-size: 18px; line-height: 1.35; font-weight: 650; }
    h3 { font-size: 14px; line-height: 1.4; font-weight: 650; }
    code, pre, kbd, .mono { font-family: var(--mono); font-size: .9em; }
    button, input { font: inherit; color: inherit; }
    a { color: var(--accent); text-underline-offset: 2px; }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    .quiet { color: var(--muted); }
    .number { font-variant-numeric: tabular-nums; }
    .button {
      appearance: none; border: 1px solid var(--edge); border-radius: 6px; background: var(--surface); padding: 4px 12px;
      font-size: 13px; line-height: 20px; cursor: pointer; white-space: nowrap;
    }
    .button:hover { background: var(--hover); }
    .button:disabled { opacity: .45; cursor: default; }
    .input {
      border: 1px solid var(--edge); border-radius: 6px; background: var(--surface); padding: 4px 10px; font-size: 13px;
      line-height: 20px; min-width: 0;
    }
    .input::placeholder { color: var(--muted); opacity: 1; }
    .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

    /* Head */
    .brand { display: flex; align-items: center; gap: 8px; color: var(--muted); font-size: 13px; margin-bottom: 6px; }
    /* A spondee: two long syllables. */
    .brand i { width: 14px; height: 4px; background: var(--accent); border-radius: 1px; }
    .brand i + i { margin: 0 2px 0 -4px; }
    .title { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 14px; }
    .verdict {
      display: inline-flex; align-items: center; gap: 6px; border-radius: 5px; padding: 1px 10px 1px 8px; font-size: 14px;
      font-weight: 650; color: var(--good); background: var(--good-tint);
    }
    .verdict.bad { color: var(--on-bad); background: var(--bad-strong); }
    .verdict svg { width: 12px; height: 12px; }
    .facts { display: flex; flex-wrap: wrap; gap: 2px 18px; margin-top: 6px; color: var(--muted); font-size: 14px; }
    .facts b { color: var(--ink); font-weight: 600; }
    section { margin-top: 28px; }
    .command { display: flex; align-items: center; gap: 8px; margin-top: 16px; max-width: 900px; }
    .command code {
      flex: 0 1 auto; min-width: 0; overflow-x: auto; white-space: nowrap; background: var(--sunken); border: 1px solid var(--rule);
      border-radius: 6px; padding: 4px 12px; font-size: 13px; line-height: 20px;
    }
    .command code::before { content: "$ "; color: var(--muted); user-select: none; }
    .failure {
      margin-top: 18px; max-width: 900px; border: 1px solid var(--bad); border-left-width: 6px; border-radius: 8px;
      background: var(--bad-tint); padding: 14px 18px 16px;
    }
    .failure h2 { color: var(--bad); overflow-wrap: anywhere; }
    .failure .said { margin-top: 6px; font-size: 16px; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 18em;
      overflow-y: auto; }
    .failure .facts { margin: 10px 0 12px; }
    details { margin-top: 12px; border: 1px solid var(--rule); border-radius: 8px; background: var(--surface); max-width: 900px; }
    summary { padding: 7px 14px; cursor: pointer; font-size: 14px; font-weight: 600; }
    summary .quiet { font-weight: 400; }
    details .inside { border-top: 1px solid var(--rule); padding: 10px 14px 14px; }
    details pre {
      margin-top: 10px; max-height: 60vh; overflow: auto; background: var(--sunken); border-radius: 6px; padding: 12px 14px;
      font-size: 12.5px; line-height: 1.55; tab-size: 4;
    }
    .tabs { display: flex; flex-wrap: wrap; gap: 6px; margin-bottom: 18px; }
    .tabs .button[aria-selected="true"] { background: var(--chosen); border-color: var(--accent); font-weight: 600; }
    .tabs .bad::before { content: ""; display: inline-block; width: 8px; height: 8px; margin-right: 7px; background: var(--bad); }

    /* Campaign */
    .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(128px, 1fr)); gap: 1px; background: var(--surface);
      border: 1px solid var(--rule); border-radius: 8px; overflow: hidden; margin-top: 12px; }
    .tile { box-shadow: 0 0 0 1px var(--rule); padding: 10px 14px 12px; }
    .tile b { display: block; font-size: 20px; line-height: 1.3; font-weight: 600; font-variant-numeric: tabular-nums;
      overflow-wrap: anywhere; }
    .tile.bad b { color: var(--bad); }
    .tile span { color: var(--muted); font-size: 13px; }
    .pair { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 20px; margin-top: 20px; }
    .card { background: var(--surface); border: 1px solid var(--rule); border-radius: 8px; overflow: hidden; }
    .card > header { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 12px; padding: 10px 14px; min-height: 50px; }
    .card > header h3 { margin-right: auto; }
    .card.signatures { margin-top: 20px; }
    .scroll { overflow: auto; max-height: 300px; border-top: 1px solid var(--rule); }
    .scroll:focus-visible { outline-offset: -2px; }
    table { width: 100%; border-collapse: collapse; font-size: 13.5px; }
    th { position: sticky; top: 0; z-index: 1; background: var(--sunken); color: var(--muted); font-weight: 600; text-align: left; }
    th, td { padding: 5px 14px; vertical-align: top; }
    td { border-top: 1px solid var(--rule); overflow-wrap: anywhere; }
    .right { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
    .seed { text-align: right; min-width: 7.5em; font-variant-numeric: tabular-nums; }
    tr.missing td { background: var(--fault-tint); }
    .flag { color: var(--fault); font-weight: 600; white-space: nowrap; }
    .flag::before { content: ""; display: inline-block; width: 10px; height: 10px; margin-right: 7px; border: 2px solid;
      border-radius: 50%; vertical-align: -1px; }
    .tick { display: inline-flex; align-items: center; gap: 6px; font-size: 13px; white-space: nowrap; }
    .chart { padding: 4px 10px 10px; border-top: 1px solid var(--rule); }
    .chart svg { display: block; width: 100%; overflow: visible; }
    .chart text { font: 12px var(--sans); fill: var(--muted); font-variant-numeric: tabular-nums; }
    .chart .grid { stroke: var(--rule); }
    .chart .all { stroke: var(--edge); stroke-dasharray: 4 4; }
    .chart .curve { fill: none; stroke: var(--accent); stroke-width: 2; stroke-linejoin: round; }
    .chart .area { fill: var(--accent); opacity: .1; }
    .chart .last { fill: var(--accent); }
    .chart .value { fill: var(--ink); font-weight: 600; }

    /* Ladder */
    .filters { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 20px; margin: 12px 0 10px; }
    .filters fieldset { border: 0; margin: 0; padding: 0; min-width: 0; display: flex; flex-wrap: wrap; align-items: center; gap: 6px; }
    .filters legend { float: left; padding: 0; margin-right: 4px; font-size: 13px; color: var(--muted); }
    .filters .input { width: 230px; }
    .toggle {
      display: inline-flex; align-items: center; gap: 6px; border: 1px solid var(--edge); border-radius: 6px; padding: 1px 9px;
      font-size: 13px; line-height: 22px; background: var(--surface); cursor: pointer; color: var(--ink); max-width: 180px;
    }
    .toggle > span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .toggle[aria-pressed="false"] { background: none; border-style: dashed; color: var(--muted); text-decoration: line-through; }
    .toggle[aria-pressed="false"] .sample { opacity: .5; }
    .toggle small { font-size: 12px; color: var(--muted); font-variant-numeric: tabular-nums; }
    .sample { position: relative; flex: none; width: 26px; height: 12px; }
    .count { font-size: 13px; color: var(--muted); }
    .hint { font-size: 13px; color: var(--muted); margin-bottom: 10px; }
    .bench { display: grid; grid-template-columns: minmax(0, 1fr); gap: 20px; align-items: start; }
    /* No `overflow` here: the names of the lanes would no longer stick to the window. */
    .ladder { border: 1px solid var(--rule); border-radius: 8px; background: var(--surface); min-width: 0; }
    .top { position: sticky; top: 0; z-index: 5; background: var(--surface); border-bottom: 1px solid var(--edge);
      border-radius: 8px 8px 0 0; }
    .overview { display: block; width: 100%; height: 30px; background: var(--sunken); border-radius: 8px 8px 0 0; cursor: pointer; }
    .overview .amount { fill: var(--edge); }
    .overview .fault { stroke: var(--fault); stroke-width: 2; }
    .overview .crash { stroke: var(--bad); stroke-width: 3; }
    .overview .check { fill: var(--bad); }
    .overview .seen { fill: var(--accent); fill-opacity: .16; stroke: var(--accent); stroke-opacity: .8; }
    .lanes { position: relative; font-size: 12.5px; line-height: 16px; }
    .lane { position: absolute; bottom: 5px; text-align: center; transform: translateX(-50%); overflow: hidden; padding: 0 2px; }
    .lane b, .lane span { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .lane b { font-weight: 600; }
    .lane.upright { writing-mode: vertical-rl; transform: translateX(-50%) rotate(180deg); text-align: left; max-height: 84px; }
    .lane.server { min-width: max-content; padding: 0; bottom: 11px; }
    .lane.server b { background: var(--ink); color: var(--surface); border-radius: 4px; padding: 2px 4px; }
    .lane .quiet, .unit { font-size: 12px; }
    .unit { position: absolute; bottom: 5px; left: 0; text-align: right; color: var(--muted); }
    .rows { position: relative; outline: none; contain: layout style; }
    .rows.empty::after { content: "Nothing matches these filters."; display: block; padding: 40px; text-align: center;
      color: var(--muted); }
    .rows[data-cut]::after { content: attr(data-cut); position: absolute; bottom: 0; left: 8px; color: var(--muted); }
    .life { position: absolute; width: 0; transform: translateX(-50%); border-left: 1px dotted var(--edge); opacity: .55; }
    .life.connected { border-left: 2px dashed var(--edge); opacity: 1; }
    .life.bound { border-left: 3px solid var(--muted); opacity: 1; }
    .life.server { border-left: 5px solid var(--ink); opacity: 1; }
    .life.down { border-left: 3px dotted var(--bad); opacity: 1; }
    .life.follow { border-left: 11px solid var(--accent); opacity: .35; }
    .row { position: absolute; left: 0; right: 0; cursor: pointer; color: var(--other); --tint: var(--other-tint); }
    .row:hover { background: color-mix(in srgb, var(--ink) 5%, transparent); }
    .row.related { background: color-mix(in srgb, var(--accent) 9%, transparent); }
    .row.current { background: color-mix(in srgb, var(--accent) 20%, transparent); }
    .row.culprit { background: color-mix(in srgb, var(--bad) 14%, transparent); box-shadow: inset 5px 0 var(--bad); }
    .row.culprit.current { background: color-mix(in srgb, var(--bad) 24%, transparent); }
    .rows:focus-visible .row.current { outline: 2px solid var(--accent); outline-offset: -2px; }
    .message { color: var(--message); --tint: var(--message-tint); }
    .presence { color: var(--presence); --tint: var(--presence-tint); }
    .iq { color: var(--iq); --tint: var(--iq-tint); }
    .time { position: absolute; left: 0; text-align: right; color: var(--muted); font-size: 12px; line-height: 18px; pointer-events: none;
      font-variant-numeric: tabular-nums; white-space: nowrap; }
    .time small { display: inline-block; width: 27px; text-align: left; font-size: 11px; }
    .narrow .time small { display: none; }
    .row.current .time, .row.culprit .time { color: var(--ink); }
    .wire { position: absolute; height: 0; border-top: 2px solid; transform: translateY(-50%); }
    .presence .wire { border-top-style: dashed; }
    .iq .wire { border-top: 4px double; }
    .other .wire { border-top-style: dotted; }
    .mark { position: absolute; width: 10px; height: 10px; transform: translate(-50%, -50%); background: currentColor;
      border-radius: 50%; }
    .presence .mark { background: var(--surface); border: 2px solid; }
    .iq .mark { border-radius: 0; transform: translate(-50%, -50%) rotate(45deg) scale(.9); }
    .other .mark { border-radius: 0; transform: translate(-50%, -50%) scale(.8); }
    .session .mark { width: 13px; height: 13px; border-radius: 50%; border: 2px solid var(--muted); background: var(--surface); }
    .session.began .mark { background: var(--muted); }
    .session.ended .mark { border-radius: 0; border-width: 0; width: 17px; height: 5px; background: var(--ink); }
    .tip { position: absolute; width: 10px; height: 12px; transform: translateY(-50%); background: currentColor; }
    .tip.to-right { clip-path: polygon(0 0, 100% 50%, 0 100%); }
    .tip.to-left { clip-path: polygon(100% 0, 0 50%, 100% 100%); }
    .chip {
      position: absolute; height: 20px; line-height: 18px; font-size: 12.5px; padding: 0 7px; border: 1px solid; background: var(--tint);
      white-space: nowrap; overflow: hidden; text-overflow: ellipsis; border-radius: 3px; unicode-bidi: isolate;
    }
    .presence .chip { border-radius: 10px; padding: 0 9px; }
    .iq .chip { border-radius: 0; border-left-width: 4px; }
    .session .chip { border-style: dashed; border-color: var(--edge); background: var(--surface); color: var(--ink); }
    .session .chip.again { background: var(--chosen); border-color: var(--accent); border-style: solid; }
    .chip b { font-weight: 600; }
    .chip .error { color: var(--bad); font-weight: 600; }
    .chip .tail { color: var(--muted); }
    .row.error .chip { border-color: var(--bad); border-width: 2px; line-height: 16px; }
    .row.related .chip, .row.current .chip { box-shadow: 0 0 0 2px currentColor; }
    .band, .gap, .verdict-line { position: absolute; left: 0; right: 0; display: flex; align-items: center; gap: 8px; font-size: 13px; }
    .band { z-index: 1; cursor: pointer; color: var(--fault); border: solid var(--fault); border-width: 1px 0; print-color-adjust: exact;
      background: repeating-linear-gradient(-45deg, var(--fault-tint) 0 8px, var(--fault-stripe) 8px 16px); }
    .band > span:last-child { background: var(--fault-tint); border-radius: 4px; padding: 0 8px; margin-right: 8px; font-weight: 600;
      overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .band.crash { color: var(--on-bad); border-color: var(--bad-strong); font-size: 14px;
      background: repeating-linear-gradient(-45deg, var(--bad-strong) 0 10px, color-mix(in srgb, var(--bad-strong) 78%, #000) 10px 20px); }
    .band.crash > span:last-child { background: color-mix(in srgb, var(--bad-strong) 78%, #000); }
    .band .time { position: static; flex: none; color: inherit; font-weight: 600; }
    .band.current { outline: 3px solid var(--accent); outline-offset: -3px; }
    .gap { justify-content: center; color: var(--muted); background: var(--sunken); z-index: 1; border: dashed var(--edge);
      border-width: 1px 0; margin: 5px 0; }
    .gap::before, .gap::after { content: ""; width: 22px; border-top: 3px dotted var(--edge); }
    .verdict-line { z-index: 1; background: var(--bad-strong); color: var(--on-bad); cursor: pointer; font-weight: 600;
      padding-right: 10px; print-color-adjust: exact; }
    .verdict-line span:last-child { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .verdict-line .time { position: static; flex: none; color: inherit; }

    /* What was chosen */
    .panel { display: block; background: var(--surface); border: 1px solid var(--rule); border-radius: 8px; min-width: 0; overflow: auto; }
    .panel > header { position: sticky; top: 0; background: var(--surface); display: flex; align-items: flex-start; gap: 6px; z-index: 2;
      padding: 12px 14px 8px; border-bottom: 1px solid var(--rule); }
    .panel > header h3 { flex: 1; min-width: 0; font-size: 15px; overflow-wrap: anywhere; outline: none; }
    .panel > header h3 > span { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; }
    .panel > header h3 small { display: block; font-size: 13px; font-weight: 400; color: var(--muted); }
    .panel .button { padding: 2px 9px; }
    .panel .inside { padding: 12px 14px 16px; }
    .panel .broken { border-left: 4px solid var(--bad); background: var(--bad-tint); border-radius: 4px; padding: 8px 12px;
      margin-bottom: 12px; overflow-wrap: anywhere; font-size: 14px; }
    .panel .broken span { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 5; overflow: hidden; }
    .panel .broken b { color: var(--bad); }
    .panel dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 2px 14px; font-size: 13.5px; }
    .panel dt { color: var(--muted); }
    .panel dd { overflow-wrap: anywhere; unicode-bidi: isolate; }
    .split { display: flex; align-items: center; justify-content: space-between; margin: 16px 0 6px; }
    .stanza { background: var(--sunken); border-radius: 6px; padding: 10px 12px; font-size: 12.5px; line-height: 1.55; max-height: 50vh;
      overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
    .stanza div { padding-left: calc(var(--depth) * 14px + 14px); text-indent: -14px; }
    .stanza span { unicode-bidi: isolate; }
    .t-tag { color: var(--message); font-weight: 600; }
    .t-name { color: var(--iq); }
    .t-value { color: var(--presence); }
    .t-space, .t-mark { color: var(--muted); }
    .follows { list-style: none; margin: 0; padding: 0; border: 1px solid var(--rule); border-radius: 6px; overflow: hidden; }
    .follows li + li { border-top: 1px solid var(--rule); }
    .follows button { display: grid; grid-template-columns: 106px minmax(0, 1fr) auto; gap: 8px; width: 100%; border: 0; background: none;
      padding: 5px 10px; text-align: left; font-size: 13px; cursor: pointer; font-variant-numeric: tabular-nums; }
    .follows button:hover { background: var(--hover); }
    .follows button:focus-visible { outline-offset: -2px; }
    .follows [aria-current="true"] { background: var(--chosen); font-weight: 600; }
    .panel .close { display: none; }

    @media screen and (min-width: 1080px) {
      .bench { grid-template-columns: minmax(0, 1fr) 370px; }
      .panel { position: sticky; top: 12px; max-height: calc(100vh - 24px); }
    }
    @media screen and (max-width: 1079px) {
      .panel { position: fixed; left: 0; right: 0; bottom: 0; z-index: 10; max-height: 56vh; border-radius: 12px 12px 0 0;
        border-color: var(--edge); box-shadow: 0 -4px 24px rgb(0 0 0 / .22); }
      .panel[hidden] { display: none; }
      body.covered main { padding-bottom: 58vh; }
      .panel .close { display: inline-block; }
      .pair { grid-template-columns: minmax(0, 1fr); }
    }
    @media (max-width: 640px) {
      main { padding: 16px 12px 48px; }
      h1 { font-size: 22px; }
      .ladder { margin: 0 -12px; border-width: 1px 0; border-radius: 0; }
      .top, .overview { border-radius: 0; }
      .filters .input { width: 100%; }
      .filters > label { flex: 1 1 100%; }
      .tiles { grid-template-columns: 1fr 1fr; }
      th, td { padding-left: 10px; padding-right: 10px; }
      .keys { display: none; }
    }
    @media print {
      :root { --page: #ffffff; }
      main { max-width: none; padding: 0; }
      .panel, .filters, .hint, .overview, .tabs, .button, .tick, .input, .failure a, details:not([open]) { display: none; }
      .pair { grid-template-columns: minmax(0, 1fr); }
      .command code { white-space: pre-wrap; }
      .bench { display: block; }
      .top { position: static; }
      .scroll, details pre, .failure .said { max-height: none; }
      .chip, .mark, .verdict, tr.missing td { print-color-adjust: exact; }
      .row, .band, .gap { break-inside: avoid; }
    }
    """#
}
