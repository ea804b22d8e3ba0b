// Every page of every role: found by following links from the desk, checked at both widths, desks photographed.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { Program, StepFailed, axe, check, login, screenshot } from '../lib.mjs';

export const title = 'every page a role can reach by links is accessible and fits both widths';

const ROLES = [
  ['village_staff', '村社区', 'desk-village'],
  ['town_staff', '镇街', 'desk-town'],
  ['county_staff', '县民政局', 'desk-county'],
  ['city_staff', '市民政局', 'desk-city'],
  ['operator', '12349 坐席', 'desk-operator'],
  ['provider_manager', '服务商', 'desk-provider'],
  ['worker', '护理员', 'desk-worker'],
  ['assessor', '评估员', 'desk-assessor'],
  ['finance', '财政', 'desk-finance'],
  ['administrator', '平台管理员', 'desk-administrator'],
];
// Pages that only follow a submitted form, files, streams and redirects: no link leads to them or they are no pages.
const NO_PAGE = /\.(xlsx|csv)$|\/live$|^\/(api|evidence|healthz|readyz|metrics|logout)|^\/regions\/children|template$|^\/login/;
// At most this many pages of one pattern are opened.
const EACH = 1;

/** /elders/0198…/edit → /elders/{id}/edit */
const pattern = (url) =>
  url.pathname.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '{id}').replace(/\/\d{12}(?=\/|$)/g, '/{code}').replace(/\/\d+(?=\/|$)/g, '/{n}');

async function routes() {
  const here = path.dirname(path.dirname(path.dirname(new URL(import.meta.url).pathname)));
  const binary = process.env.YINIAN_BIN ?? path.join(here, 'target', 'debug', 'yinian');
  const { stdout } = await promisify(execFile)(binary, ['routes', '--json'], { maxBuffer: 1 << 24 });
  return JSON.parse(stdout).filter((r) => r.method === 'GET').map((r) => r.path);
}

async function go(story, sentence, action) {
  await story.step(sentence, action).catch((e) => {
    if (!(e instanceof StepFailed)) throw e;
  });
}

export default async function (story) {
  let program;
  const seen = new Map();
  await story.step('the demo town stands still at a known moment', async () => {
    program = await story.own(Program.demo({ at: '2026-11-20T10:00' }));
  });
  for (const [code, button, name] of ROLES) {
    // One role's faults do not hide the next one's.
    await go(story, `${button}: the desk and all pages behind it`, async () => {
      const page = await story.window(program, { phone: code === 'worker' || code === 'assessor' });
      await login(page, button);
      await screenshot(page, name);
      const queue = [new URL(page.url())];
      const met = new Map();
      const faults = [];
      while (queue.length > 0) {
        const url = queue.shift();
        const key = pattern(url);
        if ((met.get(key) ?? 0) >= EACH || NO_PAGE.test(url.pathname)) continue;
        met.set(key, (met.get(key) ?? 0) + 1);
        const answer = await page.goto(url.href);
        if (!(answer.headers()['content-type'] ?? '').includes('text/html')) continue;
        if (answer.status() !== 200) {
          faults.push(`${url.pathname} is linked and answers ${answer.status()}`);
          continue;
        }
        const links = await page.$$eval('a[href]', (all) => all.map((a) => a.href));
        for (const href of links) {
          const next = new URL(href);
          if (next.origin === program.url && !queue.some((q) => q.href === next.href)) {
            next.hash = '';
            if (!next.searchParams.has('export') && !next.pathname.startsWith('/region/')) queue.push(next);
          }
        }
        // A page shared by roles is checked once; desks for each.
        if (seen.has(key) && key !== '/') continue;
        seen.set(key, code);
        await axe(page).catch((e) => faults.push(e.message));
      }
      check(faults.length === 0, faults.join('\n'));
    });
  }
  await story.step('no page of the router was left out', async () => {
    const all = (await routes()).filter((r) => !NO_PAGE.test(r));
    const shape = (r) => r.replace(/\{[^}]+\}/g, '*');
    const visited = new Set([...seen.keys()].map((k) => k.replace(/\{[^}]+\}/g, '*')));
    const left = all.filter((r) => !visited.has(shape(r)) && ![...visited].some((v) => matches(v, r)));
    console.log(`        ${seen.size} pages checked, not reached by links: ${left.join(' ')}`);
  });
}

/** A visited path against a route with named parts. */
function matches(visited, route) {
  const a = visited.split('/');
  const b = route.split('/');
  return a.length === b.length && b.every((part, i) => part.startsWith('{') || part === a[i]);
}
