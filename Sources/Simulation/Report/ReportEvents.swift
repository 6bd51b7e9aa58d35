extension ReportPage {
  /// What the ladder shows: a run's events, the words for them, the panel for one of them, and the filters.
  static let eventsScript = #"""
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
    // Asked once: to ask again, for each text, has the whole page's style worked out each time.
    let family = "";
    function textWidth(text, isBold) {
      family ||= getComputedStyle(document.documentElement).getPropertyValue("--sans");
      const key = (isBold ? "b" : "n") + text;
      if (!widths.has(key)) {
        pen.font = (isBold ? "600 " : "") + "12.5px " + family;
        widths.set(key, pen.measureText(text).width);
      }
      return widths.get(key);
    }

    /// A run's events, and what can be said of them.
    class Story {
      constructor(run) {
        this.events = run.events;
        this.lanes = run.lanes;
        this.failure = run.failure;
        this.domain = this.commonDomain();
        this.byID = new Map();
        this.events.forEach((event, index) => {
          if (!event.id) return;
          if (!this.byID.has(event.id)) this.byID.set(event.id, []);
          this.byID.get(event.id).push(index);
        });
        this.culprit = this.findCulprit();
        this.findLives();
        this.findGaps();
      }

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
        const { failure } = this;
        if (!failure) return -1;
        if (Number.isInteger(failure.event)) return failure.event;
        const words = new Set(failure.message.split(/[^\w.-]+/));
        const there = this.events.map((_, index) => index).filter((index) => this.events[index].t === failure.t);
        return there.findLast((index) => words.has(this.events[index].id))
          ?? there.findLast((index) => isStanza(this.events[index])) ?? -1;
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
        this.leastGap = Math.max(250e6, (steps[steps.length >> 1] ?? 0) * 8);
        this.gaps = this.events.map((event, index) => {
          const step = index === 0 ? 0 : event.t - this.events[index - 1].t;
          return step >= this.leastGap ? step : 0;
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
          const start = event.payload === "query" ? text.indexOf("<query") : -1;
          const space = start < 0 ? null : attributesIn(text.slice(start, tagEnd(text, start))).xmlns;
          rest.push(space?.split(/[:\/#]/).findLast((part) => part !== "") ?? event.payload ?? "");
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

      /// The same stanza on its way: by id, and for requests, whose ids only the two sides know, by the sides too.
      relatives(index) {
        const event = this.events[index];
        const same = (event.id && isStanza(event) && this.byID.get(event.id)) || [index];
        if (event.name !== "iq") return same.filter((other) => this.events[other].name === event.name);
        const meets = (a, b) => [headOf(a).to, headOf(a).from].some((side) => side && side === this.lanes[b.lane]);
        return same.filter((index) => {
          const other = this.events[index];
          return other.name === "iq" && (other.lane === event.lane || meets(event, other) || meets(other, event));
        });
      }
    }

    /// What there is to know about one event; `ladder` is told where to go.
    class Panel {
      constructor(story, ladder) {
        this.story = story;
        this.ladder = ladder;
        this.node = el("aside", { class: "panel", "aria-label": "The chosen event", hidden: true, keydown: (event) => {
          if (event.key === "Escape") this.close();
        } });
        this.show(-1);
      }

      /// On narrow screens the panel is a sheet that covers what is below it.
      get isSheet() { return matchMedia("(max-width: 1079px)").matches; }
      get cover() { return this.isSheet && !this.node.hidden ? this.node.offsetHeight : 0; }

      open() {
        this.node.hidden = false;
        document.body.classList.add("covered");
      }
      close() {
        this.node.hidden = true;
        document.body.classList.remove("covered");
        this.ladder.body.focus({ preventScroll: true });
      }
      focus() { this.node.querySelector("h3").focus(); }

      show(index) {
        const { story } = this;
        const event = story.events[index];
        if (!event) {
          const hint = el("p", { class: "quiet" }, "Choose an event on the ladder to read it here.");
          const header = el("header", {}, el("h3", { tabindex: -1 }, "No event chosen"));
          return this.node.replaceChildren(header, el("div", { class: "inside" }, hint));
        }
        const parts = [];
        if (index === story.culprit) {
          const { oracle, message } = story.failure;
          parts.push(el("p", { class: "broken" }, el("b", {}, "Rule broken here: " + oracle), el("span", {}, message)));
        }
        parts.push(this.facts(event));
        if (isStanza(event)) parts.push(...this.stanza(event));
        const relatives = story.relatives(index);
        if (relatives.length > 1) parts.push(...this.follows(index, relatives));
        this.node.replaceChildren(this.header(index, event), el("div", { class: "inside" }, parts));
        this.node.scrollTop = 0;
      }

      header(index, event) {
        const words = this.story.words(event);
        const name = event.kind !== "fault" ? [words.name, words.rest, words.id].filter(Boolean).join(" ")
          : isCrash(event) ? "Crash" : "Fault";
        const what = { sent: "sent by ", received: "received by ", fault: "broken on purpose" }[event.kind] ?? "";
        const button = (label, title, act, isOff, kind = "button") =>
          el("button", { type: "button", class: kind, "aria-label": title, title, click: act, disabled: isOff }, label);
        const [before, after] = [-1, 1].map((step) => this.ladder.neighbour(step));
        const go = (target, label) => {
          this.ladder.select(target, {});
          this.node.querySelector(`[aria-label="${label}"]`)?.focus();
        };
        return el("header", {}, el("h3", { tabindex: -1 }, el("span", {}, name), el("small", {}, what + this.story.laneName(event))),
          button("\u2191", "Previous event", () => go(before, "Previous event"), before < 0),
          button("\u2193", "Next event", () => go(after, "Next event"), after < 0),
          button("Close", "Close", () => this.close(), false, "button close"));
      }

      facts(event) {
        const list = el("dl");
        const add = (name, value, kind) => list.append(el("dt", {}, name), el("dd", { class: kind }, value));
        add("Time", timeText(event.t), "number");
        if (isStanza(event)) {
          const head = headOf(event);
          for (const name of ["from", "to", "id"]) {
            add(name[0].toUpperCase() + name.slice(1), head[name] ?? "not given", head[name] === undefined ? "quiet" : null);
          }
        } else if (event.kind === "fault") add("What", event.text);
        else if (event.kind === "began") add("Address", event.text);
        if (event.lane !== undefined) {
          add("Client", this.story.lanes[event.lane] + (event.session > 1 ? ", session " + event.session : ""));
        }
        return list;
      }

      stanza(event) {
        const view = stanzaView(event.text);
        return [el("div", { class: "split" }, el("h3", {}, "Stanza"), copyButton(event.text, () => view)), view];
      }

      follows(index, relatives) {
        const first = this.story.events[relatives[0]].t;
        // Around the chosen one, if there are very many.
        const start = Math.max(0, Math.min(relatives.indexOf(index) - 20, relatives.length - 40));
        const items = relatives.slice(start, start + 40).map((other) => {
          const event = this.story.events[other];
          const arrow = event.kind === "sent" ? "\u2192 " : "\u2190 ";
          const error = event.type === "error" ? ", error" : "";
          const text = arrow + this.story.laneName(event) + (event.kind === "sent" ? " sends" : " gets") + error;
          const later = other === relatives[0] ? "" : "+" + span(event.t - first);
          return el("li", {}, el("button", { type: "button", "aria-current": other === index ? "true" : null, click: () => {
            this.ladder.select(other, {});
            this.node.querySelector(".follows [aria-current]")?.focus();
          } }, el("span", { class: "quiet" }, timeText(event.t)), el("span", {}, text), el("span", { class: "quiet" }, later)));
        });
        const count = items.length < relatives.length ? `${items.length} of ${relatives.length}` : String(relatives.length);
        return [el("div", { class: "split" }, el("h3", {}, "With the same id"), el("span", { class: "count" }, count)),
          el("ol", { class: "follows" }, items)];
      }
    }

    function filtersOf(ladder) {
      const amounts = {};
      for (const event of ladder.story.events) amounts[kindOf(event)] = (amounts[kindOf(event)] ?? 0) + 1;
      const toggle = (hidden, key, content, title) => {
        const button = el("button", { type: "button", class: "toggle", "aria-pressed": "true", title }, content);
        button.addEventListener("click", () => {
          if (!hidden.delete(key)) hidden.add(key);
          button.setAttribute("aria-pressed", String(!hidden.has(key)));
          ladder.layOut();
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
        return toggle(ladder.hiddenKinds, kind, [sample, names[kind] ?? kind, el("small", {}, grouped(amounts[kind]))], null);
      });
      const { story } = ladder;
      const lanes = story.lanes.map((lane, index) => toggle(ladder.hiddenLanes, index, el("span", {}, story.brief(lane)), lane));
      let waiting = 0;
      const search = el("input", { class: "input", type: "search", placeholder: "Search in stanzas", "aria-label": "Search", input: () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => {
          ladder.query = search.value.trim().toLowerCase();
          ladder.layOut();
        }, 120);
      } });
      return el("div", { class: "filters" }, el("label", {}, search),
        el("fieldset", {}, el("legend", {}, "Show"), kinds),
        lanes.length > 1 ? el("fieldset", {}, el("legend", {}, "Clients"), lanes) : null, ladder.count);
    }

    function ladderSection(run) {
      const ladder = new Ladder(run);
      shownLadder = ladder;
      const hint = el("p", { class: "hint" }, "Time runs downwards. Lines: dashed, connected; solid, logged in. ",
        el("span", { class: "keys" },
          "Arrow keys: up and down go from event to event, left and right follow an id. Enter goes to the stanza."));
      return el("section", { "aria-label": "Ladder" }, el("h2", {}, "Who sent what when"), filtersOf(ladder), hint, ladder.bench);
    }
    """#
}
