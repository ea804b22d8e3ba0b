// Before any role: the program starts on an empty folder, says how it is, and its public pages are sound.
import { Program, axe, check, equal } from '../lib.mjs';

export const title = 'the program starts on an empty folder and its public pages are sound';

export default async function (story) {
  let program;
  await story.step('it starts and is ready', async () => {
    program = await story.own(Program.serve());
  });

  await story.step('it says that it is alive and counts what it does', async () => {
    const health = await fetch(`${program.url}/healthz`);
    equal(health.status, 200, '/healthz');
    const metrics = await (await fetch(`${program.url}/metrics`)).text();
    check(/^# TYPE \w+ (counter|gauge|histogram)$/m.test(metrics), '/metrics is not in the Prometheus format');
  });

  await story.step('every answer carries the security headers', async () => {
    const { headers } = await fetch(`${program.url}/login`);
    const policy = headers.get('content-security-policy') ?? '';
    check(policy.includes("default-src 'self'"), `no content policy: ${policy}`);
    check(!policy.includes('unsafe-inline') && !policy.includes('unsafe-eval'), `a weak content policy: ${policy}`);
    equal(headers.get('x-content-type-options'), 'nosniff', 'x-content-type-options');
    check(headers.get('referrer-policy'), 'no referrer policy');
  });

  await story.step('whoever is not signed in is led to the sign-in page', async () => {
    const page = await story.window(program);
    await page.goto('/');
    check(new URL(page.url()).pathname.startsWith('/login'), `led to ${page.url()}`);
    check((await page.title()).includes('颐年'), `the title is ${await page.title()}`);
    await axe(page);
  });

  await story.step('the sign-in page works without JavaScript', async () => {
    const page = await story.window(program, { javaScriptEnabled: false });
    await page.goto('/login');
    await page.getByRole('button', { name: '登录', exact: true }).waitFor();
  });

  await story.step('an address that does not exist is answered in Chinese', async () => {
    const page = await story.window(program);
    const answer = await page.goto('/no-such-page');
    equal(answer.status(), 404, 'status');
    check(/没有/.test(await page.locator('main').innerText()), 'the page does not say what happened');
    await axe(page);
  });

  await story.step('after a power cut it is ready again on the same folder', async () => {
    await program.restart();
    equal((await fetch(`${program.url}/readyz`)).status, 200, '/readyz');
  });
}
