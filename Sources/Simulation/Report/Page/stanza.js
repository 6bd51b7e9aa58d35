// Reads the text of stanzas, and shows it in lines.

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
