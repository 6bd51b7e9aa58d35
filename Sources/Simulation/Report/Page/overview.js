/// A whole run at a glance: how much happens when, and which part of it is in the window.
class Overview {
  constructor(ladder) {
    this.ladder = ladder;
    this.node = svg("svg", { class: "overview", "aria-hidden": "true" });
    this.node.addEventListener("pointerdown", (event) => {
      const { left, width } = this.node.getBoundingClientRect();
      ladder.scrollToTime(this.timeAt((event.clientX - left) / width));
    });
  }

  timeAt(fraction) {
    const [start, end] = this.ladder.story.bounds;
    return start + (end - start) * fraction;
  }
  placeOf(t) {
    const [start, end] = this.ladder.story.bounds;
    return 3 + (this.ladder.width - 8) * ((t - start) / (end - start));
  }

  draw() {
    const { width, rows, story } = this.ladder;
    const bars = new Array(Math.max(40, Math.floor(width / 5))).fill(0);
    const [start, end] = story.bounds;
    const parts = [];
    for (const row of rows) {
      if (row.kind === "event") bars[Math.min(bars.length - 1, Math.floor((row.t - start) / (end - start) * bars.length))] += 1;
      else if (row.kind === "fault" || row.kind === "crash") {
        const x = this.placeOf(row.t);
        parts.push(svg("line", { class: row.kind, x1: x, x2: x, y1: row.kind === "crash" ? 0 : 4, y2: 30 }));
      } else if (row.kind === "check") {
        const x = Math.min(this.placeOf(row.t), width - 8);
        parts.push(svg("path", { class: "check", d: `M${x - 6} 0H${x + 6}L${x + 1} 9V30H${x - 1}V9Z` }));
      }
    }
    const most = Math.max(...bars, 1), step = (width - 8) / bars.length;
    const path = bars.map((amount, index) => {
      const height = amount === 0 ? 0 : 2 + 22 * amount / most;
      return height ? `M${(3 + index * step).toFixed(1)} 28v${-height.toFixed(1)}h${(step - 1).toFixed(1)}v${height.toFixed(1)}Z` : "";
    }).join("");
    this.window = svg("rect", { class: "seen", y: .5, height: 29, rx: 3 });
    this.node.replaceChildren(svg("path", { class: "amount", d: path }), ...parts, this.window);
  }
  /// From one row to another: those that are in the window.
  drawSeen(seen) {
    const [from, to] = seen.map((row) => this.placeOf(this.ladder.rows[row].t));
    this.window.setAttribute("x", Math.min(from, this.ladder.width - 12));
    this.window.setAttribute("width", Math.max(to - from, 8));
  }
}
