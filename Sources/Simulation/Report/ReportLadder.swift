extension ReportPage {
  /// The ladder of a run, its filters, and the panel for one event. Only rows near the window are in the page, however long
  /// the run was.
  static let ladderScript = #"""
    const stanzaKinds = ["message", "presence", "iq"];
    const isStanza = (event) => event.kind === "sent" || event.kind === "received";
    const isCrash = (event) => event.kind === "fault" && /^crash/i.test(event.text);
    function kindOf(event) {
      if (event.kind === "fault") return "fault";
      if (!isStanza(event)) return "session";
      return stanzaKinds.includes(event.name) ? event.name : "other";
    }

    const pen = document.createElement("canvas").getContext("2d");
    const widths = new Map();
    function textWidth(text) {
      if (!widths.has(text)) {
        pen.font = "12.5px " + getComputedStyle(document.documentElement).getPropertyValue("--sans");
        widths.set(text, pen.measureText(text).width * 1.03);
      }
      return widths.get(text);
    }

    class Ladder {
      constructor(run) {
        this.run = run;
        this.events = run.events;
        this.lanes = run.lanes;
        this.domain = this.commonDomain();
        this.hiddenLanes = new Set();
        this.hiddenKinds = new Set();
        this.query = "";
        this.current = -1;
        this.related = new Set();
        this.live = new Map();
        this.byID = new Map();
        this.events.forEach((event, index) => {
          if (!event.id) return;
          if (!this.byID.has(event.id)) this.byID.set(event.id, []);
          this.byID.get(event.id).push(index);
        });
        this.culprit = this.findCulprit();
        this.findLives();
        this.findGaps();
        this.build();
      }

      // MARK: What is known beforehand

      commonDomain() {
        const domains = this.lanes.map((lane) => /@([^/]+)/.exec(lane)?.[1]).filter(Boolean);
        return domains.length && domains.every((domain) => domain === domains[0]) ? domains[0] : null;
      }
      /// Without what all have in common.
      brief(address) {
        if (!this.domain || !address) return address ?? "";
        const [bare, ...resource] = address.split("/");
        let text = bare;
        if (text.endsWith("@" + this.domain)) text = text.slice(0, -this.domain.length - 1);
        else if (text.endsWith("." + this.domain)) text = text.slice(0, -this.domain.length - 1);
        return [text, ...resource].join("/");
      }
      laneName(event) { return event.lane === undefined ? "" : this.brief(this.lanes[event.lane]); }

      /// The event at which the check failed; where the data doesn't say, the likeliest at that time. -1 if there is none.
      findCulprit() {
        const { failure } = this.run;
        if (!failure) return -1;
        if (Number.isInteger(failure.event)) return failure.event;
        const words = new Set(failure.message.split(/[^\w.-]+/));
        const there = this.events.map((_, index) => index).filter((index) => this.events[index].t === failure.t);
        return there.findLast((index) => words.has(this.events[index].id)) ?? there.findLast((index) => isStanza(this.events[index])) ?? -1;
      }

      /// For each event, how each lane and (last) the server are after it.
      findLives() {
        const width = this.lanes.length + 1;
        const now = new Array(width).fill("");
        now[width - 1] = "server";
        this.lives = this.events.map((event) => {
          if (event.kind === "connected") now[event.lane] = "connected";
          if (event.kind === "began") now[event.lane] = "bound";
          if (event.kind === "ended") now[event.lane] = "";
          // When the server is back isn't observed itself: at the latest when someone can connect.
          if (isCrash(event)) now[width - 1] = "down";
          else if (event.kind === "connected" || event.kind === "began" || event.text === "restart") now[width - 1] = "server";
          return now.slice();
        });
        this.born = new Array(width).fill("");
        this.born[width - 1] = "server";
      }

      /// Much time is much for this run: far more than usual between two events, and never less than a quarter of a second.
      findGaps() {
        const steps = this.events.slice(1).map((event, index) => event.t - this.events[index].t).filter((step) => step > 0);
        steps.sort((a, b) => a - b);
        const least = Math.max(250e6, (steps[steps.length >> 1] ?? 0) * 8);
        this.gaps = this.events.map((event, index) => {
          const step = index === 0 ? 0 : event.t - this.events[index - 1].t;
          return step >= least ? step : 0;
        });
      }

      // MARK: Words

      words(event) {
        if (event.words) return event.words;
        const words = { name: "", rest: "", id: "", tail: "", isError: false };
        if (!isStanza(event)) {
          const again = event.session > 1 ? ", session " + event.session : "";
          if (event.kind === "connected") words.rest = event.session > 1 ? "connects again" + again : "connects";
          if (event.kind === "began") words.rest = "logs in" + (event.text === this.lanes[event.lane] ? "" : " as " + event.text) + again;
          if (event.kind === "ended") words.rest = "connection ends";
          if (event.kind === "fault") words.rest = event.text;
          return event.words = words;
        }
        const text = event.text;
        words.name = event.name;
        words.isError = event.type === "error" || event.name.endsWith("error");
        const rest = event.type ? [event.type] : [];
        if (words.isError) rest.push(/<([a-z-]+) xmlns=.urn:ietf:params:xml:ns:xmpp-stanzas/.exec(text)?.[1] ?? "");
        else if (event.name === "iq") {
          const space = event.payload === "query" ? /<query[^>]*? xmlns=["'][^"']*?([^"':\/#]+)(?:#\w+)?["']/.exec(text)?.[1] : null;
          rest.push(space ?? event.payload ?? "");
        } else if (event.name === "presence") {
          if (text.includes("http://jabber.org/protocol/muc")) rest.push("in room");
          const priority = /<priority>(-?\d{1,4})</.exec(text)?.[1];
          if (priority) rest.push("priority " + priority.replace("-", "\u2212"));
        } else if (event.payload !== "body") rest.push(event.payload ?? "");
        words.rest = rest.filter(Boolean).join(" ");
        words.id = event.id ?? "";
        const head = headOf(event);
        const other = this.brief(event.kind === "sent" ? head.to : head.from);
        if (other) words.tail = (event.kind === "sent" ? "to " : "from ") + other;
        return event.words = words;
      }
      /// For who can't see the ladder.
      sentence(event) {
        const words = this.words(event);
        const said = [words.name, words.rest, words.id, words.tail].filter(Boolean).join(" ");
        if (event.kind === "fault") return `${timeText(event.t)}: fault, ${event.text}`;
        const verb = { sent: "sends", received: "gets" }[event.kind] ?? "";
        return `${timeText(event.t)}: ${this.laneName(event)} ${verb} ${said}`;
      }

      // MARK: Parts of the page

      build() {
        this.overview = svg("svg", { class: "overview", "aria-hidden": "true" });
        this.overview.addEventListener("pointerdown", (event) => {
          const { left, width } = this.overview.getBoundingClientRect();
          const t = this.timeAt((event.clientX - left) / width);
          const row = this.rows.findIndex((each) => each.t >= t);
          this.scrollToRow(row < 0 ? this.rows.length - 1 : row, true);
        });
        this.names = el("div", { class: "lanes" });
        this.top = el("div", { class: "top" }, this.overview, this.names);
        this.lines = el("div", { "aria-hidden": "true" });
        this.body = el("div", {
          class: "rows", role: "listbox", tabindex: 0, "aria-label": "Events", keydown: (event) => this.key(event),
          // With the keyboard some row must be the one where one is.
          focus: () => { if (this.current < 0 && this.body.matches(":focus-visible")) this.select(this.firstSeen(), { isQuiet: true }); },
        }, this.lines);
        this.body.addEventListener("click", (event) => {
          const row = event.target.closest("[data-event]");
          if (row) this.select(Number(row.dataset.event), {});
        });
        this.root = el("div", { class: "ladder" }, this.top, this.body);
        this.panel = el("aside", { class: "panel", role: "region", "aria-label": "The chosen event", keydown: (event) => {
          if (event.key === "Escape") this.closePanel();
        } });
        this.count = el("span", { class: "count", role: "status" });
        this.bench = el("div", { class: "bench" }, this.root, this.panel);
      }

      filters() {
        const amounts = {};
        for (const event of this.events) amounts[kindOf(event)] = (amounts[kindOf(event)] ?? 0) + 1;
        const toggle = (hidden, key, content, title) => {
          const button = el("button", { type: "button", class: "toggle", "aria-pressed": "true", title }, content);
          button.addEventListener("click", () => {
            if (!hidden.delete(key)) hidden.add(key);
            button.setAttribute("aria-pressed", String(!hidden.has(key)));
            this.layOut();
          });
          return button;
        };
        const names = { session: "logins", fault: "faults" };
        const kinds = [...stanzaKinds, "other", "session", "fault"].filter((kind) => amounts[kind]).map((kind) => {
          const place = kind === "session" || kind === "fault" ? [] : [
            at(el("i", { class: "wire" }), { left: 2, right: 8, top: 6 }), at(el("i", { class: "mark" }), { left: 5, top: 6 }),
            at(el("i", { class: "tip to-right" }), { right: 0, top: 6 }),
          ];
          const sample = place.length ? el("span", { class: "sample " + kind, "aria-hidden": "true" }, place) : null;
          return toggle(this.hiddenKinds, kind, [sample, names[kind] ?? kind, el("small", {}, grouped(amounts[kind]))], null);
        });
        const lanes = this.lanes.map((lane, index) => toggle(this.hiddenLanes, index, el("span", {}, this.brief(lane)), lane));
        let waiting = 0;
        const search = el("input", { class: "input", type: "search", placeholder: "Search in stanzas", "aria-label": "Search", input: () => {
          clearTimeout(waiting);
          waiting = setTimeout(() => {
            this.query = search.value.trim().toLowerCase();
            this.layOut();
          }, 120);
        } });
        return el("div", { class: "filters" }, el("label", {}, search),
          el("fieldset", {}, el("legend", {}, "Show"), kinds),
          lanes.length > 1 ? el("fieldset", {}, el("legend", {}, "Clients"), lanes) : null, this.count);
      }

      enter() {
        this.watch = new ResizeObserver(() => {
          if (this.root.clientWidth !== this.width) this.layOut();
        });
        this.watch.observe(this.root);
        this.onScroll = () => {
          if (this.isWaiting) return;
          this.isWaiting = true;
          requestAnimationFrame(() => {
            this.isWaiting = false;
            this.draw();
          });
        };
        // Paper gets all rows (of a very long run, the first), laid out for the width of a page.
        this.onPrint = (event) => {
          this.isPrinting = event.type === "beforeprint";
          this.layOut();
        };
        this.onLink = (event) => {
          if (event.target.closest?.("a[href='#failed-check']")) {
            event.preventDefault();
            this.showFailure();
          }
        };
        for (const name of ["scroll", "resize"]) window.addEventListener(name, this.onScroll, { passive: true });
        for (const name of ["beforeprint", "afterprint"]) window.addEventListener(name, this.onPrint);
        document.addEventListener("click", this.onLink);
        this.layOut();
        this.showEvent();
        if (this.culprit >= 0) this.select(this.culprit, { isQuiet: true, isStill: true });
        if (location.hash === "#failed-check") this.showFailure();
      }
      leave() {
        this.watch.disconnect();
        for (const name of ["scroll", "resize"]) window.removeEventListener(name, this.onScroll);
        for (const name of ["beforeprint", "afterprint"]) window.removeEventListener(name, this.onPrint);
        document.removeEventListener("click", this.onLink);
      }

      // MARK: Laying out

      isShown(event, index) {
        if (index === this.culprit) return true;
        if (this.hiddenKinds.has(kindOf(event)) || this.hiddenLanes.has(event.lane)) return false;
        if (this.query === "") return true;
        event.haystack ??= [event.text, event.name, event.type, event.id, this.lanes[event.lane], this.words(event).rest]
          .filter(Boolean).join(" ").toLowerCase();
        return event.haystack.includes(this.query);
      }

      layOut() {
        const anchor = this.anchor();
        this.width = this.isPrinting ? 700 : this.root.clientWidth;
        this.root.style.width = this.isPrinting ? "700px" : "";
        this.isNarrow = this.width < 620;
        this.root.classList.toggle("narrow", this.isNarrow);
        this.gutter = this.isNarrow ? 50 : 84;
        const shownLanes = this.lanes.map((_, index) => index).filter((index) => !this.hiddenLanes.has(index) || index === this.events[this.culprit]?.lane);
        // The server in the middle: the arrows are short, and half of the room is free for words.
        const columns = shownLanes.length + 1, middle = Math.ceil(shownLanes.length / 2);
        this.step = Math.min((this.width - this.gutter - 8) / columns, 300);
        const left = this.gutter + (this.width - 8 - this.gutter - this.step * columns) / 2;
        this.x = new Map();
        shownLanes.forEach((lane, order) => this.x.set(lane, Math.round(left + this.step * (order + (order < middle ? 0 : 1) + 0.5))));
        this.serverX = Math.round(left + this.step * (middle + 0.5));
        this.nameLanes();
        this.placeRows();
        for (const node of this.live.values()) node.remove();
        this.live.clear();
        this.drawOverview();
        this.restore(anchor);
        this.draw();
      }

      nameLanes() {
        const isUpright = this.step < 40;
        const room = Math.floor(this.step) - 4;
        const label = (x, name, kind, title) => {
          const node = el("div", { class: "lane" + kind + (isUpright ? " upright" : ""), title }, name);
          return at(node, isUpright ? { left: x } : { left: x, width: room });
        };
        const labels = [...this.x].map(([lane, x]) => {
          const [local, ...resource] = this.brief(this.lanes[lane]).split("/");
          const below = resource.length && !isUpright ? el("span", { class: "quiet" }, resource.join("/")) : null;
          const name = el("b", {}, isUpright && resource.length ? local + "/" + resource.join("/") : local);
          return label(x, [name, below], "", this.lanes[lane]);
        });
        const unit = at(el("span", { class: "unit" }, "ms"), { width: this.isNarrow ? this.gutter - 8 : this.gutter - 36 });
        this.names.replaceChildren(unit, ...labels, label(this.serverX, el("b", {}, "server"), " server", null));
        this.names.style.height = (isUpright ? 92 : 42) + "px";
      }

      placeRows() {
        const { failure } = this.run;
        const height = this.isNarrow ? { event: 42, fault: 30, crash: 42, gap: 36, check: 34 }
          : { event: 27, fault: 31, crash: 44, gap: 38, check: 36 };
        this.rows = [];
        this.rowOf = new Map();
        let top = 6, shown = 0, gap = 0, isChecked = !failure;
        const add = (kind, index, t, more) => {
          this.rows.push({ kind, index, t, top, height: height[kind], ...more });
          top += height[kind];
        };
        const check = () => {
          isChecked = true;
          this.checkRow = this.rows.length;
          add("check", this.culprit, failure.t, {});
        };
        this.events.forEach((event, index) => {
          gap = Math.max(gap, this.gaps[index]);
          if (!isChecked && this.culprit < 0 && event.t > failure.t) check();
          if (this.isShown(event, index)) {
            if (gap > 0 && this.rows.length) add("gap", index, event.t - gap, { span: gap });
            gap = 0;
            shown += 1;
            this.rowOf.set(index, this.rows.length);
            add(isCrash(event) ? "crash" : event.kind === "fault" ? "fault" : "event", index, event.t, { order: shown });
          }
          if (!isChecked && index === this.culprit) check();
        });
        if (!isChecked) check();
        this.shown = shown;
        this.height = shown === 0 && !failure ? 0 : top + 10;
        this.body.style.height = this.height ? this.height + "px" : "";
        this.body.classList.toggle("empty", this.height === 0);
        const total = counted(this.events.length, "event");
        this.count.textContent = shown === this.events.length ? total : grouped(shown) + " of " + total;
      }

      /// The row at a height, by halving.
      rowAt(y) {
        let low = 0, high = this.rows.length - 1;
        while (low < high) {
          const middle = (low + high + 1) >> 1;
          if (this.rows[middle].top <= y) low = middle;
          else high = middle - 1;
        }
        return low;
      }
    """#
}
