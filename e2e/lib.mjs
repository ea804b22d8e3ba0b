// What every story stands on: the program under test, the browser, and the checks each page must pass.
//
// A story is a module of stories/ with `title` and a default function that gets a Story. It tells its steps with
// `story.step(sentence, action)`; each step counts as one passed or failed. A failed step ends its story.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.dirname(HERE);
export const OUT = path.join(HERE, 'out');
/** Where pictures go: a run changes nothing in the tree unless new pictures are asked for (`YINIAN_PICTURES=1`). */
export const SCREENS = process.env.YINIAN_PICTURES ? path.join(ROOT, 'docs', 'screens') : path.join(OUT, 'screens');

/** The two widths every page is looked at. */
export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

// A step may walk all pages of a role, on a machine that does other work.
const STEP_MS = 300_000;
const READY_MS = 180_000;
const AXE_RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export function check(condition, message) {
  if (!condition) throw new Error(message);
}

export function equal(actual, expected, what) {
  check(actual === expected, `${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Programs that run; none outlives this process. */
const alive = new Set();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const program of alive) program.child?.kill('SIGKILL');
    process.exit(1);
  });
}

/** The program under test, with a data folder of its own that goes away with it. */
export class Program {
  /** `serve` on an empty data folder. */
  static serve(options = {}) {
    return Program.start((port) => ['serve', '--listen', `127.0.0.1:${port}`], options);
  }

  /** The demo town, standing still: the same people and orders in every run. */
  static demo({ elders = 300, seed = 1, at = '2026-11-20T10:00', clock, ...options } = {}) {
    const town = ['demo', '--still', '--elders', `${elders}`, '--seed', `${seed}`, '--at', at];
    if (clock) town.push('--clock', clock);
    return Program.start((port) => [...town, '--port', `${port}`], options);
  }

  static async start(command, { env = {}, folder } = {}) {
    const program = new Program();
    program.command = command;
    program.env = env;
    program.ownFolder = !folder;
    program.folder = folder ?? (await mkdtemp(path.join(tmpdir(), 'yinian-e2e-')));
    program.port = await freePort();
    program.url = `http://127.0.0.1:${program.port}`;
    program.log = '';
    alive.add(program);
    try {
      await program.launch();
    } catch (error) {
      await program.stop();
      throw error;
    }
    return program;
  }

  async launch() {
    const binary = process.env.YINIAN_BIN ?? path.join(ROOT, 'target', 'debug', 'yinian');
    const started = Date.now();
    this.child = spawn(binary, this.command(this.port), {
      cwd: this.folder,
      env: { ...process.env, YINIAN_DATA: path.join(this.folder, 'data'), ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (piece) => (this.log = (this.log + piece).slice(-200_000));
    this.child.stdout.on('data', keep);
    this.child.stderr.on('data', keep);
    this.gone = new Promise((resolve) => this.child.once('close', resolve));
    this.child.once('error', (e) => keep(`cannot run ${binary}: ${e.message}\n`));
    let ended = false;
    this.gone.then(() => (ended = true));
    while (Date.now() - started < READY_MS) {
      if (ended) throw new Error(`the program ended before it was ready:\n${this.log.slice(-3000)}`);
      const answer = await fetch(`${this.url}/readyz`).catch(() => null);
      if (answer?.ok) {
        this.startedIn = Date.now() - started;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await this.kill();
    throw new Error(`the program was not ready after ${READY_MS / 1000} s:\n${this.log.slice(-3000)}`);
  }

  /** Pulls the plug, as a power cut does. */
  async kill() {
    this.child.kill('SIGKILL');
    await this.gone;
  }

  /** Starts again on the same data folder and port. */
  async restart() {
    await this.kill();
    await this.launch();
  }

  async stop() {
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), 10_000);
    await this.gone;
    clearTimeout(late);
    alive.delete(this);
    if (this.ownFolder) await rm(this.folder, { recursive: true, force: true });
  }
}

let browser;

export async function openBrowser() {
  browser ??= await chromium.launch({
    executablePath: process.env.YINIAN_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    chromiumSandbox: false,
    // Its own words in date and file fields are in the pictures, too.
    env: { ...process.env, LANGUAGE: 'zh_CN' },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--font-render-hinting=none',
    ],
  });
  return browser;
}

export async function closeBrowser() {
  await browser?.close();
  browser = undefined;
}

/** Programs several stories share, by what they are. */
const shared = new Map();

export async function stopShared() {
  for (const program of shared.values()) await (await program).stop();
  shared.clear();
}

export class Story {
  constructor(name) {
    this.name = name;
    this.results = [];
    this.contexts = [];
    this.programs = [];
    this.complaints = [];
    this.pages = [];
  }

  /** One sentence of the story. What went wrong on any page meanwhile fails it, too. */
  async step(sentence, action) {
    const started = Date.now();
    let timer;
    try {
      const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`took longer than ${STEP_MS / 1000} s`)), STEP_MS);
      });
      await Promise.race([action(), late]);
      if (this.complaints.length > 0) throw new Error(this.complaints.splice(0).join('\n'));
      this.results.push({ sentence, passed: true });
      console.log(`  ok    ${sentence}  (${Date.now() - started} ms)`);
    } catch (error) {
      this.results.push({ sentence, passed: false });
      const also = this.complaints.splice(0).map((c) => `\n${c}`).join('');
      console.log(`  FAIL  ${sentence}\n${indent((error.stack ?? String(error)) + also)}`);
      await this.keepEvidence();
      throw new StepFailed();
    } finally {
      clearTimeout(timer);
    }
  }

  /** The demo town all stories share; a story that must not be disturbed starts its own with `Program.demo()`. */
  demo() {
    if (!shared.has('demo')) shared.set('demo', Program.demo());
    return shared.get('demo');
  }

  /** A program of this story alone, stopped at its end: `await story.own(Program.serve())`. */
  async own(starting) {
    const program = await starting;
    this.programs.push(program);
    return program;
  }

  /**
   * A browser window of its own (cookies, place, permissions) on a program. Options are those of a Playwright context;
   * `phone: true` gives a telephone, `javaScriptEnabled: false` reads without scripts.
   */
  async window(program, { phone = false, ...options } = {}) {
    const context = await (await openBrowser()).newContext({
      baseURL: program.url,
      locale: 'zh-CN',
      timezoneId: 'Asia/Shanghai',
      deviceScaleFactor: 1,
      reducedMotion: 'reduce',
      viewport: phone ? PHONE : DESKTOP,
      hasTouch: phone,
      ...options,
    });
    context.setDefaultTimeout(15_000);
    this.contexts.push(context);
    context.on('page', (page) => this.watch(page, program));
    return context.newPage();
  }

  /** Nothing may come from another host, no script may fail, no answer may be a server error. */
  watch(page, program) {
    this.pages.push(page);
    const complain = (text) => this.complaints.push(`${text} (on ${page.url()})`);
    page.on('pageerror', (error) => complain(`script error: ${error.message}`));
    page.on('console', (message) => {
      const text = message.text();
      // A refused form is answered with 4xx, which the browser reports as an error of its own.
      if (message.type() === 'error' && !/status of 4\d\d/.test(text)) complain(`console: ${text}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 500) complain(`${response.status()} from ${response.url()}`);
    });
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(program.url) && !/^(data|blob|about):/.test(url)) complain(`another host: ${url}`);
    });
  }

  async keepEvidence() {
    await mkdir(OUT, { recursive: true });
    for (const [index, page] of this.pages.entries()) {
      if (page.isClosed()) continue;
      const base = path.join(OUT, `${this.name}-${index + 1}`);
      await page.screenshot({ path: `${base}.png`, fullPage: true }).catch(() => {});
      await page.content().then((html) => writeFile(`${base}.html`, html)).catch(() => {});
      console.log(`        page ${index + 1}: ${page.url()} → ${path.relative(ROOT, base)}.png`);
    }
    const running = [...this.programs, ...(await Promise.allSettled(shared.values())).map((p) => p.value)];
    for (const [index, program] of running.filter(Boolean).entries()) {
      await writeFile(path.join(OUT, `${this.name}-program-${index + 1}.log`), program.log);
    }
  }

  async end() {
    for (const context of this.contexts) await context.close().catch(() => {});
    for (const program of this.programs) await program.stop();
  }
}

/** The step has been reported already; the story ends. */
export class StepFailed extends Error {}

function indent(text) {
  return text.split('\n').map((line) => `        ${line}`).join('\n');
}

/**
 * Signs in to the demo with one click. `role` is what stands on the button, such as `村社区` or `财务`; the first of
 * several people of a role is taken.
 */
export async function login(page, role) {
  await page.goto('/login');
  const button = page.getByRole('button', { name: role }).or(page.getByRole('link', { name: role })).first();
  await Promise.all([page.waitForURL((url) => !url.pathname.startsWith('/login')), button.click()]);
}

/** Signs in with account and password, as outside the demo. */
export async function loginWith(page, account, password) {
  await page.goto('/login');
  await page.getByLabel('账号').fill(account);
  await page.getByLabel('密码', { exact: true }).fill(password);
  const button = page.getByRole('button', { name: '登录', exact: true });
  await Promise.all([page.waitForURL((url) => !url.pathname.startsWith('/login')), button.click()]);
}

/**
 * Fails on any violation, at both widths unless told otherwise. The page keeps its size. A page that goes on by itself
 * while it is looked at (a desk with a new alarm) is looked at again where it has arrived.
 */
export async function axe(page, { widths = [DESKTOP, PHONE] } = {}) {
  for (let left = 2; ; left -= 1) {
    try {
      return await lookAt(page, widths);
    } catch (error) {
      if (left === 0 || !/Execution context was destroyed/.test(error.message)) throw error;
      await page.waitForLoadState();
    }
  }
}

async function lookAt(page, widths) {
  const before = page.viewportSize();
  const found = [];
  for (const size of widths) {
    await page.setViewportSize(size);
    await page.evaluate(axeSource);
    const { violations } = await page.evaluate(
      (rules) => globalThis.axe.run(document, { runOnly: { type: 'tag', values: rules }, resultTypes: ['violations'] }),
      AXE_RULES,
    );
    for (const violation of violations) {
      const places = violation.nodes.slice(0, 5).map((n) => `    ${n.target.join(' ')}\n      ${n.failureSummary}`);
      found.push(`${size.width} px: ${violation.id}: ${violation.help}\n${places.join('\n')}`);
    }
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (overflow > 0) found.push(`${size.width} px: the page is ${overflow} px wider than the window`);
  }
  if (before) await page.setViewportSize(before);
  check(found.length === 0, `${found.length} accessibility violations on ${page.url()}\n${found.join('\n')}`);
}

/** Pictures at both widths: NAME-1440.png and NAME-390.png. */
export async function screenshot(page, name, { widths = [DESKTOP, PHONE], fullPage = false } = {}) {
  await mkdir(SCREENS, { recursive: true });
  const before = page.viewportSize();
  for (const size of widths) {
    await page.setViewportSize(size);
    await page.evaluate(() => document.fonts.ready.then(() => scrollTo(0, 0)));
    await page.screenshot({
      path: path.join(SCREENS, `${name}-${size.width}.png`),
      animations: 'disabled',
      caret: 'hide',
      scale: 'css',
      fullPage,
    });
  }
  if (before) await page.setViewportSize(before);
}

/** A desk is done when it looks right, reads right to a screen reader, and its picture is taken. */
export async function desk(page, name, options = {}) {
  await axe(page, options);
  await screenshot(page, name, options);
}

/** Keyboard only: presses Tab until `target` has the focus, and insists that the focus can be seen. */
export async function tabTo(page, target, { atMost = 80, key = 'Tab' } = {}) {
  await target.waitFor();
  for (let presses = 0; presses <= atMost; presses++) {
    if (await target.evaluate((element) => element === document.activeElement)) {
      await checkFocusSeen(page);
      return;
    }
    await page.keyboard.press(key);
  }
  throw new Error(`${target} was not reached with ${atMost} presses of ${key} on ${page.url()}`);
}

async function checkFocusSeen(page) {
  const seen = await page.evaluate(() => {
    // A hidden native control shows its focus on the label or box around it.
    for (let at = document.activeElement, up = 0; at && up < 3; at = at.parentElement, up++) {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(at);
      if ((outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none') return true;
    }
    return false;
  });
  check(seen, `the focus cannot be seen on ${page.url()}`);
}

/** Keyboard only: goes there and activates it. */
export async function pressOn(page, target, key = 'Enter') {
  await tabTo(page, target);
  await page.keyboard.press(key);
}

/** Keyboard only: goes to a field and types; what stood there is replaced. */
export async function typeInto(page, target, text) {
  await tabTo(page, target);
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type(text);
}
