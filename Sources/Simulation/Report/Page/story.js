// A run's events, and the words for them.

const stanzaKinds = ["message", "presence", "iq"];
const isStanza = (event) => event.kind === "sent" || event.kind === "received";
// An event that concerns the server and no client has no lane, and is drawn in the operator's place.
const isOperator = (event) => event.lane === undefined && event.kind !== "fault";
const isCrash = (event) => event.kind === "fault" && /^crash/i.test(event.text);
function kindOf(event) {
  if (event.kind === "fault") return "fault";
  if (isOperator(event)) return "operator";
  if (!isStanza(event)) return "session";
  return stanzaKinds.includes(event.name) ? event.name : "other";
}

class Story {
  constructor(run) {
    this.events = run.events;
    this.lanes = run.lanes;
    this.failure = run.failure;
    const jump = run.causality?.jumps[0];
    this.cause = run.causality?.isClear && jump?.isSeen ? jump.index : -1;
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

  /// From the first event to the last, or to the failed check.
  get bounds() {
    const { events, failure } = this;
    const end = Math.max(events[events.length - 1].t, failure?.t ?? 0);
    return [events[0].t, Math.max(end, events[0].t + 1)];
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
      if (event.kind === "wrote") words.rest = "writes " + event.text;
      if (event.kind === "asked") words.rest = "operator: " + event.text;
      if (event.kind === "answered") words.rest = "to the operator: " + event.text;
      if (!words.rest) words.rest = event.text ?? event.kind;
      return event.words = words;
    }
    const text = event.text;
    words.name = event.name;
    words.isError = event.type === "error" || event.name.endsWith("error");
    const rest = event.type ? [event.type] : [];
    if (words.isError) rest.push(/<([a-z-]+) xmlns=.urn:ietf:params:xml:ns:xmpp-(?:stanzas|streams)/.exec(text)?.[1] ?? "");
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
  /// For readers who can't see the ladder.
  sentence(event) {
    const words = this.words(event);
    const said = [words.name, words.rest, words.id, words.tail].filter(Boolean).join(" ");
    if (event.kind === "fault") return `${timeText(event.t)}: fault, ${event.text}`;
    if (isOperator(event)) return `${timeText(event.t)}: ${said}`;
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
