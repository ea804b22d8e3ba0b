// Small helpers on top of pages that already work as plain HTML. Nothing here is needed to read, search,
// fill in or submit. No inline handlers: everything is found by data attributes.

const byAll = (root, sel) => Array.from(root.querySelectorAll(sel));

/** "/" goes to the search box, but never while someone is typing. */
function searchKey() {
  document.addEventListener("keydown", (e) => {
    if (e.key !== "/" || e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
    const at = document.activeElement;
    if (at && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName))) return;
    const box = document.querySelector(".find input[type=search]");
    if (!box) return;
    e.preventDefault();
    box.focus();
    box.select();
  });
}

/** Menus made of <details> close on Escape and on a click elsewhere. */
function menus() {
  document.addEventListener("click", (e) => {
    for (const m of byAll(document, "details.menu[open]")) if (!m.contains(e.target)) m.open = false;
  });
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Escape") return;
    for (const m of byAll(document, "details.menu[open]")) {
      m.open = false;
      m.querySelector("summary")?.focus();
    }
  });
}

/** After a refused submit the summary is read first. */
function errorSummary(root) {
  const box = root.querySelector(".errsum");
  if (!box) return;
  box.focus();
  for (const a of byAll(box, "a[href^='#']")) {
    a.addEventListener("click", (e) => {
      const to = document.getElementById(a.getAttribute("href").slice(1));
      if (!to) return;
      e.preventDefault();
      const field = to.matches("input,select,textarea") ? to : to.querySelector("input,select,textarea");
      to.scrollIntoView({ block: "center" });
      (field || to).focus();
    });
  }
}

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** Reads an 18-digit identity number (GB 11643): birthday, sex and whether its check digit holds; null if it is no number. */
export function readIdNumber(text) {
  const s = text.replace(/\s/g, "").toUpperCase();
  if (!/^\d{17}[\dX]$/.test(s)) return null;
  const sum = WEIGHTS.reduce((n, w, i) => n + w * Number(s[i]), 0);
  const [y, m, d] = [s.slice(6, 10), s.slice(10, 12), s.slice(12, 14)];
  const day = new Date(Date.UTC(Number(y), Number(m) - 1, Number(d)));
  const real = day.getUTCMonth() === Number(m) - 1 && day.getUTCDate() === Number(d);
  return { birthday: `${y}-${m}-${d}`, sex: Number(s[16]) % 2 ? "男" : "女", valid: real && "10X98765432"[sum % 11] === s[17] };
}

/** data-idnumber on the input; data-from-id="birthday|sex" on what shows or holds the result. */
function idNumber(root) {
  for (const input of byAll(root, "[data-idnumber]")) {
    const form = input.form || root;
    const show = () => {
      const got = readIdNumber(input.value);
      for (const el of byAll(form, "[data-from-id]")) {
        const v = got && got.valid ? got[el.dataset.fromId] : "";
        if (/^(INPUT|SELECT)$/.test(el.tagName)) { if (v) el.value = v; } else el.textContent = v || "—";
      }
    };
    input.addEventListener("input", show);
    show();
  }
}

/** A chain of selects: data-cascade holds the id of the next one. Regions come from /regions/children?code=. */
function cascade(root) {
  for (const select of byAll(root, "select[data-cascade]")) {
    select.addEventListener("change", async () => {
      const next = document.getElementById(select.dataset.cascade);
      if (!next) return;
      const fill = (rows, word) => {
        next.replaceChildren(new Option(word, ""), ...rows.map((r) => new Option(r.name, r.code)));
        next.dispatchEvent(new Event("change"));
      };
      if (!select.value) return fill([], "—");
      try {
        const res = await fetch(`/regions/children?code=${encodeURIComponent(select.value)}`, { headers: { accept: "application/json" } });
        if (!res.ok) throw new Error(String(res.status));
        fill(await res.json(), "选一个");
      } catch {
        fill([], "取不到，再选一次");
      }
    });
  }
}

const draftKey = (form) => `draft:${form.dataset.draft || location.pathname}`;
const keeps = (el) => el.name && !/^(hidden|password|file|submit|button)$/.test(el.type) && !el.closest("[data-secret]");

/** Forms with data-draft keep what was typed on this computer. Fields under data-secret are never written down. */
function drafts(root) {
  let store;
  try { store = window.localStorage; } catch { return; }
  const saved = document.querySelector("[data-saved]");
  if (saved) store.removeItem(`draft:${saved.dataset.saved}`);
  for (const form of byAll(root, "form[data-draft]")) {
    const key = draftKey(form);
    const said = document.querySelector(form.dataset.draftNote || "[data-draft-note]");
    const say = (word) => { if (said) { said.hidden = false; said.lastChild.textContent = word; } };
    const old = store.getItem(key);
    // what the server sent back after a refused submit is newer than the draft
    if (old && !root.querySelector(".errsum")) {
      try {
        const values = JSON.parse(old);
        for (const el of Array.from(form.elements).filter(keeps)) {
          const v = values[el.name];
          if (v === undefined) continue;
          if (el.type === "checkbox" || el.type === "radio") el.checked = v.includes(el.value);
          else if (v.length) el.value = v[0];
        }
        say("上次写到一半的，已填回");
      } catch { store.removeItem(key); }
    }
    let timer;
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const values = {};
        for (const el of Array.from(form.elements).filter(keeps)) {
          const list = (values[el.name] ||= []);
          if ((el.type === "checkbox" || el.type === "radio") && !el.checked) continue;
          list.push(el.value);
        }
        try {
          store.setItem(key, JSON.stringify(values));
          say(`草稿已存 ${new Date().toTimeString().slice(0, 5)}`);
        } catch { say("草稿存不下，先提交"); }
      }, 600);
    });
    form.addEventListener("reset", () => store.removeItem(key));
  }
}

