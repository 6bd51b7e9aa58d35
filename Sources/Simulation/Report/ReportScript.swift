extension ReportPage {
  /// Everything but the ladder. What a run holds may be hostile: it only ever gets into the page as text, never as markup.
  static let script = #"""
    function el(tag, attributes, ...children) {
      const node = document.createElement(tag);
      for (const [key, value] of Object.entries(attributes ?? {})) {
        if (typeof value === "function") node.addEventListener(key, value);
        else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
      }
      node.append(...children.flat().filter((child) => child !== null && child !== undefined));
      return node;
    }

    function svg(tag, attributes, ...children) {
      const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [key, value] of Object.entries(attributes ?? {})) node.setAttribute(key, value);
      node.append(...children);
      return node;
    }

    function at(node, place) {
      for (const [key, value] of Object.entries(place)) node.style[key] = typeof value === "number" ? value + "px" : value;
      return node;
    }

    // MARK: Numbers

    const grouped = (number) => Number(number).toLocaleString("en-US", { maximumFractionDigits: 0 });
    const counted = (number, one, many = one + "s") => grouped(number) + " " + (Number(number) === 1 ? one : many);
    /// Nanoseconds as milliseconds: the whole ones, and three digits more where they aren't zero.
    const splitTime = (t) => {
      const micros = Math.floor(t / 1000);
      const rest = micros % 1000;
      return [grouped(Math.floor(micros / 1000)), rest === 0 ? "" : "." + String(rest).padStart(3, "0")];
    };
    const timeText = (t) => splitTime(t).join("") + " ms";

    function span(nanoseconds) {
      const seconds = nanoseconds / 1e9;
      if (seconds < 1) return Number((nanoseconds / 1e6).toFixed(nanoseconds < 1e7 ? 3 : 0)) + " ms";
      if (seconds < 60) return Number(seconds.toFixed(seconds < 10 ? 2 : 1)) + " s";
      const units = [["day", 86400], ["h", 3600], ["min", 60], ["s", 1]];
      const first = units.findIndex(([, size]) => seconds >= size);
      const [name, size] = units[first];
      const whole = Math.floor(seconds / size);
      const text = name === "day" ? counted(whole, "day") : grouped(whole) + " " + name;
      if (first === 3) return text;
      const rest = Math.floor((seconds % size) / units[first + 1][1]);
      return rest === 0 ? text : text + " " + rest + " " + units[first + 1][0];
    }

    function rate(amount, milliseconds) {
      const value = amount / (milliseconds / 1000);
      return value < 10 ? value.toFixed(1) : grouped(value);
    }

    // MARK: Copying

    /// Pages from files may lack a clipboard: then the text is at least selected.
    function copyButton(text, source, label = "Copy") {
      const button = el("button", { type: "button", class: "button", "aria-live": "polite" }, label);
      const tell = (word) => {
        button.textContent = word;
        setTimeout(() => { button.textContent = label; }, 2500);
      };
      button.addEventListener("click", () => {
        const select = () => {
          const range = document.createRange();
          range.selectNodeContents(source());
          const selection = window.getSelection();
          selection.removeAllRanges();
          selection.addRange(range);
          let isCopied = false;
          try { isCopied = document.execCommand("copy"); } catch { isCopied = false; }
          tell(isCopied ? "Copied" : "Selected");
        };
        if (!navigator.clipboard) return select();
        navigator.clipboard.writeText(text).then(() => tell("Copied"), select);
      });
      return button;
    }

    function foldedText(title, note, text) {
      const pre = el("pre", { tabindex: 0 }, text);
      const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
      const summary = el("summary", {}, title + " ", el("span", { class: "quiet" }, counted(lines, "line")));
      const head = el("div", { class: "split", style: "margin: 0" }, el("span", { class: "quiet" }, note), copyButton(text, () => pre));
      return el("details", {}, summary, el("div", { class: "inside" }, head, pre));
    }

    // MARK: Stanzas

    const entities = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
    function unescaped(text) {
      return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi, (whole, hex, decimal, name) => {
        const code = hex ? parseInt(hex, 16) : decimal ? Number(decimal) : null;
        return code === null ? entities[name] ?? whole : code <= 0x10FFFF ? String.fromCodePoint(code) : whole;
      });
    }

    /// After the tag that begins there; by hand, because values may hold ">", and expressions may take forever with hostile text.
    function tagEnd(text, start) {
      let quote = null;
      for (let index = start; index < text.length; index += 1) {
        const character = text[index];
        if (quote) quote = character === quote ? null : quote;
        else if (character === '"' || character === "'") quote = character;
        else if (character === ">") return index + 1;
      }
      return text.length;
    }

    function attributesIn(tag) {
      const found = {};
      for (const [, name, value] of tag.matchAll(/\s([^\s=<>"'\/]+)=("[^"]*"|'[^']*')/g)) found[name] ??= unescaped(value.slice(1, -1));
      return found;
    }

    /// Of the outermost element; kept, since the ladder asks often.
    function headOf(event) {
      if (!event.head) {
        const text = event.text ?? "";
        event.head = attributesIn(text.slice(0, tagEnd(text, 0)));
      }
      return event.head;
    }

    function tokensOf(text) {
      const tokens = [];
      const open = [];
      let index = 0;
      while (index < text.length) {
        let end = text[index] === "<" ? tagEnd(text, index) : text.indexOf("<", index);
        if (end < 0) end = text.length;
        const token = { text: text.slice(index, end), kind: "text", isInline: false };
        if (text[index] === "<") {
          token.kind = text[index + 1] === "/" ? "close" : token.text.endsWith("/>") || text[index + 1] === "?" ? "empty" : "open";
          if (token.kind === "close") {
            const begin = open.pop();
            if (begin && tokens[tokens.length - 1] === begin) begin.isInline = true;
          } else if (token.kind === "open") open.push(token);
        } else if (open.length && token.text.trim() !== "") open[open.length - 1].isInline = true;
        tokens.push(token);
        index = end;
      }
      return tokens;
    }

    function tagParts(tag) {
      const parts = [];
      const match = /^(<[\/?]?)([^\s\/>]*)/.exec(tag);
      parts.push(["t-mark", match[1]], ["t-tag", match[2]]);
      let index = match[0].length;
      for (const found of tag.matchAll(/\s([^\s=<>"'\/]+)=("[^"]*"|'[^']*')/g)) {
        if (found.index < index) continue;
        const isSpace = found[1] === "xmlns" || found[1].startsWith("xmlns:");
        parts.push(["", tag.slice(index, found.index + 1)], [isSpace ? "t-space" : "t-name", found[1]], ["t-mark", "="]);
        parts.push([isSpace ? "t-space" : "t-value", found[2]]);
        index = found.index + found[0].length;
      }
      parts.push(["t-mark", tag.slice(index)]);
      return parts;
    }

    /// Lines with depths. An element that holds text stays on one line: white space would change what it says.
    function stanzaLines(text, limit = 1500) {
      const lines = [];
      let depth = 0;
      let inline = 0;
      const put = (parts, isNew) => {
        if (isNew || lines.length === 0) lines.push({ depth: Math.min(depth, 12), parts });
        else lines[lines.length - 1].parts.push(...parts);
      };
      for (const token of tokensOf(text)) {
        if (lines.length >= limit) {
          depth = 0;
          put([["t-space", "… and more: copy it to see all of it"]], true);
          break;
        }
        if (token.kind === "open") {
          put(tagParts(token.text), inline === 0);
          if (inline > 0 || token.isInline) inline += 1;
          else depth += 1;
        } else if (token.kind === "close") {
          if (inline === 0) depth = Math.max(0, depth - 1);
          put(tagParts(token.text), inline === 0);
          inline = Math.max(0, inline - 1);
        } else if (token.kind === "empty") put(tagParts(token.text), inline === 0);
        else if (inline > 0 || token.text.trim() !== "") put([["t-text", token.text]], inline === 0);
      }
      return lines;
    }

    function stanzaView(text) {
      return el("div", { class: "stanza mono", tabindex: 0, role: "group", "aria-label": "Stanza" }, stanzaLines(text).map((line) => {
        const spans = line.parts.filter(([, part]) => part !== "").map(([kind, part]) => kind ? el("span", { class: kind }, part) : part);
        const row = el("div", {}, spans);
        row.style.setProperty("--depth", line.depth);
        return row;
      }));
    }

    // MARK: Head

    function verdict(isBad) {
      const path = isBad ? "M1.5 1.5 10.5 10.5M10.5 1.5 1.5 10.5" : "M1 6.5 4.5 10 11 2";
      const icon = svg("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" },
        svg("path", { d: path, fill: "none", stroke: "currentColor", "stroke-width": "2.2", "stroke-linecap": "round" }));
      return el("span", { class: isBad ? "verdict bad" : "verdict" }, icon, isBad ? "Failed" : "Passed");
    }

    function fact(value, name) { return el("span", {}, el("b", { class: "number" }, value), " " + name); }

    const isCampaign = () => Boolean(data.summary) && (data.summary.seeds > 1 || data.summary.marks.length > 0);

    const titleOf = (run) => (run?.title ?? "Campaign").replace(/^seed /, "Seed ");

    function heading() {
      const { summary, runs } = data;
      const isBad = Boolean(summary && summary.failed > 0) || runs.some((run) => run.failure);
      const title = isCampaign() && summary.seeds > 1 ? "Campaign of " + counted(summary.seeds, "seed")
        : titleOf(runs[0]);
      const facts = el("div", { class: "facts" });
      if (summary && !isCampaign()) {
        facts.append(fact(grouped(summary.events), "events"), fact(span(summary.virtualSeconds * 1e9), "of virtual time"));
        facts.append(fact(span(summary.milliseconds * 1e6), "of real time"));
      }
      if (summary?.digest) facts.append(el("span", {}, "digest ", el("code", {}, summary.digest)));
      const brand = el("p", { class: "brand" }, el("i"), el("i"), "Spondee simulator");
      return el("header", {}, brand, el("div", { class: "title" }, el("h1", {}, title), verdict(isBad)), facts);
    }

    // MARK: Campaign

    function tile(value, name, isBad) {
      return el("div", { class: isBad ? "tile bad" : "tile" }, el("b", {}, value), el("span", {}, name));
    }

    function campaign() {
      const { summary } = data;
      const tiles = el("div", { class: "tiles" }, tile(grouped(summary.seeds), summary.seeds === 1 ? "seed" : "seeds"),
        tile(grouped(summary.failed), "failed", summary.failed > 0));
      if (summary.milliseconds > 0) {
        tiles.append(tile(rate(summary.seeds, summary.milliseconds), "seeds a second"));
        tiles.append(tile(rate(summary.events, summary.milliseconds), "events a second"));
        tiles.append(tile(span(summary.milliseconds * 1e6), "of real time"));
      }
      tiles.append(tile(grouped(summary.events), "events"), tile(span(summary.virtualSeconds * 1e9), "of virtual time"));
      const section = el("section", { "aria-label": "Campaign" }, el("h2", {}, "Campaign"), tiles);
      if (summary.signatures.length) section.append(signatures(summary.signatures));
      const cards = [summary.coverage.length > 1 ? coverage(summary) : null, summary.marks.length ? marks(summary.marks) : null];
      const present = cards.filter(Boolean);
      if (present.length) section.append(el("div", { class: present.length > 1 ? "pair" : "pair single" }, present));
      return section;
    }

    function table(label, columns, rows) {
      const head = el("tr", {}, columns.map(([name, kind]) => el("th", { scope: "col", class: kind }, name)));
      return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label },
        el("table", {}, el("thead", {}, head), el("tbody", {}, rows)));
    }

    function signatures(list) {
      const rows = [...list].sort((a, b) => b.count - a.count).map((each) =>
        el("tr", {}, el("td", {}, each.signature), el("td", { class: "right" }, grouped(each.count)),
          el("td", { class: "seed" }, String(each.seed))));
      const columns = [["Signature", null], ["Seeds", "right"], ["First seed", "seed"]];
      return el("div", { class: "card signatures" },
        el("header", {}, el("h3", {}, "Kinds of failure")), table("Kinds of failure", columns, rows));
    }

    function marks(list) {
      const missing = list.filter((mark) => mark.count === 0).length;
      const sorted = [...list].sort((a, b) => a.count - b.count || (a.name < b.name ? -1 : 1));
      const rows = sorted.map((mark) => el("tr", { class: mark.count === 0 ? "missing" : null }, el("td", {}, mark.name),
        el("td", {}, mark.clause), el("td", { class: "right" },
          mark.count === 0 ? el("span", { class: "flag" }, "not reached") : grouped(mark.count))));
      const search = el("input", { class: "input", type: "search", placeholder: "Name or clause", "aria-label": "Filter marks" });
      const only = el("input", { type: "checkbox" });
      const count = el("span", { class: "count", role: "status" });
      const filter = () => {
        const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
        let shown = 0;
        sorted.forEach((mark, index) => {
          const text = (mark.name + " " + mark.clause).toLowerCase();
          const isShown = (!only.checked || mark.count === 0) && words.every((word) => text.includes(word));
          rows[index].hidden = !isShown;
          if (isShown) shown += 1;
        });
        count.textContent = shown === list.length ? "" : grouped(shown) + " shown";
      };
      search.addEventListener("input", filter);
      only.addEventListener("change", filter);
      const title = missing === 0 ? "All " + counted(list.length, "mark") + " reached"
        : grouped(missing) + " of " + counted(list.length, "mark") + " not reached";
      return el("div", { class: "card" },
        el("header", {}, el("h3", {}, title), count, el("label", { class: "tick" }, only, "Not reached only"), search),
        table("Marks", [["Mark", null], ["Clause", null], ["Reached", "right"]], rows));
    }

    function niceStep(range, amount) {
      const rough = Math.max(range / amount, 1);
      const power = 10 ** Math.floor(Math.log10(rough));
      return power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
    }

    function coverage({ coverage: points, marks }) {
      const [lastSeeds, lastMarks] = points[points.length - 1];
      const words = counted(lastMarks, "mark") + " reached after " + counted(lastSeeds, "seed");
      const figure = el("figure", { class: "chart" });
      const draw = () => {
        const width = Math.max(figure.clientWidth - 20, 220), height = 282, left = 34, right = width - 14, top = 22, bottom = height - 38;
        const ceiling = Math.max(marks.length, lastMarks, 1);
        const x = (seeds) => left + (right - left) * (seeds / lastSeeds);
        const y = (count) => bottom - (bottom - top) * (count / ceiling);
        const image = svg("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": words });
        const label = (text, place) => image.append(svg("text", place, text));
        const step = niceStep(ceiling, 4);
        for (let count = 0; count <= ceiling; count += step) {
          image.append(svg("line", { class: "grid", x1: left, x2: right, y1: y(count), y2: y(count) }));
          label(grouped(count), { x: left - 7, y: y(count) + 4, "text-anchor": "end" });
        }
        const across = niceStep(lastSeeds, width < 380 ? 3 : 5);
        for (let seeds = 0; seeds <= lastSeeds; seeds += across) {
          label(grouped(seeds), { x: x(seeds), y: bottom + 18, "text-anchor": seeds === lastSeeds ? "end" : "middle" });
        }
        label("seeds", { x: (left + right) / 2, y: bottom + 35, "text-anchor": "middle" });
        if (marks.length) {
          image.append(svg("line", { class: "all", x1: left, x2: right, y1: y(marks.length), y2: y(marks.length) }));
          label("all " + grouped(marks.length), { x: left + 4, y: y(marks.length) - 6 });
        }
        const path = points.map(([seeds, count]) => `${x(seeds).toFixed(1)} ${y(count).toFixed(1)}`).join("L");
        image.append(svg("path", { class: "area", d: `M${x(points[0][0])} ${bottom}L${path}L${right} ${bottom}Z` }));
        image.append(svg("path", { class: "curve", d: "M" + path }), svg("circle", { class: "last", cx: right, cy: y(lastMarks), r: 4 }));
        label(grouped(lastMarks), { class: "value", x: right, y: y(lastMarks) + 20, "text-anchor": "end" });
        figure.replaceChildren(image);
      };
      // Only for a new width, and not at once: drawing changes the height, which would be observed again.
      let width = 0;
      new ResizeObserver(() => {
        if (figure.clientWidth === width) return;
        width = figure.clientWidth;
        requestAnimationFrame(draw);
      }).observe(figure);
      return el("div", { class: "card" },
        el("header", {}, el("h3", {}, "Marks reached"), el("span", { class: "count" }, words)), figure);
    }

    // MARK: A run

    function failureBox(run) {
      const { failure } = run;
      const facts = el("div", { class: "facts" });
      if (failure.clause) facts.append(el("span", {}, "clause ", el("b", {}, failure.clause)));
      facts.append(el("span", {}, "at ", el("b", { class: "number" }, timeText(failure.t)), " of virtual time"));
      const link = el("a", { href: "#failed-check" }, "Show it on the ladder");
      return el("div", { class: "failure", role: "group", "aria-label": "What failed" },
        el("h2", {}, "Rule broken: " + failure.oracle),
        el("p", { class: "said" }, failure.message), facts, run.events.length ? link : null);
    }

    function runSection(run) {
      const parts = [];
      if (isCampaign() || data.runs.length > 1) {
        parts.push(el("div", { class: "title" }, el("h2", {}, titleOf(run)), verdict(Boolean(run.failure))));
      }
      if (run.failure) parts.push(failureBox(run));
      if (run.command) {
        const code = el("code", { tabindex: 0, "aria-label": "Command that makes this run again" }, run.command);
        parts.push(el("div", { class: "command" }, code, copyButton(run.command, () => code)));
      }
      if (run.script) parts.push(foldedText("Script", "What the clients do, for any server.", run.script));
      if (run.trace) parts.push(foldedText("Trace", "Every choice that was made: with it the run can be made again.", run.trace));
      if (run.events.length) parts.push(ladderSection(run));
      return parts;
    }

    function runs() {
      const body = el("div", { id: "run" });
      const show = (index) => {
        shownLadder?.leave();
        shownLadder = null;
        body.replaceChildren(...runSection(data.runs[index]));
        shownLadder?.enter();
        tabs.forEach((tab, other) => {
          tab.setAttribute("aria-selected", String(other === index));
          tab.tabIndex = other === index ? 0 : -1;
        });
      };
      const tabs = data.runs.length < 2 ? [] : data.runs.map((run, index) =>
        el("button", { type: "button", role: "tab", class: run.failure ? "button bad" : "button", click: () => show(index) },
          titleOf(run)));
      const list = el("div", { class: "tabs", role: "tablist", "aria-label": "Runs", keydown: (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const next = (tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length;
        tabs[next].focus();
        show(next);
      } }, tabs);
      return { node: el("section", { "aria-label": "Run" }, tabs.length ? list : null, body), show };
    }

    var shownLadder = null;
    /// Waits, so that all of this is there whatever the order of the parts.
    document.addEventListener("DOMContentLoaded", () => {
      const page = document.getElementById("page");
      if (!data.summary && data.runs.length === 0) return page.append(el("p", { class: "quiet" }, "Nothing was run."));
      page.append(heading());
      if (isCampaign()) page.append(campaign());
      if (data.runs.length === 0) return;
      const { node, show } = runs();
      page.append(node);
      const first = data.runs.findIndex((run) => run.failure);
      show(Math.max(first, 0));
    });
    """#
}
