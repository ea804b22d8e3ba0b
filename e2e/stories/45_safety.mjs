// Somebody falls at night: the desk rings, one operator takes it, the neighbour goes; what nobody answers climbs.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { tmpdir } from 'node:os';
import { Program, axe, check, login, screenshot } from '../lib.mjs';

export const title = 'a call for help from the elder’s phone to a closed case; what nobody answers climbs the ladder';

const main = (page) => page.getByRole('main');
const shows = (page, text) => main(page).getByText(text).first().waitFor();

async function go(page, target) {
  await Promise.all([page.waitForEvent('domcontentloaded'), target.click()]);
}

export default async function (story) {
  const clock = path.join(tmpdir(), `yinian-clock-${process.pid}`);
  let program, desk, elder, second;

  await story.step('the demo town stands still at 14:32; an operator sits at the desk', async () => {
    await writeFile(clock, '2026-11-20T14:32');
    program = await story.own(Program.demo({ at: '2026-11-20T14:32', clock }));
    desk = await story.window(program);
    await login(desk, '12349 坐席');
    await desk.goto('/safety');
    await shows(desk, '没人接');
    await axe(desk);
    await screenshot(desk, 'safety-desk');
  });

  let number;
  await story.step('the elder presses once, without scripts, and gets a receipt with a number', async () => {
    elder = await story.window(program, { phone: true, javaScriptEnabled: false });
    await elder.goto('/login');
    await go(elder, elder.getByRole('button', { name: /老人/ }).last());
    await go(elder, elder.getByRole('button', { name: /呼叫帮助/ }));
    await shows(elder, '单号');
    number = (await main(elder).innerText()).match(/JJ\d{8}-\d{6}/)[0];
    await shows(elder, '收到');
  });

  await story.step('the open desk shows it without reloading', async () => {
    await desk.locator('[data-queue]').getByText('一键呼叫').first().waitFor({ timeout: 5000 });
  });

  await story.step('one operator takes it; for another it is taken', async () => {
    const href = await desk.locator('[data-queue] a.qa', { hasText: '一键呼叫' }).first().getAttribute('href');
    await desk.goto(href);
    second = await story.window(program);
    await login(second, '县民政局');
    await second.goto(href);
    await go(desk, desk.getByRole('button', { name: /接手/ }).first());
    await shows(desk, '已接手');
    // His page follows by itself: what another has taken offers nothing to take.
    await shows(second, '已接手');
    check((await second.getByRole('button', { name: /^接手/ }).count()) === 0, 'a second operator could take it');
    await desk.goto(href);
  });

  await story.step('he calls, sends the nearest, who arrives', async () => {
    await go(desk, desk.getByRole('button', { name: '没人接', exact: true }));
    await shows(desk, '打给本人，没人接');
    await go(desk, desk.getByRole('button', { name: /^派去/ }).first());
    await shows(desk, '已派人');
    await go(desk, desk.getByRole('button', { name: /人到了/ }));
    await shows(desk, '到场');
  });

  await story.step('it closes with a cause, and not without', async () => {
    await go(desk, desk.getByRole('link', { name: /写结果，关闭/ }));
    await go(desk, desk.getByRole('button', { name: '关闭', exact: true }));
    await shows(desk, '没有选');
    await desk.getByLabel('身体不适').check();
    await desk.getByLabel('结果').fill('头晕，邻居陪着，家人在路上');
    await axe(desk);
    await go(desk, desk.getByRole('button', { name: '关闭', exact: true }));
    await shows(desk, '已关闭');
    await elder.reload();
    await shows(elder, '处理完');
  });

  await story.step('what nobody answers climbs, by the clock alone', async () => {
    await desk.goto('about:blank');
    await writeFile(clock, '2026-11-20T14:40');
    await second.goto('/safety/cases?view=unanswered');
    await go(second, second.locator('tbody a').first());
    await second.waitForTimeout(2500);
    await second.reload();
    await shows(second, '通知班长彭志坚');
  });

  await story.step('the figures count the month', async () => {
    await second.goto('/safety/figures?month=2026-10');
    await shows(second, '60 秒内接听');
    await axe(second);
    await screenshot(second, 'safety-figures');
    check(number.startsWith('JJ20261120'), number);
  });
}
