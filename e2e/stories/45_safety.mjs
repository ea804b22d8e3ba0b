// Somebody falls at night: the desk rings, one operator takes it, the neighbour goes; what nobody answers climbs.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { tmpdir } from 'node:os';
import { connect } from 'node:net';
import { readXlsx } from '../xlsx.mjs';
import { Program, axe, check, login, screenshot } from '../lib.mjs';

export const title = 'a call for help from the elder’s phone to a closed case; what nobody answers climbs the ladder';

const main = (page) => page.getByRole('main');
const shows = (page, text) => main(page).getByText(text).first().waitFor();

/** A watch of the demo says one thing to the gateway, as a watch does, and waits for the answer. */
function watchSays(program, identity, content) {
  const port = Number(program.log.match(/设备接入 watch：127\.0\.0\.1:(\d+)/)[1]);
  const frame = `[3G*${identity}*${content.length.toString(16).toUpperCase().padStart(4, '0')}*${content}]`;
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(frame));
    socket.setTimeout(10_000, () => socket.destroy(new Error('the gateway did not answer')));
    socket.once('data', (answer) => { socket.end(); resolve(answer.toString()); });
    socket.once('error', reject);
  });
}

/** The position block of such a watch: UTC of a Chinese local time, satellites, a status word. */
function position(local, lat, lng, status) {
  const utc = new Date(Date.parse(`${local}+08:00`)).toISOString();
  const [, y, m, d, h, i, s] = utc.match(/(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)/);
  return `${d}${m}${y.slice(2)},${h}${i}${s},A,${lat},N,${lng},E,1.2,90,30,9,80,76,1200,0,${status},0,0`;
}

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

  await story.step('at 02:10 a watch says that its wearer fell: answered only when it is stored', async () => {
    await writeFile(clock, '2026-11-21T02:10:00');
    await desk.waitForTimeout(300);
    // Half a day later one signs in anew.
    desk = await story.window(program);
    await login(desk, '12349 坐席');
    second = await story.window(program);
    await login(second, '县民政局');
    await desk.goto('/safety');
    const answer = await watchSays(program, '8800000007', `AL,${position('2026-11-21T02:10:00', '23.301200', '115.651000', '00200000')}`);
    check(/\*AL\]$/.test(answer), `the gateway answered ${answer}`);
  });

  let fall;
  await story.step('the desk rings by itself, with the reason and the map', async () => {
    const ringing = desk.locator('[data-queue] a.qa-solid', { hasText: '跌倒' }).first();
    await ringing.waitFor({ timeout: 8000 });
    fall = await ringing.getAttribute('href');
    await desk.goto(fall);
    await shows(desk, '疑似跌倒 没人接');
    await shows(desk, '检测到跌倒');
    check((await desk.locator('.map svg').count()) === 1, 'no map');
    check((await desk.locator('.loud', { hasText: '没有坐席在线' }).count()) === 0, 'a desk is on line and the page says there is none');
    check((await desk.locator('html[data-ringing="1"]').count()) === 1, 'it does not ring');
    await axe(desk);
    await screenshot(desk, 'safety-fall');
  });

  await story.step('taken after 41 seconds, to the second; the page says so; nobody else can take it', async () => {
    await second.goto(fall);
    const csrf = await second.locator('form[action$="/claim"] input[name=_csrf]').first().inputValue();
    await writeFile(clock, '2026-11-21T02:10:41');
    await desk.waitForTimeout(200);
    await go(desk, desk.getByRole('button', { name: /接手/ }).first());
    await shows(desk, '你接手了，先打给本人');
    await second.reload();
    check((await second.getByRole('button', { name: /^接手/ }).count()) === 0, 'a second operator could take it');
    // A page that was opened before still has the button.
    const twice = await second.request.post(`${program.url}/safety/cases/${fall.split('=')[1]}/claim`, { form: { _csrf: csrf } });
    check(/何晓燕/.test(await twice.text()), 'the second is not told who has it');
    await second.goto(fall);
    await shows(second, '何晓燕接手');
  });

  await story.step('the door is told to open, with a reason; that the lock did not answer stands in the case', async () => {
    const name = (await desk.locator('h3.nm').innerText()).trim();
    await second.goto('/safety/devices/new');
    await second.getByLabel('设备号').fill('lock-45');
    await second.getByLabel('协议').selectOption('mqtt');
    await second.getByLabel('类型').selectOption('lock');
    await go(second, second.getByRole('button', { name: '登记', exact: true }));
    await second.goto('/safety/devices?q=lock-45');
    await go(second, second.getByRole('link', { name: '门锁 lock-45' }));
    await go(second, second.getByRole('link', { name: '绑定老人' }));
    await second.getByLabel('给谁用').fill(name);
    await go(second, second.getByRole('button', { name: '找', exact: true }));
    await second.locator('input[name=elder]').first().check();
    await go(second, second.getByRole('button', { name: '绑定', exact: true }));
    await shows(second, '已绑定');
    await desk.goto(fall);
    await axe(desk);
    await go(desk, desk.getByRole('link', { name: /远程开锁.*门锁 lock-45/ }));
    await go(desk, desk.getByRole('button', { name: '开锁', exact: true }));
    await shows(desk, '为什么开锁没有填');
    await axe(desk);
    await desk.getByLabel('为什么开').fill('邻居在门口，敲门没人应');
    await go(desk, desk.getByRole('button', { name: '开锁', exact: true }));
    await shows(desk, '远程开锁（门锁）：邻居在门口，敲门没人应');
    // Nobody presses anything: the minute is over and the open desk says so.
    await writeFile(clock, '2026-11-21T02:11:45');
    await desk.locator('[data-log]').getByText('1 分钟内门锁没有回话').waitFor({ timeout: 8000 });
  });

  await story.step('called, the neighbour sent, arrived at 02:16:20, closed with a cause', async () => {
    await go(desk, desk.getByRole('button', { name: '接通', exact: true }));
    await shows(desk, '打给本人，接通');
    await desk.getByText('派别的人').click();
    await desk.getByLabel('是谁').selectOption('neighbour');
    await desk.getByLabel('姓名').fill('黄彩云');
    await go(desk, desk.locator('details.other').getByRole('button', { name: '派去' }));
    await shows(desk, '邻居黄彩云');
    await writeFile(clock, '2026-11-21T02:16:20');
    await desk.waitForTimeout(200);
    await go(desk, desk.getByRole('button', { name: /人到了/ }));
    await shows(desk, '到场');
    await go(desk, desk.getByRole('link', { name: /写结果，关闭/ }));
    await desk.getByLabel('跌倒，没受伤').check();
    await desk.getByLabel('结果').fill('扶起来了，没有外伤');
    await go(desk, desk.getByRole('button', { name: '关闭', exact: true }));
    await shows(desk, '已关闭');
  });

  await story.step('somebody is looked for: the link shows where, and is dead when the case is closed', async () => {
    const answer = await watchSays(program, '8800000011', `AL,${position('2026-11-21T02:16:20', '23.302200', '115.652000', '00010000')}`);
    check(/\*AL\]$/.test(answer), answer);
    const ringing = desk.locator('[data-queue] a.qa-solid', { hasText: '一键呼叫' }).first();
    await desk.goto('/safety');
    await ringing.waitFor({ timeout: 8000 });
    const href = await ringing.getAttribute('href');
    await desk.goto(href);
    await go(desk, desk.getByRole('button', { name: /接手/ }).first());
    await go(desk, desk.getByRole('link', { name: '寻人' }));
    await desk.getByLabel('长相和穿着').fill('灰外套，黑布鞋');
    await axe(desk);
    await go(desk, desk.getByRole('button', { name: '发链接' }));
    const link = await desk.locator('[data-full-link]').getAttribute('href');
    const helper = await story.window(program, { phone: true, javaScriptEnabled: false });
    await helper.goto(link);
    await shows(helper, '灰外套');
    await shows(helper, '最后的位置');
    const seen = await helper.request.get(`${program.url}${link}`);
    check(/noindex/.test(seen.headers()['x-robots-tag'] ?? ''), 'it may be indexed');
    await screenshot(helper, 'safety-sought');
    const axed = await story.window(program, { phone: true });
    await axed.goto(link);
    await axe(axed);
    await desk.goto(href);
    await go(desk, desk.getByRole('link', { name: /写结果，关闭/ }));
    await desk.getByLabel('走失，已找到').check();
    await desk.getByLabel('结果').fill('邻居领回家');
    await go(desk, desk.getByRole('button', { name: '关闭', exact: true }));
    check((await helper.request.get(`${program.url}${link}`)).status() === 404, 'the link outlives its emergency');
  });

  await story.step('what the watch measured and where it was, by day, week and month, and its limits', async () => {
    await desk.goto('/safety/cases?q=JJ20261121');
    await go(desk, desk.locator('tbody a').first());
    await go(desk, main(desk).getByRole('link', { name: '轨迹', exact: true }));
    await shows(desk, '个位置');
    await axe(desk);
    await screenshot(desk, 'safety-track');
    await go(desk, main(desk).getByRole('link', { name: '体征', exact: true }));
    for (const word of ['周', '月', '日']) {
      await go(desk, desk.getByRole('navigation', { name: '看多久' }).getByRole('link', { name: word, exact: true }));
      await axe(desk);
    }
    await go(desk, main(desk).getByRole('link', { name: '个人界限' }));
    await desk.getByLabel('心率大于等于多少提醒').fill('110');
    await axe(desk);
    await go(desk, desk.getByRole('button', { name: '存界限' }));
    await shows(desk, '≥110 提醒');
    await go(desk, main(desk).getByRole('link', { name: '围栏', exact: true }));
    await desk.getByLabel('名字').fill('家附近');
    await desk.getByLabel('从', { exact: true }).fill('22:00');
    await desk.getByLabel('到', { exact: true }).fill('06:00');
    await axe(desk);
    await go(desk, desk.getByRole('button', { name: '加围栏' }));
    await shows(desk, '每天 22:00–次日 06:00');
    await screenshot(desk, 'safety-fences');
  });

  await story.step('the figures of the night, to the second', async () => {
    const sheet = await second.request.get(`${program.url}/safety/figures?month=2026-11&export=xlsx`);
    const rows = readXlsx(await sheet.body());
    const night = rows.find((r) => r.some((c) => /2026-11-21 02:10:00/.test(`${c}`)));
    check(night, 'the fall is not in the sheet');
    check(night.map(Number).includes(41) && night.map(Number).includes(380), `answered and there to the second: ${night.join(' | ')}`);
  });

  await story.step('the figures count the month', async () => {
    await second.goto('/safety/figures?month=2026-10');
    await shows(second, '60 秒内接听');
    await axe(second);
    await screenshot(second, 'safety-figures');
    check(number.startsWith('JJ20261120'), number);
  });
}
