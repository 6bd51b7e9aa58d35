/// All that there is to know about one event; `ladder` is told where to go.
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
    if (index === story.cause) parts.push(el("p", { class: "likely" }, el("b", {}, "The cause: "), "here the failure became likely."));
    parts.push(this.facts(event));
    if (isStanza(event)) parts.push(...this.stanza(event));
    const relatives = story.relatives(index);
    if (relatives.length > 1) parts.push(...this.follows(index, relatives));
    this.node.replaceChildren(this.header(event), el("div", { class: "inside" }, parts));
    this.node.scrollTop = 0;
  }

  header(event) {
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
    } else if (event.kind === "fault") add("Fault", event.text);
    else if (event.kind === "began") add("Address", event.text);
    else if (event.kind === "wrote") add("Bytes", event.text);
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