/**
 * data-live="URL": server-sent events with a JSON object; each key fills [data-live-text=key], and
 * [data-live-bar=key] gets that width in percent. An object with "done" closes the stream and, when it holds
 * "href", goes there.
 */
function live(root) {
  if (!("EventSource" in window)) return;
  for (const box of byAll(root, "[data-live]")) {
    const source = new EventSource(box.dataset.live);
    source.onmessage = (e) => {
      let got;
      try { got = JSON.parse(e.data); } catch { return; }
      for (const [k, v] of Object.entries(got)) {
        for (const el of byAll(box, `[data-live-text="${CSS.escape(k)}"]`)) el.textContent = v;
        for (const el of byAll(box, `[data-live-bar="${CSS.escape(k)}"]`)) {
          el.className = el.className.replace(/\bw-\d+\b/, "").trim() + ` w-${Math.max(0, Math.min(100, Math.round(Number(v) || 0)))}`;
        }
      }
      if (got.done) {
        source.close();
        if (typeof got.href === "string" && got.href.startsWith("/") && !got.href.startsWith("//")) location.assign(got.href);
      }
    };
  }
}

/** data-age="2026-11-20T06:29:00Z" on <time>: "3 分钟前" under an hour, otherwise what the server wrote stays. */
function ages(root) {
  const list = byAll(root, "[data-age]").map((el) => [el, Date.parse(el.dataset.age), el.textContent]);
  if (!list.length) return;
  const base = Date.parse(document.documentElement.dataset.now || "") || Date.now();
  const started = performance.now();
  const tick = () => {
    const now = base + (performance.now() - started);
    for (const [el, at, word] of list) {
      const min = Math.floor((now - at) / 60000);
      el.textContent = !(min >= 0 && min < 60) ? word : min === 0 ? "刚刚" : `${min} 分钟前`;
    }
  };
  tick();
  setInterval(tick, 30000);
}

/** The offline strip of phone pages. */
function offline() {
  const strip = document.querySelector("[data-offline]");
  if (!strip) return;
  const show = () => { strip.hidden = navigator.onLine; };
  addEventListener("online", show);
  addEventListener("offline", show);
  show();
}

/** One tick box that ticks the rows of the page, and the count beside the bulk buttons. */
function ticks(root) {
  for (const all of byAll(root, "[data-tick-all]")) {
    const boxes = byAll(all.closest("form") || root, "input[data-tick]");
    const count = (all.closest("form") || root).querySelector("[data-tick-count]");
    const show = () => {
      const n = boxes.filter((b) => b.checked).length;
      if (count) count.textContent = String(n);
      all.checked = n > 0 && n === boxes.length;
      all.indeterminate = n > 0 && n < boxes.length;
      for (const b of boxes) b.closest("tr")?.classList.toggle("sel", b.checked);
    };
    all.addEventListener("change", () => { for (const b of boxes) b.checked = all.checked; show(); });
    for (const b of boxes) b.addEventListener("change", show);
    show();
  }
}

/**
 * Forms with data-geo read the device's position once, when they are submitted: lat, lng, accuracy and the device's own
 * time go into fields of those names. Refused or not available: the form goes without, and the server says what to do.
 */
function geo(root) {
  for (const form of byAll(root, "form[data-geo]")) {
    const note = form.querySelector("[data-geo-note]");
    let sent = false;
    form.addEventListener("submit", (e) => {
      if (sent || !("geolocation" in navigator)) return;
      e.preventDefault();
      if (note) note.textContent = "正在读位置…";
      const go = () => { sent = true; form.requestSubmit(); };
      navigator.geolocation.getCurrentPosition((at) => {
        form.elements.lat.value = at.coords.latitude.toFixed(6);
        form.elements.lng.value = at.coords.longitude.toFixed(6);
        form.elements.accuracy.value = String(Math.round(at.coords.accuracy));
        form.elements.device_at.value = String(at.timestamp);
        go();
      }, go, { enableHighAccuracy: true, timeout: 15000, maximumAge: 10000 });
    });
  }
}

function start(root) {
  errorSummary(root);
  idNumber(root);
  cascade(root);
  drafts(root);
  live(root);
  ages(root);
  ticks(root);
  geo(root);
  for (const b of byAll(root, "[data-print]")) { b.hidden = false; b.addEventListener("click", () => window.print()); }
  for (const b of byAll(root, "[data-back]")) { b.hidden = false; b.addEventListener("click", () => history.back()); }
  for (const s of byAll(root, "[data-submit-on-change]")) s.addEventListener("change", () => s.form?.requestSubmit());
}

searchKey();
menus();
offline();
start(document);
// A part that a page has read anew works like the one before it.
document.addEventListener("renewed", (e) => start(e.target));
