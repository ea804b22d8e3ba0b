// Assessing without signal. The page carries all screens; answers are kept on the phone first and sent when there is
// signal. Without this script the same assessment is done one page an item.

const byAll = (root, sel) => Array.from(root.querySelectorAll(sel));
const copy = (v) => JSON.parse(JSON.stringify(v));
const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

/** Places of a sheet as flat text, for comparing two of them. */
function flat(sheet) {
  const out = new Map();
  for (const part of ["answers", "conditions", "notes"]) {
    for (const [id, v] of Object.entries(sheet[part] || {})) out.set(`${part}/${id}`, v);
  }
  return out;
}

/** Places at which two sheets differ. */
function differ(a, b) {
  const [x, y] = [flat(a), flat(b)];
  return [...new Set([...x.keys(), ...y.keys()])].filter((k) => x.get(k) !== y.get(k));
}

function put(sheet, place, value) {
  const at = place.indexOf("/");
  const part = (sheet[place.slice(0, at)] ||= {});
  if (value === undefined || value === "") delete part[place.slice(at + 1)];
  else part[place.slice(at + 1)] = value;
}

/** Keeps this page, with what it needs, for work without signal. Pages of another account are dropped. */
async function keepPage(user, urls) {
  if (!("caches" in window)) return;
  const name = `assess-${user}`;
  for (const old of await caches.keys()) if (old.startsWith("assess-") && old !== name) await caches.delete(old);
  const cache = await caches.open(name);
  for (const url of urls) {
    try {
      const got = await fetch(url, { credentials: "same-origin" });
      if (got.redirected && new URL(got.url).pathname === "/login") return void (await caches.delete(name));
      if (got.ok && !got.redirected) await cache.put(url, got);
      else if (!url.startsWith("/assets/")) await cache.delete(url);
    } catch { return; }
  }
}

const needed = () => [
  ...byAll(document, "link[rel=stylesheet]").map((l) => l.getAttribute("href")),
  ...byAll(document, "script[src]").map((s) => s.getAttribute("src")),
  "/assets/icons.svg",
];

function worker() {
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/assess/sw.js", { scope: "/assess" }).catch(() => {});
}

