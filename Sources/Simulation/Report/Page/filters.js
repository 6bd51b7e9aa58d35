/// Chooses what the ladder shows.
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
  const kinds = [...stanzaKinds, "other", "session", "operator", "fault"].filter((kind) => amounts[kind]).map((kind) => {
    const place = ["session", "operator", "fault"].includes(kind) ? [] : [
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
