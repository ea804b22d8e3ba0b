// The desk that answers alarms: the queue renews itself, ages count, the bell rings, keys press buttons. All of it works
// without this file by reloading the page. Also the receipt of a call for help.

const clock = (() => {
  const at = Number(document.querySelector("[data-now]")?.dataset.now) || Date.now();
  const began = performance.now();
  let base = at;
  let from = began;
  return {
    now: () => base + (performance.now() - from),
    set: (ms) => { base = ms; from = performance.now(); },
  };
})();

const two = (n) => String(n).padStart(2, "0");

/** Ages and countdowns, once a second. */
function tick(root) {
  for (const el of root.querySelectorAll("[data-since]")) {
    const s = Math.max(0, Math.floor((clock.now() - Number(el.dataset.since)) / 1000));
    const short = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
    el.textContent = s < 3600 ? short : `${Math.floor(s / 3600)}:${short}`;
  }
  for (const el of root.querySelectorAll("[data-left]")) {
    el.textContent = String(Math.max(0, 60 - Math.floor((clock.now() - Number(el.dataset.left)) / 1000)));
  }
  // The desk stays open for hours: its clock goes on. The city's zone, whatever the computer's.
  const face = document.querySelector(".top .clock");
  if (face) {
    const at = new Date(clock.now() + 8 * 3600000).toISOString();
    const text = `${at.slice(0, 10)} 周${"日一二三四五六"[new Date(at).getUTCDay()]} ${at.slice(11, 16)}`;
    if (face.textContent !== text) face.textContent = text;
  }
  for (const el of root.querySelectorAll("[data-spent]")) {
    const pct = Math.max(0, Math.min(100, Math.round((clock.now() - Number(el.dataset.spent)) / 600)));
    el.className = `w-${pct}`;
  }
}

/** Two tones, like a telephone; made here, no file. */
class Ringer {
  constructor(ask) {
    this.ask = ask;
    this.on = false;
    this.timer = 0;
    ask?.addEventListener("click", () => this.wake());
  }
  wake() {
    try {
      this.context ||= new AudioContext();
      this.context.resume().then(() => this.blocked(this.context.state !== "running"));
    } catch { /* no sound on this machine: the page is red all the same */ }
  }
  blocked(is) { if (this.ask) this.ask.hidden = !is; }
  tone(hz, at, length) {
    const { context } = this;
    const wave = context.createOscillator();
    const gain = context.createGain();
    wave.frequency.value = hz;
    gain.gain.setValueAtTime(0.0001, at);
    gain.gain.exponentialRampToValueAtTime(0.25, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + length);
    wave.connect(gain).connect(context.destination);
    wave.start(at);
    wave.stop(at + length);
  }
  once() {
    this.wake();
    if (this.context?.state !== "running") return this.blocked(true);
    const t = this.context.currentTime;
    this.tone(880, t, 0.25);
    this.tone(660, t + 0.3, 0.3);
  }
  set(on) {
    if (on === this.on) return;
    this.on = on;
    clearInterval(this.timer);
    document.documentElement.dataset.ringing = on ? "1" : "0";
    if (on) {
      this.once();
      this.timer = setInterval(() => this.once(), 2500);
    }
  }
}

