/// The ladder of a run. Only rows near the window are in the page, however long the run was.
class Ladder {
  constructor(run) {
    this.story = new Story(run);
    this.hiddenLanes = new Set();
    this.hiddenKinds = new Set();
    this.query = "";
    this.current = -1;
    this.related = new Set();
    this.rows = [];
    this.rowOf = new Map();
    this.live = new Map();
    this.build();
    this.panel = new Panel(this.story, this);
    this.bench = el("div", { class: "bench" }, this.root, this.panel.node);
  }

  // MARK: Parts of the page

  build() {
    this.overview = new Overview(this);
    this.drawing = new RowDrawing(this);
    this.names = el("div", { class: "lanes" });
    this.top = el("div", { class: "top" }, this.overview.node, this.names);
    this.lines = el("div", { "aria-hidden": "true" });
    this.body = el("div", {
      class: "rows", role: "listbox", tabindex: 0, "aria-label": "Events", keydown: (event) => this.key(event),
      // With the keyboard some row must be the one where one is.
      focus: () => {
        const isLost = this.shown > 0 && this.current < 0 && this.body.matches(":focus-visible");
        if (isLost) this.select(this.firstSeen(), { isQuiet: true });
      },
    }, this.lines);
    this.body.addEventListener("click", (event) => {
      const row = event.target.closest("[data-event]");
      if (row) this.select(Number(row.dataset.event), {});
    });
    this.root = el("div", { class: "ladder" }, this.top, this.body);
    this.count = el("span", { class: "count", role: "status" });
  }

