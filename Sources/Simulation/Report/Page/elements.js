// Parts of the page. The text of a run may be hostile: it only ever gets into the page as text, never as markup.

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

function verdict(isBad) {
  const path = isBad ? "M1.5 1.5 10.5 10.5M10.5 1.5 1.5 10.5" : "M1 6.5 4.5 10 11 2";
  const icon = svg("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" },
    svg("path", { d: path, fill: "none", stroke: "currentColor", "stroke-width": "2.2", "stroke-linecap": "round" }));
  return el("span", { class: isBad ? "verdict bad" : "verdict" }, icon, isBad ? "Failed" : "Passed");
}

function fact(value, name) { return el("span", {}, el("b", { class: "number" }, value), " " + name); }