function desk(box) {
  const ringer = new Ringer(document.querySelector("[data-sound]"));
  const queue = box.querySelector("[data-queue]");
  const fresh = box.querySelector("[data-show-new]");
  const say = box.querySelector("[data-say]");
  let shown = box.querySelector("[data-case]");
  let bell = box.dataset.bell === "true";
  let held = null;
  let told = "";

  // A form that was sent brings its own page, with what it has to say: nothing is read again over it.
  let leaving = false;
  document.addEventListener("submit", () => { leaving = true; setTimeout(() => { leaving = false; }, 8000); });
  // Nor between pressing the pointer down and letting it go: the button under it is the one that was meant.
  let pressed = false;
  document.addEventListener("pointerdown", () => { pressed = true; });
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => { setTimeout(() => { pressed = false; }, 300); });

  // The case and its map as they are now, in place of those shown: the bell rings on, the keyboard stays where it was.
  // What could not be done at once (something is typed, the line is down) is tried again every second.
  let stale = false;
  let renewing = false;
  const renew = async () => {
    if (!stale || renewing || leaving || pressed || typing()) return;
    renewing = true;
    try {
      const answer = await fetch(`/safety?case=${shown.dataset.case}`, { headers: { accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const parts = page.querySelectorAll("[data-desk] > :not(.q-col)");
      const there = page.querySelector("[data-case]");
      if (leaving || pressed || typing()) return;
      if (!answer.ok || !there) { location.assign("/safety"); return; }
      const at = place(document.activeElement);
      for (const old of box.querySelectorAll(":scope > :not(.q-col)")) old.remove();
      box.append(...parts);
      [shown, stale] = [there, false];
      around(page);
      toEnd();
      tick(box);
      box.dispatchEvent(new CustomEvent("renewed", { bubbles: true }));
      if (at) box.querySelector(at)?.focus();
    } catch { /* no line */ } finally { renewing = false; }
  };
  const toEnd = () => { const log = box.querySelector("[data-log]"); if (log) log.scrollTop = log.scrollHeight; };

  const put = (html) => {
    const at = queue.querySelector(":focus")?.getAttribute("href");
    queue.innerHTML = html;
    held = null;
    fresh.hidden = true;
    if (at) queue.querySelector(`a[href="${CSS.escape(at)}"]`)?.focus();
    tick(queue);
  };
  fresh.addEventListener("click", () => { if (held !== null) put(held); });

  ringer.set(bell && Number(box.dataset.ringing) > 0);
  const open = () => {
    const source = new EventSource(box.dataset.liveUrl);
    source.onmessage = (e) => {
      let got;
      try { got = JSON.parse(e.data); } catch { return; }
      clock.set(got.now);
      bell = got.bell;
      for (const el of document.querySelectorAll("[data-waiting]")) el.textContent = String(got.waiting);
      // Nothing changes its place under the pointer.
      if (queue.matches(":hover") && queue.children.length > 0 && queue.innerHTML.trim() !== "") {
        held = got.queue;
        fresh.hidden = false;
      } else put(got.queue);
      ringer.set(bell && got.ringing > 0);
      if (got.newest && got.newest !== told) { told = got.newest; say.textContent = got.newest; }
      document.title = got.ringing > 0 ? `(${got.ringing}) 有报警 · 颐年` : "报警工作台 · 颐年";
      // The map moves by itself; nothing else of the case is touched by that.
      const map = document.querySelector("[data-map]");
      if (map && got.map) {
        map.innerHTML = got.map;
        document.querySelector("[data-fix]").textContent = got.fix;
      }
      if (leaving) return;
      if (!shown) { if (got.waiting > 0 && !typing()) location.assign("/safety"); return; }
      if (got.version && got.version !== Number(shown.dataset.version)) {
        // What was typed stays, only the record beside it grows; where nothing is typed the whole card is read again.
        const log = shown.querySelector("[data-log]");
        if (log && got.log) { log.innerHTML = got.log; toEnd(); }
        stale = true;
        renew();
      }
    };
  };
  if ("EventSource" in window) open();
  toEnd();

  document.addEventListener("pointerdown", () => { if (ringer.on) ringer.wake(); });
  tick(document);
  setInterval(() => { tick(document); renew(); }, 1000);
}

/** What stands around the case: today's figures, and what is loud. Said again only where it is another. */
function around(page) {
  const tiles = [document, page].map((d) => d.querySelector(".tiles.kpi"));
  if (tiles.every(Boolean)) tiles[0].replaceWith(tiles[1]);
  const [was, is] = [document, page].map((d) => Array.from(d.querySelectorAll("#main > .loud")));
  const words = (all) => all.map((el) => el.textContent).join();
  if (words(was) === words(is)) return;
  for (const el of was) el.remove();
  document.querySelector("#main").prepend(...is);
}

/** A selector that finds the like of a button or link on the card read anew; none for what is not of the card. */
function place(el) {
  if (!el?.closest?.("[data-desk] > :not(.q-col)")) return null;
  if (el.dataset.key) return `[data-key="${CSS.escape(el.dataset.key)}"]`;
  const href = el.getAttribute("href");
  return href ? `a[href="${CSS.escape(href)}"]` : null;
}

/** Somebody is in the middle of something: a field with text, or an open question. */
function typing() {
  const at = document.activeElement;
  if (at && /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) && at.type !== "hidden") return true;
  return Array.from(document.querySelectorAll(".col-case input[type=text], .col-case input:not([type]), .col-case textarea"))
    .some((el) => el.value.trim() !== "");
}

/** Function keys and Alt combinations press what says so. */
function keys() {
  document.addEventListener("keydown", (e) => {
    if (e.isComposing || e.ctrlKey || e.metaKey) return;
    if (e.altKey && (e.key === "ArrowDown" || e.key === "ArrowUp")) {
      const all = Array.from(document.querySelectorAll("[data-queue] a.qa"));
      const at = all.findIndex((a) => a.getAttribute("aria-current") === "true");
      const next = all[at + (e.key === "ArrowDown" ? 1 : -1)];
      if (next) { e.preventDefault(); next.click(); }
      return;
    }
    const name = e.altKey ? `Alt+${e.code.replace(/^(Digit|Key)/, "")}` : e.key;
    if (!e.altKey && !/^F\d+$/.test(name)) return;
    const target = document.querySelector(`[data-key="${CSS.escape(name)}"]`);
    if (!target) return;
    e.preventDefault();
    if (target.matches("input")) target.focus();
    else target.click();
  });
}

/** The receipt follows what happens, and tells the place once the call is out. */
function receipt(box) {
  if (box.dataset.liveUrl && "EventSource" in window) {
    const source = new EventSource(box.dataset.liveUrl);
    source.onmessage = (e) => {
      let got;
      try { got = JSON.parse(e.data); } catch { return; }
      if (got.version === Number(box.dataset.version)) return;
      box.querySelector("[data-heading]").textContent = got.heading;
      box.querySelector("[data-next]").textContent = got.next;
      location.reload();
    };
  }
  const form = box.querySelector("[data-place]");
  if (form && "geolocation" in navigator) {
    navigator.geolocation.getCurrentPosition((at) => {
      form.elements.lat.value = at.coords.latitude.toFixed(6);
      form.elements.lng.value = at.coords.longitude.toFixed(6);
      form.elements.accuracy.value = String(Math.round(at.coords.accuracy));
      fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) }).catch(() => {});
    }, () => {}, { enableHighAccuracy: true, timeout: 20000, maximumAge: 10000 });
  }
}

const box = document.querySelector("[data-desk]");
if (box) { desk(box); keys(); }
const paper = document.querySelector("[data-receipt]");
if (paper) receipt(paper);