  enter() {
    this.watch = new ResizeObserver(() => {
      if (this.root.clientWidth !== this.width && !this.isPrinting) requestAnimationFrame(() => this.layOut());
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
    if (this.story.culprit >= 0) this.select(this.story.culprit, { isQuiet: true, isStill: true });
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
    if (index === this.story.culprit || index === this.shownAnyway) return true;
    if (this.hiddenKinds.has(kindOf(event)) || this.hiddenLanes.has(event.lane)) return false;
    if (this.query === "") return true;
    event.haystack ??= [event.text, event.name, event.type, event.id, this.story.lanes[event.lane], this.story.words(event).rest]
      .filter(Boolean).join(" ").toLowerCase();
    return event.haystack.includes(this.query);
  }

  layOut() {
    const anchor = this.anchor();
    this.width = this.isPrinting ? 700 : this.root.clientWidth;
    this.root.style.width = this.isPrinting ? "700px" : "";
    this.isNarrow = this.width < 620;
    this.root.classList.toggle("narrow", this.isNarrow);
    const timeWidth = this.story.events.length ? textWidth(splitTime(this.story.bounds[1])[0]) : 0;
    this.gutter = Math.ceil(this.isNarrow ? Math.max(50, timeWidth + 14) : Math.max(84, timeWidth + 50));
    const { lanes, events, culprit } = this.story;
    const isKept = (lane) => !this.hiddenLanes.has(lane) || lane === events[culprit]?.lane;
    const shownLanes = lanes.map((_, index) => index).filter(isKept);
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
    this.overview.draw();
    this.restore(anchor);
    this.draw();
  }

  nameLanes() {
    const isUpright = this.step < 40;
    const room = Math.floor(this.step) - 4;
    const label = (x, name, kind, title) => {
      const node = el("div", { class: "lane" + kind + (isUpright ? " upright" : ""), title }, name);
      return at(node, isUpright ? { left: x } : { left: x, width: kind ? Math.min(room, 96) : room });
    };
    const labels = [...this.x].map(([lane, x]) => {
      const [local, ...resource] = this.story.brief(this.story.lanes[lane]).split("/");
      const below = resource.length && !isUpright ? el("span", { class: "quiet" }, resource.join("/")) : null;
      const name = el("b", {}, isUpright && resource.length ? local + "/" + resource.join("/") : local);
      return label(x, [name, below], "", this.story.lanes[lane]);
    });
    const unit = at(el("span", { class: "unit" }, "ms"), { width: this.isNarrow ? this.gutter - 8 : this.gutter - 36 });
    this.names.replaceChildren(unit, ...labels, label(this.serverX, el("b", {}, "server"), " server", null));
    this.names.style.height = (isUpright ? 92 : 42) + "px";
  }

  placeRows() {
    const { failure } = this.story;
    const height = this.rowHeight = this.isNarrow ? { event: 42, fault: 30, crash: 42, gap: 36, check: 34 }
      : { event: 27, fault: 31, crash: 44, gap: 38, check: 36 };
    this.wireY = this.isNarrow ? 33 : height.event / 2;
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
      add("check", this.story.culprit, failure.t, {});
    };
    this.story.events.forEach((event, index) => {
      gap = Math.max(gap, this.story.gaps[index]);
      if (!isChecked && this.story.culprit < 0 && event.t > failure.t) check();
      if (this.isShown(event, index)) {
        if (gap > 0 && this.rows.length) add("gap", index, event.t - gap, { span: gap });
        gap = 0;
        shown += 1;
        this.rowOf.set(index, this.rows.length);
        add(isCrash(event) ? "crash" : event.kind === "fault" ? "fault" : "event", index, event.t, { order: shown });
      }
      if (!isChecked && index === this.story.culprit) check();
    });
    if (!isChecked) {
      const { events, leastGap } = this.story, rest = failure.t - (events[events.length - 1]?.t ?? failure.t);
      if (rest >= leastGap) add("gap", events.length, failure.t - rest, { span: rest });
      check();
    }
    this.shown = shown;
    this.height = shown === 0 && !failure ? 0 : top + 10;
    this.body.style.height = this.height ? this.height + "px" : "";
    this.body.classList.toggle("empty", this.height === 0);
    const total = counted(this.story.events.length, "event");
    this.count.textContent = shown === this.story.events.length ? total : grouped(shown) + " of " + total;
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

  // MARK: Drawing

  get first() { return this.body.getBoundingClientRect().top; }
  /// The places at which the window's free part begins and ends.
  get inset() { return [this.top.offsetHeight + 6, this.panel.cover + 12]; }

  draw() {
    if (this.rows.length === 0) return this.lines.replaceChildren();
    const top = this.first;
    this.seen = [this.rowAt(this.top.offsetHeight - top), this.rowAt(window.innerHeight - this.panel.cover - top)];
    const last = this.rows.length - 1, most = 1500;
    const from = this.isPrinting ? 0 : this.rowAt(-top - 500);
    const to = this.isPrinting ? Math.min(last, most) : Math.min(last, this.rowAt(window.innerHeight - top + 500));
    if (this.isPrinting && last > most) {
      this.body.style.height = this.rows[most].top + 80 + "px";
      this.body.dataset.cut = "The other " + counted(last - most, "row") + " are not printed.";
    } else delete this.body.dataset.cut;
    for (const [row, node] of this.live) {
      if (row >= from && row <= to) continue;
      node.remove();
      this.live.delete(row);
    }
    const fresh = document.createDocumentFragment();
    for (let row = from; row <= to; row += 1) {
      if (this.live.has(row)) continue;
      const node = this.drawing.rowNode(this.rows[row], row);
      this.live.set(row, node);
      fresh.append(node);
    }
    this.body.append(fresh);
    this.lines.replaceChildren(...this.drawing.lives(from, to));
    this.overview.drawSeen(this.seen);
  }

  /// The part of a row's look that changes with the choice.
  dress(row, node) {
    const isCurrent = row.index === this.current && Boolean(row.order);
    node.classList.toggle("current", isCurrent);
    node.classList.toggle("related", Boolean(row.order) && this.related.has(row.index));
    node.classList.toggle("culprit", row.index === this.story.culprit && row.kind === "event");
    node.classList.toggle("cause", row.index === this.story.cause && Boolean(row.order));
    if (row.order) node.setAttribute("aria-selected", String(isCurrent));
  }

  // MARK: Choosing and moving

  select(index, { isQuiet = false, isStill = false }) {
    this.current = index;
    this.related = new Set(this.story.relatives(index));
    for (const [row, node] of this.live) this.dress(this.rows[row], node);
    this.body.setAttribute("aria-activedescendant", "event-" + index);
    this.panel.show(index);
    if (!isQuiet) this.panel.open();
    if (!isStill) this.scrollToRow(this.rowOf.get(index), false);
    this.draw();
  }

  scrollToRow(index, isCentred) {
    const row = this.rows[index];
    if (!row) return;
    const [above, below] = this.inset;
    const y = this.first + row.top, end = window.innerHeight - below - row.height;
    if (isCentred) window.scrollBy(0, y - (above + end) / 2);
    else if (y < above) window.scrollBy(0, y - above);
    else if (y > end) window.scrollBy(0, y - end);
    this.draw();
  }

  scrollToTime(t) {
    const row = this.rows.findIndex((each) => each.t >= t);
    this.scrollToRow(row < 0 ? this.rows.length - 1 : row, true);
  }

  showFailure() {
    const { culprit } = this.story;
    if (culprit >= 0) this.select(culprit, {});
    this.scrollToRow(this.checkRow, true);
    // Without a current event the focus would choose one.
    if (culprit >= 0) this.body.focus({ preventScroll: true });
  }

  /// An event that somebody asks for by a link is shown whatever is hidden.
  showEvent(index) {
    this.shownAnyway = index;
    if (!this.rowOf.has(index)) this.layOut();
    this.select(index, {});
    this.scrollToRow(this.rowOf.get(index), true);
    this.body.focus({ preventScroll: true });
  }

  /// The event before or after the current one, of those that are shown; -1 if there is none.
  neighbour(step, from = this.rowOf.get(this.current)) {
    if (from === undefined) return this.rows.find((row) => row.order)?.index ?? -1;
    for (let row = from + step; row >= 0 && row < this.rows.length; row += step) {
      if (this.rows[row].order) return this.rows[row].index;
    }
    return -1;
  }
  firstSeen() { return this.neighbour(1, (this.seen?.[0] ?? 0) - 1); }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const follow = (step) => {
      const ways = [...this.related].filter((index) => this.rowOf.has(index));
      return ways[ways.indexOf(this.current) + step] ?? -1;
    };
    const far = (step) => Math.max(-1, Math.min(this.rows.length, (this.rowOf.get(this.current) ?? 0) + step * 14));
    const page = (step) => this.neighbour(step, far(step));
    const moves = {
      ArrowDown: () => this.neighbour(1), ArrowUp: () => this.neighbour(-1), ArrowRight: () => follow(1), ArrowLeft: () => follow(-1),
      PageDown: () => page(1), PageUp: () => page(-1),
      Home: () => this.neighbour(1, -1), End: () => this.neighbour(-1, this.rows.length),
    };
    if (event.key === "Enter" || event.key === " ") {
      if (this.current < 0) return;
      this.panel.open();
      this.panel.focus();
    } else if (event.key === "Escape") this.panel.close();
    else if (moves[event.key]) {
      const target = moves[event.key]();
      if (target >= 0) this.select(target, { isQuiet: true });
    } else return;
    event.preventDefault();
  }

  // MARK: Staying where one is

  /// The event that is to stay at its place when rows come or go.
  anchor() {
    if (this.rows.length === 0 || this.isPrinting || this.first > this.inset[0]) return null;
    const row = this.rows[this.rowAt(this.inset[0] - this.first)];
    return { index: row.index, offset: this.first + row.top };
  }
  restore(anchor) {
    if (!anchor || this.rows.length === 0) return;
    const row = this.rows.find((each) => each.index >= anchor.index) ?? this.rows[this.rows.length - 1];
    window.scrollBy(0, this.first + row.top - anchor.offset);
  }
}