/** One assessment. */
function assess(root) {
  const { assess: id, user, csrf, answers: url } = root.dataset;
  const slot = `assess:${user}:${id}`;
  const server = { base: Number(root.dataset.base), sheet: JSON.parse(root.dataset.sheet) };
  const fresh = { base: server.base, acked: server.sheet, sheet: copy(server.sheet), pending: null };
  let state = fresh;
  try { state = JSON.parse(localStorage.getItem(slot)) || fresh; } catch { /* a broken note is no note */ }
  // Nothing waits here: what the server has is the truth.
  if (!state.pending && !differ(state.sheet, state.acked).length && server.base >= state.base) state = fresh;
  const keep = () => { try { localStorage.setItem(slot, JSON.stringify(state)); } catch { say("手机存不下了，先别关这一页"); } };

  const chip = document.querySelector("[data-sync-state]");
  const trouble = document.querySelector("[data-sync-error]");
  const screens = byAll(document, "[data-q]");
  const finish = document.querySelector("[data-finish]");
  const overview = document.querySelector("[data-overview]");
  const runner = document.querySelector("[data-runner]");
  const foot = document.querySelector("[data-runner-foot]");
  const title = document.title;
  let at = -1;

  const waiting = () => differ(state.sheet, state.acked).length;
  function say(word) {
    trouble.hidden = !word;
    trouble.firstElementChild.textContent = word || "";
  }
  function show() {
    const n = waiting();
    chip.hidden = false;
    chip.classList.toggle("wait", n > 0);
    chip.textContent = n > 0 ? `未同步 ${n} 项` : "已同步";
    document.title = n > 0 ? `（未同步 ${n} 项）${title}` : title;
    const done = screens.filter((s) => read(s) !== "").length;
    for (const el of byAll(document, "[data-answered]")) el.textContent = String(done);
    const word = document.querySelector("[data-finish-word]");
    const check = document.querySelector("[data-check]");
    const left = screens.length - done;
    if (word) {
      word.textContent = left > 0 ? `还有 ${left} 项没填，点“上一项”回去补。`
        : n > 0 ? `${n} 项还存在手机上。有信号会自己同步，同步完再提交。` : "答案已同步，可以核对提交。";
      check.hidden = left > 0 || n > 0;
    }
  }

  const place = (s) => `${s.dataset.q.startsWith("condition:") ? "conditions" : "answers"}/${s.dataset.item}`;
  function read(s) {
    const v = flat(state.sheet).get(place(s));
    return v === undefined ? "" : v;
  }
  function toValue(s, text) {
    if (text === "") return undefined;
    if (s.dataset.kind === "flag") return text === "yes";
    if (s.dataset.kind === "count") return Number(text);
    if (s.dataset.kind === "number") {
      const n = Number(text.trim());
      return text.trim() === "" || Number.isNaN(n) ? undefined : Math.round(n * Number(s.dataset.factor));
    }
    return text;
  }
  function fill() {
    for (const s of screens) {
      const v = read(s);
      for (const el of byAll(s, "[data-answer]")) {
        const text = v === true ? "yes" : v === false ? "no"
          : s.dataset.kind === "number" && v !== "" ? String(v / Number(s.dataset.factor)) : String(v);
        if (el.type === "radio") el.checked = el.value === text;
        else if (document.activeElement !== el) el.value = text;
      }
      const note = s.querySelector("[data-note]");
      if (note && document.activeElement !== note) note.value = (state.sheet.notes || {})[s.dataset.item] || "";
    }
  }

  function go(n) {
    at = Math.max(0, Math.min(n, screens.length));
    overview.hidden = true;
    runner.hidden = false;
    foot.hidden = false;
    screens.forEach((s, i) => { s.hidden = i !== at; });
    finish.hidden = at < screens.length;
    const s = screens[at];
    const next = screens[at + 1];
    document.querySelector("[data-place]").textContent = s ? `${s.dataset.section} ${s.dataset.place}` : "";
    document.querySelector("[data-total]").textContent = s ? `全部 ${at + 1} / ${screens.length}` : "";
    const bar = document.querySelector("[data-progress]");
    bar.setAttribute("aria-valuenow", String(at));
    bar.firstElementChild.className = `w-${Math.round((at * 100) / screens.length)}`;
    const button = document.querySelector("[data-next]");
    button.hidden = !s;
    button.textContent = next ? (next.dataset.q.startsWith("answer:") ? `下一项：${next.dataset.title}` : "下一项") : "问完了";
    document.querySelector("[data-prev]").hidden = at === 0;
    scrollTo(0, 0);
    (s || finish).focus({ preventScroll: true });
    show();
  }

  let busy = false;
  async function sync() {
    if (busy || !navigator.onLine) return show();
    if (!state.pending && !waiting()) return show();
    busy = true;
    // What was sent once keeps its key until it is known to have arrived: sent again it is the same submission.
    state.pending ||= { key: newKey(), base: state.base, sheet: copy(state.sheet) };
    keep();
    const sent = state.pending;
    try {
      const res = await fetch(url, {
        method: "POST",
        credentials: "same-origin",
        headers: { "content-type": "application/json", "x-csrf-token": csrf },
        body: JSON.stringify({ ...sent, device_at: Date.now() }),
      });
      if (res.status === 401 || res.status === 403) {
        say("登录过期了。答案在手机上，重新登录后打开这一页就会同步。");
      } else if (!res.ok) {
        const got = await res.json().catch(() => ({}));
        // Refused, not lost: the answers stay here, and what is sent next is a new submission.
        state.pending = null;
        say(`${got.error || "没存进去"}。答案还在手机上。`);
        keep();
      } else {
        const got = await res.json();
        const since = differ(state.sheet, sent.sheet).map((k) => [k, flat(state.sheet).get(k)]);
        state = { base: got.version, acked: got.sheet, sheet: copy(got.sheet), pending: null };
        for (const [k, v] of since) put(state.sheet, k, v);
        keep();
        fill();
        say(got.clashes > 0 ? `你们有 ${got.clashes} 处填得不一样，核对时逐项定。` : "");
        if (since.length) setTimeout(sync, 50);
      }
    } catch { /* no signal: it waits */ }
    busy = false;
    show();
  }

  let timer;
  runner.addEventListener("input", (e) => {
    const s = e.target.closest("[data-q]");
    if (!s) return;
    if (e.target.matches("[data-note]")) put(state.sheet, `notes/${s.dataset.item}`, e.target.value.trim());
    else put(state.sheet, place(s), toValue(s, e.target.value));
    keep();
    show();
    clearTimeout(timer);
    timer = setTimeout(sync, 900);
  });
  for (const a of byAll(document, "[data-go]")) {
    a.addEventListener("click", (e) => { e.preventDefault(); go(Number(a.dataset.go) - 1); });
  }
  document.querySelector("[data-next]").addEventListener("click", () => { go(at + 1); sync(); });
  document.querySelector("[data-prev]").addEventListener("click", () => go(at - 1));
  addEventListener("online", sync);
  setInterval(sync, 20000);
  fill();
  show();
  sync();
  keepPage(user, [location.pathname, "/assess", ...needed()]);
}

/** The day's list: every assessment in it is kept for work without signal. */
function day(root) {
  keepPage(root.dataset.assessDay, ["/assess", ...byAll(document, "a[data-keep]").map((a) => a.getAttribute("href")), ...needed()]);
  let n = 0;
  try {
    for (const a of byAll(document, "a[data-keep]")) {
      const kept = JSON.parse(localStorage.getItem(`assess:${root.dataset.assessDay}:${a.dataset.keep}`) || "null");
      if (kept) n += differ(kept.sheet, kept.acked).length;
    }
  } catch { return; }
  const note = document.querySelector("[data-unsent]");
  if (note && n > 0) {
    note.hidden = false;
    note.firstElementChild.textContent = `手机上有 ${n} 项未同步。打开那次评估，有信号会自己同步。`;
  }
}

worker();
const one = document.querySelector("[data-assess]");
if (one) assess(one);
const list = document.querySelector("[data-assess-day]");
if (list) day(list);
