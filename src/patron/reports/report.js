"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data-block").textContent);
  const column = data.columns;
  const text = data.text;
  const PAGE = window.matchMedia("(max-width: 760px)").matches ? 15 : 50;
  const byId = function (id) { return document.getElementById(id); };
  const collator = new Intl.Collator(data.language === "zh" ? "zh-CN" : "en-GB", { numeric: true });
  const everyone = column.id.map(function (_, i) { return i; });

  // ---- what a row holds ----
  function code(family, i) {
    const digit = column[family][i];
    return digit === "-" ? -1 : Number(digit);
  }
  function label(family, i, name) {
    const place = code(name || family, i);
    return place < 0 ? text.missing : data.labels[family][place];
  }
  function words(name, i) {
    const row = column[name].rows[i];
    if (!row) { return ""; }
    const parts = row.split("|");
    let place = 0;
    return column[name].templates[Number(parts[0])].replace(/\u0001/g, function () { place += 1; return parts[place]; });
  }
  const money = function (name, i) {
    const value = column[name][i];
    return value === null ? null : value / Math.pow(10, data.decimals);
  };
  const owner = function (i) {
    const place = column.owner ? column.owner.rows[i] : -1;
    return place < 0 ? null : column.owner.names[place];
  };
  const name = function (i) { return column.name && column.name[i] ? column.name[i] : ""; };
  const share = function (name, i) { return column[name][i] === null ? null : column[name][i] / 1000; };

  // ---- how things are written (as in the rest of the page) ----
  function fill(key, values) {
    return text[key].replace(/\{(\w+)\}/g, function (_, name) { return values[name]; });
  }
  const aside = function (said, beside) { return fill("aside", { said: said, beside: beside }); };
  function number(value, digits) {
    if (value === null) { return text.missing; }
    const written = Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return (value < 0 && Number(written.replace(/,/g, "")) !== 0 ? "−" : "") + written;
  }
  function withSymbol(written) {
    return written.charAt(0) === "−" ? "−" + data.symbol + written.slice(1) : data.symbol + written;
  }
  const amount = function (value) { return value === null ? text.missing : withSymbol(number(value, data.decimals)); };
  function short(value) {
    if (Math.abs(value) < 1e5) { return amount(value); }
    const rounded = Number(value.toPrecision(3));
    const scale = data.scales.find(function (entry) { return Math.abs(rounded) >= entry[0]; });
    const shown = rounded / scale[0];
    return withSymbol(number(shown, Math.abs(shown) < 10 ? 2 : Math.abs(shown) < 100 ? 1 : 0)) + scale[1];
  }
  function percent(value) {
    if (value === null) { return text.missing; }
    if (value > 0 && value < 0.005) { return "<1%"; }
    if (value < 1 && value > 0.995) { return ">99%"; }
    return number(value * 100, 0) + "%";
  }
  function day(shift) {
    if (shift === null || data.asOf === null) { return text.missing; }
    const date = new Date(Date.parse(data.asOf) + shift * 86400000);
    if (data.language === "zh") { return date.getUTCFullYear() + "年" + (date.getUTCMonth() + 1) + "月" + date.getUTCDate() + "日"; }
    return date.getUTCDate() + " " + data.monthNames[date.getUTCMonth()] + " " + date.getUTCFullYear();
  }
  function range(low, high) {
    return low === null || high === null ? "" : fill("range", { low: amount(low), high: amount(high) });
  }

  // ---- what is shown: kept in the address, so that a view can be sent to a colleague ----
  const START = { sort: "at_risk", dir: "", q: "", group: "active", owner: "", tier: "", risk: "", stage: "", page: 1, open: "" };
  const ALIASES = { clv: "value", value_at_risk: "at_risk", churn_probability: "probability", customer_id: "customer" };
  const NO_OWNER = "~none";
  const ASCENDING = { customer: true, owner: true, rank: true, tier: true, stage: true, reason: true, action: true };
  const KEYS = {
    at_risk: function (i) { return column.at_risk[i]; },
    probability: function (i) { return column.probability[i]; },
    value: function (i) { return column.value[i]; },
    revenue: function (i) { return column.revenue[i]; },
    last: function (i) { return column.last[i] === null ? null : -column.last[i]; },
    tier: function (i) { return code("tier", i) < 0 ? null : code("tier", i); },
    stage: function (i) { return code("stage", i) < 0 ? null : code("stage", i); },
    customer: function (i) { return name(i) || column.id[i]; },
    owner: owner,
    rank: function (i) { return column.list ? column.list[i] : null; },
    reason: function (i) { return words("reason_1", i) || null; },
    action: function (i) { return words("action", i) || null; }
  };
  let state = Object.assign({}, START);
  const direction = function () { return state.dir || (ASCENDING[state.sort] ? "asc" : "desc"); };

  function readAddress() {
    const hash = location.hash.slice(1);
    if (hash.indexOf("=") < 0) { return false; }
    const given = new URLSearchParams(hash);
    state = Object.assign({}, START);
    Object.keys(START).forEach(function (name) { if (given.has(name)) { state[name] = given.get(name); } });
    state.sort = ALIASES[state.sort] || state.sort;
    if (!Object.hasOwn(KEYS, state.sort) || (state.sort === "owner" && !column.owner)) { state.sort = START.sort; }
    if (["asc", "desc"].indexOf(state.dir) < 0) { state.dir = ""; }
    if (["active", "lapsed", "all"].concat(column.list ? ["list"] : []).indexOf(state.group) < 0) { state.group = START.group; }
    if (!column.owner || (state.owner !== NO_OWNER && column.owner.names.indexOf(state.owner) < 0)) { state.owner = ""; }
    ["tier", "risk", "stage"].forEach(function (f) { if (data.codes[f].indexOf(state[f]) < 0) { state[f] = ""; } });
    state.page = Math.max(1, parseInt(state.page, 10) || 1);
    return true;
  }
  function writeAddress() {
    const said = new URLSearchParams();
    Object.keys(START).forEach(function (name) { if (state[name] !== START[name]) { said.set(name, state[name]); } });
    const hash = said.toString();
    if (hash || location.hash.indexOf("=") >= 0) {
      // some viewers show files in a frame without an address; the list works there all the same
      try { history.replaceState(null, "", "#" + (hash || "call")); } catch { /* no link to keep */ }
    }
  }

  // ---- choosing and ordering ----
  let haystacks = null;
  function haystack(i) {
    haystacks = haystacks || new Array(everyone.length);
    if (haystacks[i] === undefined) {
      haystacks[i] = [column.id[i], name(i), owner(i) || "", words("reason_1", i), words("reason_2", i), words("reason_3", i), words("action", i)]
        .join("\n").toLowerCase();
    }
    return haystacks[i];
  }
  function chosen() {
    const terms = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const lapsed = data.codes.status.indexOf("lapsed");
    const wanted = ["tier", "risk", "stage"].filter(function (f) { return state[f]; })
      .map(function (f) { return [f, data.codes[f].indexOf(state[f])]; });
    return everyone.filter(function (i) {
      const isLapsed = code("status", i) === lapsed;
      const inGroup = state.group === "list" ? column.list[i] !== null : state.group === "all" || isLapsed === (state.group === "lapsed");
      return inGroup && (!state.owner || (owner(i) || NO_OWNER) === state.owner) &&
        wanted.every(function (want) { return code(want[0], i) === want[1]; }) &&
        terms.every(function (term) { return haystack(i).indexOf(term) >= 0; });
    });
  }
  function ordered(rows) {
    // lapsed customers have no value at risk: their value decides instead
    // and the worklist has an order of its own
    const first = state.sort === "at_risk" && !state.dir;
    const key = first && state.group === "lapsed" ? "value" : first && state.group === "list" ? "rank" : state.sort;
    const sign = (key === "rank" ? "asc" : direction()) === "asc" ? 1 : -1;
    const keys = new Map(rows.map(function (i) { return [i, KEYS[key](i)]; }));
    return rows.sort(function (a, b) {
      const x = keys.get(a), y = keys.get(b);
      if (x === null || y === null) { return x === y ? a - b : x === null ? 1 : -1; }
      const order = typeof x === "string" ? collator.compare(x, y) : x - y;
      return order * sign || a - b;
    });
  }

  // ---- drawing; every text goes in as text, never as HTML ----
  function make(name, class_, said) {
    const node = document.createElement(name);
    if (class_) { node.className = class_; }
    if (said !== undefined && said !== null) { node.textContent = said; }
    return node;
  }
  function cell(key, said, small) {
    const node = make(key === "customer" ? "th" : "td", "c-" + key, said);
    if (key === "customer") { node.scope = "row"; }
    node.dataset.name = data.heads[key];
    if (small) { node.append(make("small", "", small)); }
    return node;
  }
  function row(i) {
    const line = make("tr", "row");
    line.dataset.id = column.id[i];
    const who = cell("customer");
    const open = make("button", "open", name(i) || column.id[i]);
    open.type = "button";
    open.setAttribute("aria-expanded", String(state.open === column.id[i]));
    open.setAttribute("aria-label", fill("details_of", { customer: name(i) ? aside(name(i), column.id[i]) : column.id[i] }));
    open.addEventListener("click", function () { toggle(i, line, open); });
    who.append(open);
    if (name(i)) { who.append(make("small", "id", column.id[i])); }
    if (code("status", i) > 0) { who.append(make("span", "tag", label("status", i))); }
    if (column.list && column.list[i] !== null) { who.append(make("span", "tag listed", fill("tag_list", { rank: number(column.list[i], 0) }))); }
    if (column.control && column.control[i]) { who.append(make("span", "tag", text.tag_control)); }
    const chance = cell("probability", percent(share("probability", i)));
    const risk = code("risk", i);
    if (risk >= 0) { chance.append(make("br"), make("span", "risk " + data.codes.risk[risk], data.labels.risk[risk])); }
    const change = column.change[i];
    const turn = change === null ? "" : fill("change", { change: (change > 100 ? "+" : "") + number(change - 100, 0) + "%" });
    const ago = column.last[i];
    line.append(
      who,
      cell("at_risk", amount(money("at_risk", i))),
      chance,
      cell("value", amount(money("value", i)), range(money("low", i), money("high", i)))
    );
    if (column.owner) { line.append(cell("owner", owner(i) || text.missing)); }
    line.append(
      cell("tier", label("tier", i)),
      cell("stage", label("stage", i)),
      cell("last", day(ago === null ? null : -ago), ago === null ? "" : fill("days_ago", { n: number(ago, 0) })),
      cell("revenue", amount(money("revenue", i)), turn),
      cell("reason", words("reason_1", i) || text.missing),
      cell("action", words("action", i) || text.missing)
    );
    return line;
  }
  function due(i) {
    const shift = column.next[i];
    if (shift === null) { return text.missing; }
    return aside(day(shift), fill(shift < 0 ? "overdue_days" : "in_days", { n: number(Math.abs(shift), 0) }));
  }
  function facts(i) {
    const tenth = column.expected_orders[i];
    return [
      ["detail_range", range(money("low", i), money("high", i)) || text.missing],
      ["detail_kept", amount(money("kept", i))],
      ["detail_silent", amount(money("silent", i))],
      ["detail_next", due(i)],
      ["detail_orders", number(column.orders[i], 0)],
      ["detail_expected", number(tenth === null ? null : tenth / 10, 1)],
      ["detail_order_value", amount(money("order_value", i))],
      ["detail_alive", percent(share("alive", i))],
      ["detail_value_tier", label("tier", i, "value_tier")],
      ["detail_stage", label("stage", i)],
      ["detail_revenue", amount(money("revenue", i))]
    ];
  }
  function place(i) {
    if (!column.list || column.list[i] === null) { return ""; }
    return fill(owner(i) ? "detail_list_place" : "detail_list_place_alone", { rank: number(column.owner_rank[i], 0), owner: owner(i), due: day(column.due[i]) });
  }

  // ---- the account's own pictures: orders, rolling revenue, past risk ----
  const SVG = document.querySelector("svg").namespaceURI;
  function mark(kind, attributes) {
    const node = document.createElementNS(SVG, kind);
    Object.keys(attributes).forEach(function (key) { node.setAttribute(key, attributes[key]); });
    return node;
  }
  function small(title, said, points, span, draw) {
    const figure = make("figure", "small-chart"), picture = mark("svg", { viewBox: "0 0 300 96", role: "img", class: "chart" });
    const top = points.reduce(function (most, point) { return Math.max(most, point[1]); }, 0) || 1;
    const at = function (ago) { return 296 - ago / span * 292; }, high = function (value) { return 76 - Math.max(value, 0) / top * 68; };
    picture.setAttribute("aria-label", title + ": " + said);
    picture.append(mark("line", { x1: 4, x2: 296, y1: 76, y2: 76, class: "axis" }));
    draw(picture, at, high);
    [[4, span, "start"], [296, 0, "end"]].forEach(function (end) {
      const words = mark("text", { x: end[0], y: 92, class: "tick", "text-anchor": end[2] });
      words.textContent = day(-end[1]);
      picture.append(words);
    });
    figure.append(make("h4", "", title), picture, make("figcaption", "", said));
    return figure;
  }
  function curve(points, at, high) {
    return mark("path", { class: "curve main", d: points.map(function (p, k) { return (k ? "L" : "M") + at(p[0]).toFixed(1) + " " + high(p[1]).toFixed(1); }).join(" ") });
  }
  function timeline(told) {
    const box = make("div", "timeline"), span = function (points) { return Math.max.apply(null, [30].concat(points.map(function (p) { return p[0]; }))); };
    const cash = function (value) { return amount(value / Math.pow(10, data.decimals)); };
    const shown = function (value) { return value === null ? text.missing : number(value, 0); };
    const last = function (points) { return points[points.length - 1]; };
    if (told.d.length) {
      const rhythm = told.g === null ? "" : fill(told.l === null ? "detail_rhythm_short" : "detail_rhythm", { gap: shown(told.g), silence: shown(told.s), limit: shown(told.l) });
      box.append(small(text.detail_timeline, rhythm, told.d, span(told.d), function (picture, at, high) {
        if (told.s) { picture.append(mark("rect", { x: at(told.s), y: 8, width: Math.max(at(0) - at(told.s), 0), height: 68, class: "held" })); }
        told.d.forEach(function (p) { picture.append(mark("line", { x1: at(p[0]), x2: at(p[0]), y1: 76, y2: Math.min(high(p[1]), 73), class: "stick" })); });
      }));
    }
    if (told.r.length > 1) {
      const said = day(-last(told.r)[0]) + ": " + cash(last(told.r)[1]);
      box.append(small(text.detail_rolling, said, told.r, span(told.r), function (picture, at, high) { picture.append(curve(told.r, at, high)); }));
    }
    if (told.p.length) {
      const said = told.p.slice(-4).map(function (p) { return day(-p[0]) + ": " + percent(p[1] / 1000); }).join("; ");
      box.append(small(text.detail_risk_history, said, told.p.concat([[0, 1000]]), span(told.p), function (picture, at, high) {
        if (told.p.length > 1) { picture.append(curve(told.p, at, high)); }
        told.p.forEach(function (p) { picture.append(mark("circle", { cx: at(p[0]), cy: high(p[1]), r: 3, class: "dot" })); });
      }));
    }
    return box;
  }
  function more(i) {
    const line = make("tr", "more"), box = make("td"), inside = make("div", "inside"), left = make("div"), right = make("div");
    const reasons = ["reason_1", "reason_2", "reason_3"].map(function (name) { return words(name, i); }).filter(Boolean);
    if (reasons.length) {
      const list = make("ol");
      reasons.forEach(function (reason) { list.append(make("li", "", reason)); });
      left.append(make("h4", "", text.detail_reasons), list);
    }
    [["detail_list", place(i)], ["detail_off", column.off ? words("off", i) : ""], ["detail_say", column.say ? words("say", i) : ""], ["detail_action", words("action", i)], ["detail_note", words("note", i)]].forEach(function (part) {
      if (part[1]) { left.append(make("h4", "", text[part[0]]), make("p", "", part[1])); }
    });
    const list = make("dl", "pairs");
    facts(i).forEach(function (fact) {
      const pair = make("div");
      pair.append(make("dt", "", text[fact[0]]), make("dd", "", fact[1]));
      list.append(pair);
    });
    right.append(make("h4", "", text.detail_numbers), list);
    inside.append(left, right);
    box.colSpan = Object.keys(data.heads).length;
    box.append(inside);
    if (column.history[i]) { box.append(timeline(column.history[i])); }
    line.append(box);
    return line;
  }
  function toggle(i, line, open) {
    const opening = open.getAttribute("aria-expanded") !== "true";
    open.setAttribute("aria-expanded", String(opening));
    if (opening) { line.after(more(i)); } else { line.nextSibling.remove(); }
    state.open = opening ? column.id[i] : "";
    writeAddress();
  }
  function sum(rows, name) {
    // whole numbers throughout, so the order of the rows does not matter
    const rests = column[name + "_rest"];
    return rows.reduce(function (total, i) { return total + (column[name][i] || 0) * 100 + rests[i]; }, 0) / 100 / Math.pow(10, data.decimals);
  }
  function totals(rows) {
    const isWhole = ["q", "owner", "tier", "risk", "stage"].every(function (name) { return !state[name]; });
    if (isWhole && data.totals[state.group]) { return data.totals[state.group]; }
    return { at_risk: short(sum(rows, "at_risk")), value: short(sum(rows, "value")) };
  }
  function show() {
    const rows = ordered(chosen()), pages = Math.max(1, Math.ceil(rows.length / PAGE));
    state.page = Math.min(state.page, pages);
    const from = (state.page - 1) * PAGE, shown = rows.slice(from, from + PAGE);
    const body = byId("customers").tBodies[0];
    body.replaceChildren.apply(body, shown.flatMap(function (i) {
      return state.open === column.id[i] ? [row(i), more(i)] : [row(i)];
    }));
    byId("found").textContent = !rows.length ? text.none_found :
      fill("showing", { from: number(from + 1, 0), to: number(from + shown.length, 0), n: number(rows.length, 0) }) +
      " · " + fill("totals", totals(rows));
    byId("page").textContent = fill("page", { page: number(state.page, 0), pages: number(pages, 0) });
    byId("previous").disabled = state.page <= 1;
    byId("next").disabled = state.page >= pages;
    byId("pager").hidden = pages < 2;
    document.querySelectorAll("#customers thead th").forEach(function (head) {
      if (head.dataset.key === state.sort) {
        head.setAttribute("aria-sort", direction() === "asc" ? "ascending" : "descending");
      } else { head.removeAttribute("aria-sort"); }
    });
    ["q", "group", "owner", "tier", "risk", "stage", "sort"].filter(byId).forEach(function (name) {
      if (byId(name).value !== state[name]) { byId(name).value = state[name]; }
    });
  }
  function change(part) {
    state = Object.assign({}, state, { page: 1 }, part);
    show();
    writeAddress();
  }

  // ---- listening ----
  ["group", "owner", "tier", "risk", "stage", "sort"].filter(byId).forEach(function (name) {
    byId(name).addEventListener("change", function (event) {
      const part = {};
      part[name] = event.target.value;
      if (name === "sort") { part.dir = ""; }
      change(part);
    });
  });
  byId("q").addEventListener("input", function (event) { change({ q: event.target.value }); });
  byId("reset").addEventListener("click", function () { change(Object.assign({}, START)); });
  byId("previous").addEventListener("click", function () { change({ page: state.page - 1 }); });
  byId("next").addEventListener("click", function () { change({ page: state.page + 1 }); });
  document.querySelectorAll("#customers thead th").forEach(function (head) {
    head.firstElementChild.addEventListener("click", function () {
      const same = head.dataset.key === state.sort;
      const dir = same ? (direction() === "asc" ? "desc" : "asc") : "";
      change({ sort: head.dataset.key, dir: dir });
    });
  });
  window.addEventListener("hashchange", function () { if (readAddress()) { show(); } });

  byId("tools").hidden = false;
  byId("list").hidden = false;
  const linked = readAddress();
  show();
  if (linked) { byId("call").scrollIntoView(); }
  byId("list").dataset.ready = "yes";
})();
