// The look of a ladder's rows.

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

/// Draws what stands in a ladder's rows, and the lines of lanes beneath them.
class RowDrawing {
  constructor(ladder) {
    this.ladder = ladder;
  }

  /// One line for as long as a lane stays as it is, not one for each row.
  lives(from, to) {
    const { ladder } = this, { story } = ladder;
    const columns = [...ladder.x].concat([[story.lanes.length, ladder.serverX]]);
    const pieces = [];
    const ways = [...ladder.related].map((index) => ladder.rowOf.get(index)).filter((row) => row !== undefined);
    if (ways.length > 1) {
      const [a, b] = [Math.min(...ways), Math.max(...ways)].map((row) => ladder.rows[row].top + ladder.wireY);
      const start = Math.max(a, ladder.rows[from].top), end = Math.min(b, ladder.rows[to].top + ladder.rows[to].height);
      if (end > start) pieces.push(at(el("i", { class: "life follow" }), { left: ladder.serverX, top: start, height: end - start }));
    }
    for (const [lane, x] of columns) {
      let state = null, start = 0;
      const turn = (next, y) => {
        if (next === state) return;
        const place = { left: x, top: start, height: y - start };
        if (state !== null && y > start) pieces.push(at(el("i", { class: "life " + state }), place));
        state = next;
        start = y;
      };
      const life = (index) => (index < 0 ? story.born : story.lives[index])[lane];
      for (let index = from; index <= to; index += 1) {
        const row = ladder.rows[index];
        if (row.kind === "check") continue;
        turn(life(row.index - 1), index === 0 ? 0 : row.top);
        if (row.kind !== "gap") turn(life(row.index), row.top + (row.kind === "event" ? ladder.wireY : row.height / 2));
      }
      turn(null, to === ladder.rows.length - 1 ? ladder.height : ladder.rows[to].top + ladder.rows[to].height);
    }
    return pieces;
  }

  rowNode(row, index) {
    const { ladder } = this;
    const before = ladder.rows[index - 1];
    const event = ladder.story.events[row.index];
    let node;
    if (row.kind === "gap") node = el("div", { class: "gap", role: "presentation" }, span(row.span) + " without events");
    else if (row.kind === "check") {
      const { oracle, message } = ladder.story.failure;
      node = el("div", { class: "verdict-line", id: "failed-check", title: message }, this.timeNode(row, null),
        el("span", {}, "\u2715 Rule broken: " + oracle + ". " + message));
    } else if (row.kind !== "event") {
      const text = row.kind === "crash" ? "Crash: the server is gone" : event.text[0].toUpperCase() + event.text.slice(1);
      node = el("div", { class: "band " + row.kind }, this.timeNode(row, null), el("span", {}, text));
    } else node = this.eventNode(row, event, before);
    if (row.order) {
      for (const [key, value] of Object.entries({ role: "option", id: "event-" + row.index, "aria-label": ladder.story.sentence(event),
        "aria-setsize": ladder.shown, "aria-posinset": row.order })) node.setAttribute(key, value);
    }
    if (row.kind !== "gap" && row.index >= 0) node.dataset.event = row.index;
    // A gap's margins are its own.
    at(node, { top: row.top, height: row.kind === "gap" ? row.height - 10 : row.height });
    ladder.dress(row, node);
    return node;
  }

  timeNode(row, before) {
    const [whole, rest] = splitTime(row.t);
    const isSame = before && splitTime(before.t).join("") === whole + rest && before.kind !== "gap";
    return at(el("span", { class: "time" }, isSame ? "" : whole, el("small", {}, isSame ? "" : rest)), { width: this.ladder.gutter - 8 });
  }

  eventNode(row, event, before) {
    const { ladder } = this;
    const words = ladder.story.words(event);
    const kind = kindOf(event);
    const server = ladder.serverX, y = ladder.wireY;
    const x = isOperator(event) ? server : ladder.x.get(event.lane);
    const parts = [at(this.timeNode(row, before), { top: y - 9 })];
    const stanza = isStanza(event);
    if (stanza) {
      const [start, end] = event.kind === "sent" ? [x, server - Math.sign(server - x) * 3] : [server, x + Math.sign(server - x) * 2];
      const isRight = end > start;
      const stop = isRight ? end - 7 : end + 7;
      parts.push(at(el("i", { class: "wire" }), { left: Math.min(start, stop), width: Math.abs(stop - start), top: y }));
      parts.push(at(el("i", { class: "mark" }), { left: start, top: y }));
      parts.push(at(el("i", { class: isRight ? "tip to-right" : "tip to-left" }), { left: isRight ? end - 10 : end, top: y }));
    } else parts.push(at(el("i", { class: "mark" }), { left: x, top: y }));
    const { hasTail, place } = this.chipPlace(words, x, stanza);
    const chip = el("span", { class: "chip" + (event.session > 1 && event.kind !== "ended" && !stanza ? " again" : "") },
      words.name ? el("b", {}, words.name) : null, words.name && words.rest ? " " : null,
      words.isError ? el("span", { class: "error" }, words.rest) : words.rest, words.id ? " " + words.id : null,
      hasTail ? el("span", { class: "tail" }, " " + words.tail) : null);
    parts.push(at(chip, place));
    return el("div", { class: `row ${kind} ${event.kind}${words.isError ? " error" : ""}` }, parts);
  }

  /// On its arrow, at the client's end, if there is room; else on the other side of the client, or of the server; on narrow
  /// screens above the arrow.
  chipPlace(words, x, isStanza) {
    const { width: all, gutter, serverX: server, rowHeight, isNarrow } = this.ladder;
    // The space at the ends of what is widest: borders and round corners.
    const short = textWidth(words.name ? words.name + " " : "", true) + textWidth(words.rest, words.isError)
      + textWidth(words.id ? " " + words.id : "") + 24;
    const long = words.tail ? short + textWidth(" " + words.tail) : short;
    if (isNarrow) {
      const room = all - gutter - 8;
      const width = Math.min(long <= room ? long : short, room);
      const middle = isStanza ? (x + server) / 2 : x;
      const left = Math.max(gutter + 2, Math.min(middle - width / 2, all - 6 - width));
      return { hasTail: long <= room, place: { left, maxWidth: width + 2, top: 3 } };
    }
    const isLeft = x < server;
    const [toServer, away] = isLeft ? ["left", "right"] : ["right", "left"];
    const places = [
      { room: Math.abs(server - x) - 44, side: toServer, edge: (isLeft ? x : all - x) + 19 },
      { room: (isLeft ? x - gutter : all - x) - 20, side: away, edge: (isLeft ? all - x : x) + 13 },
      { room: (isLeft ? all - server : server - gutter) - 24, side: toServer,
        edge: (isLeft ? server : all - server) + 14 },
    ];
    // Without an arrow, words beyond the server would be nobody's.
    if (!isStanza) places.pop();
    const best = places.find(({ room }) => short <= room) ?? places.reduce((a, b) => b.room > a.room ? b : a);
    return { hasTail: long <= best.room,
      place: { maxWidth: best.room, top: (rowHeight.event - 20) / 2, [best.side]: best.edge } };
  }
}
