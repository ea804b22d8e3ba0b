// The main job from end to end: from a list of people in Excel to a paid quarter, by the people who do it.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { Program, axe, check, equal, login, pressOn, screenshot, tabTo, typeInto } from '../lib.mjs';
import { readXlsx, writeXlsx } from '../xlsx.mjs';

export const title = 'from an imported list to a paid quarter and a cleared purse';

const MAN = '吴清和';
// Near the demo's town hall, so that its workers get there in time.
const DOOR = { latitude: 23.3725, longitude: 115.6405, accuracy: 12 };
// 0.027° of latitude are 3.0 km.
const AWAY = { ...DOOR, latitude: DOOR.latitude + 0.027 };
const LIST = { bad: 5, all: 200 };

/** The identity number of a birthday and a sequence of that day (GB 11643). */
function idNumber(birth, sequence) {
  const head = `441523${birth.replaceAll('-', '')}${String(sequence).padStart(3, '0')}`;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  return head + '10X98765432'[[...head].reduce((sum, digit, i) => sum + digit * weights[i], 0) % 11];
}

/** 200 people of a village, five of them with a slip of the kind clerks make. */
function peopleOf(village) {
  const pad = (n) => String(n).padStart(2, '0');
  const header = ['姓名', '身份证号', '户籍性质', '户籍地', '村', '住址', '纬度', '经度', '电话', '出生日期', '居住情况', '经济状况'];
  const people = Array.from({ length: LIST.all }, (_, i) => {
    const birth = `${1944 + (i % 22)}-${pad(1 + (i % 12))}-${pad(1 + (i % 28))}`;
    const name = '叶彭罗黄陈刘张李林朱'[i % 10] + '佑启承允恒'[Math.floor(i / 10) % 5] + '安和宁康泰祥瑞平'[i % 8];
    const place = [23.37 + (i % 20) / 10_000, 115.64 + Math.floor(i / 20) / 10_000].map((n) => n.toFixed(4));
    const [hukou, living] = [i % 3 ? '农村' : '城镇', i % 4 ? '与子女同住' : '独居'];
    return [name, idNumber(birth, 700 + i), hukou, village, village, `${i + 1} 号`, ...place, '', birth, living, '一般'];
  });
  // 75 years old since yesterday.
  const born = '1951-11-19';
  const door = [DOOR.latitude, DOOR.longitude].map(String);
  people[99] = [MAN, idNumber(born, 901), '农村', village, village, '100 号', ...door, '13800000099', born, '独居', '一般'];
  people[9][1] = `${people[9][1].slice(0, 6)}${people[9][1].slice(6).replace('0', 'O')}`;
  people[39][9] = '1950-02-02';
  people[79][2] = '';
  people[119][8] = '1380000001';
  people[159][1] = people[159][1].slice(0, 17) + (people[159][1].endsWith('1') ? '2' : '1');
  const right = { hukou: '农村', phone: '13800000119', number: idNumber(people[159][9], 859) };
  return { bytes: writeXlsx([header, ...people]), right };
}

/** A small picture of one colour, another file for every `seed`. */
function png(seed) {
  const [width, height] = [48, 36];
  const table = Array.from({ length: 256 }, (_, n) => {
    for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
    return n >>> 0;
  });
  const chunk = (kind, data) => {
    const body = Buffer.concat([Buffer.from(kind), data]);
    const crc = [...body].reduce((c, b) => table[(c ^ b) & 255] ^ (c >>> 8), 0xffffffff) ^ 0xffffffff;
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc >>> 0, body.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const line = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, 40 + ((seed * 37) % 200))]);
  const pixels = deflateSync(Buffer.concat(Array.from({ length: height }, () => line)));
  const sign = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([sign, chunk('IHDR', head), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

const shows = (page, text) => page.getByRole('main').getByText(text).first().waitFor();
const path_ = (page) => new URL(page.url()).pathname;

/** Presses what leads to another page and waits for it. */
async function go(page, target) {
  await Promise.all([page.waitForEvent('domcontentloaded'), target.click()]);
}

/** Opens a page; whose session has run out signs in again on the way. */
async function open(page, role, address) {
  await page.goto(address);
  if (!path_(page).startsWith('/login')) return;
  await login(page, role);
  await page.goto(address);
}

/** Looks again until the page says it: events and jobs take a moment. */
async function until(page, test, what) {
  for (const end = Date.now() + 40_000; Date.now() < end; await page.waitForTimeout(400)) {
    if (await test()) return;
    await page.reload();
  }
  throw new Error(`${what} did not come about on ${page.url()}`);
}

const amount = (text) => {
  const found = text.replaceAll(',', '').match(/(-|−)?¥(\d+)\.(\d\d)/);
  check(found, `no amount in ${JSON.stringify(text)}`);
  return (found[1] ? -1 : 1) * (Number(found[2]) * 100 + Number(found[3]));
};

export default async function (story) {
  let program, clock, clerk, manager, worker, county;
  let village, workerName, firm, elder, order, second, purse;
  const at = async (moment) => {
    await writeFile(clock, moment);
    await new Promise((resolve) => setTimeout(resolve, 120));
  };

  await story.step('the demo town stands at 2026-11-20 10:00', async () => {
    clock = path.join((await import('node:os')).tmpdir(), `yinian-clock-${process.pid}`);
    await writeFile(clock, '2026-11-20T10:00');
    program = await story.own(Program.demo({ elders: 300, clock }));
    clerk = await story.window(program);
    manager = await story.window(program);
    worker = await story.window(program, { phone: true, permissions: ['geolocation'], geolocation: DOOR });
    await worker.goto('/login');
    workerName = (await worker.getByRole('button', { name: '护理员' }).locator('.who').innerText()).trim();
    await login(worker, '护理员');
    await login(manager, '服务商');
    firm = (await manager.locator('.me-words .mut').innerText()).trim().split(/\s/)[0];
    await login(clerk, '村社区');
    village = (await clerk.locator('nav.region [aria-current="true"]').innerText()).trim();
  });

  await story.step('the clerk uploads a list of 200 people and sees 5 wrong rows, each with its cure', async () => {
    await clerk.goto('/imports/new');
    const { bytes, right } = peopleOf(village);
    const type = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
    await clerk.getByLabel('表格文件').setInputFiles({ name: '老人名单.xlsx', mimeType: type, buffer: bytes });
    await go(clerk, clerk.getByRole('button', { name: '试读' }));
    await shows(clerk, '没有写入任何数据');
    const rows = clerk.locator('#fixes tbody tr');
    equal(await rows.count(), LIST.bad, 'wrong rows');
    for (const row of await rows.all()) {
      const [why, cure] = [row.locator('td').nth(4), row.locator('td').nth(5)];
      check((await why.innerText()).trim() !== '', 'a wrong row without a reason');
      equal(await cure.locator('button, select, input').count(), 1, 'ways to cure a row');
    }
    equal(await rows.locator('button').count(), 2, 'rows with a value to take over');
    await axe(clerk);
    await screenshot(clerk, 'import-errors');
    await rows.filter({ hasText: '户籍' }).getByRole('combobox').selectOption(right.hukou);
    await rows.filter({ hasText: '电话' }).getByRole('textbox').fill(right.phone);
    await rows.filter({ has: clerk.getByRole('textbox') }).filter({ hasText: '证件' }).getByRole('textbox').fill(right.number);
    await go(clerk, clerk.getByRole('button', { name: '核对改好的' }));
    equal(await rows.count(), 2, 'wrong rows after three were corrected');
    for (let left = 2; left > 0; left--) await go(clerk, rows.first().getByRole('button', { name: '改成' }));
    await shows(clerk, '没有错行');
    await go(clerk, clerk.getByRole('button', { name: `确认写入 ${LIST.all} 行` }));
    await shows(clerk, '写完了');
  });

  await story.step('who turned 75 yesterday is entitled, and the page names the article', async () => {
    await clerk.goto('/elders');
    await clerk.locator('main input[name=q]').fill(MAN);
    await clerk.keyboard.press('Enter');
    await go(clerk, clerk.getByRole('link', { name: MAN, exact: true }));
    elder = path_(clerk);
    const panel = clerk.locator('section', { has: clerk.getByRole('heading', { name: '正在享受的待遇' }) });
    await until(clerk, () => panel.getByText('享受中').first().isVisible(), 'the entitlement');
    await panel.getByText('农村 75–79 周岁', { exact: false }).first().waitFor();
    const reasons = panel.locator('details.why').first();
    if (!(await reasons.evaluate((d) => d.open))) await reasons.locator('summary').click();
    await reasons.getByText('服务对象').first().waitFor();
    await reasons.getByText('服务标准').or(reasons.getByText('户籍为农村')).first().waitFor();
    purse = await panel.getByRole('link', { name: '看流水' }).getAttribute('href');
    equal(amount(await panel.locator('.big').first().innerText()), 200_00, 'November and December');
    await clerk.goto(`${elder}/entitlement`);
    await shows(clerk, '2026-11-19');
    await screenshot(clerk, 'entitlement');
  });

  await story.step('the clerk orders a haircut for tomorrow and sees who pays before sending it', async () => {
    await clerk.goto(elder);
    await go(clerk, clerk.getByRole('link', { name: '下工单' }).first());
    await haircut(clerk);
    await clerk.locator('#cost').getByText('政府付').waitFor();
    equal(amount(await clerk.locator('#cost .tot b').innerText()), 0, 'own part');
    // Before the hours at which the demo's people order: its worker is free.
    await clerk.getByLabel('别的钟点').fill('07:15');
    await clerk.getByLabel('别的钟点').blur();
    await clerk.getByRole('button', { name: /^下单.*07:15/ }).waitFor();
    const provider = clerk.getByLabel('哪家服务商');
    // Filled as soon as the service was chosen, without a new page.
    await provider.locator('option', { hasText: firm }).waitFor({ state: 'attached' });
    const option = await provider.locator('option', { hasText: firm }).getAttribute('value');
    await provider.selectOption(option);
    await clerk.locator('#cost').getByText('服务标准').first().waitFor();
    await axe(clerk);
    await screenshot(clerk, 'order-new');
    await go(clerk, clerk.getByRole('button', { name: /^下单/ }));
    order = path_(clerk);
    check(/^\/orders\/[0-9a-f-]{36}$/.test(order), `no order: ${clerk.url()}`);
    await shows(clerk, firm);
    await shows(clerk, /WO20261120-\d{6}|WO20261121-\d{6}/);
  });

  await story.step('the provider accepts and assigns a worker by name', async () => {
    await manager.goto('/orders/board?day=2026-11-21');
    await screenshot(manager, 'orders-board');
    await go(manager, manager.getByRole('button', { name: new RegExp(`接单\\s*${MAN}`) }));
    await manager.goto(`${order}/assign`);
    await manager.getByRole('radio', { name: new RegExp(workerName) }).check();
    await go(manager, manager.getByRole('button', { name: '指派' }));
    await manager.goto(order);
    await shows(manager, workerName);
    await manager.goto('/orders/board?day=2026-11-21');
    await manager.locator('.board2').getByText(MAN).first().waitFor();
    await screenshot(manager, 'orders-board');
  });

  const visit = () => `/m/visits/${order.split('/').at(-1)}`;
  const refused = async (sentence) => {
    const box = worker.locator('.errsum');
    await box.waitFor();
    const said = await box.innerText();
    check(sentence.test(said), `said: ${said}`);
  };

  await story.step('the worker is refused before the time and 3 km away, with the figures', async () => {
    await at('2026-11-21T06:30');
    await open(worker, '护理员', '/m');
    await go(worker, worker.getByRole('link', { name: new RegExp(`出发去${MAN}家`) }));
    await go(worker, worker.getByRole('button', { name: '出发' }));
    await go(worker, worker.getByRole('button', { name: '到了，签到' }));
    await refused(/还早，.*06:45 起才能签到/);
    await at('2026-11-21T07:10');
    await worker.context().setGeolocation(AWAY);
    await worker.goto(visit());
    await go(worker, worker.getByRole('button', { name: '到了，签到' }));
    await refused(/离门口 3(\.0)? 公里，\d+ 米内才能签到/);
  });

  await story.step('at the door the worker checks in, ticks, photographs and checks out', async () => {
    await worker.context().setGeolocation(DOOR);
    await worker.goto(visit());
    await go(worker, worker.getByRole('button', { name: '到了，签到' }));
    await shows(worker, '已签到，开始服务');
    await at('2026-11-21T07:25');
    await worker.goto(visit());
    for (const line of await worker.getByRole('checkbox').all()) await line.check();
    await go(worker, worker.getByRole('button', { name: '存下打勾' }));
    await worker.getByLabel(/^照片/).setInputFiles({ name: '理发后.png', mimeType: 'image/png', buffer: png(1) });
    await go(worker, worker.getByRole('button', { name: '存照片' }));
    await shows(worker, '照片 1 / 1');
    const picture = worker.getByRole('img', { name: '第 1 张照片' });
    check(await picture.evaluate(async (img) => (await img.decode(), img.naturalWidth > 0)), 'the photo is not shown');
    await axe(worker, { widths: [{ width: 390, height: 844 }] });
    await screenshot(worker, 'worker-visit', { widths: [{ width: 390, height: 844 }] });
    await at('2026-11-21T07:45');
    await worker.goto(visit());
    await go(worker, worker.getByRole('button', { name: '做完了，签退' }));
    await shows(worker, '已签退');
  });

  await story.step('the clerk telephones, confirms and rates', async () => {
    await open(clerk, '村社区', order);
    await go(clerk, clerk.getByRole('link', { name: '电话确认' }));
    await clerk.getByRole('radio', { name: /5 很满意/ }).check();
    await clerk.getByLabel(/老人说了什么/).fill('剪得好，人也和气');
    await go(clerk, clerk.getByRole('button', { name: '确认完成并记评价' }));
    equal(path_(clerk), order, 'back at the order');
    await shows(clerk, '5 分，剪得好，人也和气');
    await screenshot(clerk, 'order');
    await clerk.goto(elder);
    await shows(clerk, '理发');
    await screenshot(clerk, 'elder360');
  });

  await story.step('keyboard only: sign in, open the elder, order up to the cost card', async () => {
    const page = await story.window(program);
    await page.goto('/login');
    await pressOn(page, page.getByRole('button', { name: '村社区' }));
    await page.waitForURL((url) => url.pathname === '/');
    await page.keyboard.press('/');
    await page.keyboard.type(MAN);
    await page.keyboard.press('Enter');
    // The only hit is opened at once.
    await page.waitForURL((url) => url.pathname === elder);
    await pressOn(page, page.getByRole('link', { name: '下工单' }).first());
    await page.waitForURL(/\/orders\/new/);
    await haircutByKeys(page);
    await page.locator('#cost').getByText('政府付').waitFor();
    await typeInto(page, page.getByLabel('别的钟点'), '1500');
    await pressOn(page, page.getByRole('button', { name: '重算' }));
    await page.waitForURL((url) => url.pathname === '/orders');
    const provider = page.getByLabel('哪家服务商');
    const options = await provider.locator('option').allInnerTexts();
    await tabTo(page, provider);
    for (let down = options.findIndex((option) => option.includes(firm)); down > 0; down--) {
      await page.keyboard.press('ArrowDown');
    }
    check((await provider.locator('option:checked').innerText()).includes(firm), 'the provider cannot be chosen by keys');
    await page.getByRole('button', { name: /^下单.*15:00/ }).waitFor();
    const told = page.locator('#f-told');
    if (await told.count()) await pressOn(page, told, 'Space');
    await pressOn(page, page.getByRole('button', { name: /^下单/ }));
    await page.waitForURL(/\/orders\/[0-9a-f-]{36}/);
    await shows(page, '15:00');
    second = path_(page);
  });

  await story.step('keyboard only: the provider takes an order', async () => {
    const page = await story.window(program);
    await page.goto('/login');
    await pressOn(page, page.getByRole('button', { name: '服务商' }));
    await page.waitForURL((url) => url.pathname === '/');
    await pressOn(page, page.getByRole('link', { name: '工单', exact: true }).first());
    await page.waitForURL(/\/orders/);
    await pressOn(page, page.getByRole('link', { name: /待接单/ }).first());
    await page.waitForURL(/to_accept/);
    await pressOn(page, page.locator(`main a[href^="${second}"]`).first());
    await page.waitForURL((url) => url.pathname === second);
    await pressOn(page, page.getByRole('button', { name: '接单' }));
    await page.getByRole('link', { name: '指派护理员' }).waitFor();
  });

  await story.step('without JavaScript the archive, its list and the orders are readable', async () => {
    const page = await story.window(program, { javaScriptEnabled: false });
    await login(page, '村社区');
    await page.goto('/elders');
    check((await page.locator('main tbody tr').count()) > 5, 'the list of archives is empty');
    await page.locator('main input[name=q]').fill(MAN);
    await page.locator('main input[name=q]').press('Enter');
    await page.getByRole('link', { name: MAN, exact: true }).click();
    for (const text of [/农村 75–79 周岁/, '服务对象', '服务地址', '家人与联系人', '最近的事']) await shows(page, text);
    await page.goto('/orders');
    check((await page.locator('main tbody tr').filter({ hasText: MAN }).count()) >= 2, 'the orders are not listed');
    // The second visit is not wanted after all: its hold on the purse goes, or the purse could not be cleared.
    await page.goto(second);
    await page.getByRole('main').getByRole('link', { name: '取消' }).click();
    const why = page.locator('[name=reason]');
    if (await why.count()) await why.fill('老人改天再约');
    await page.getByRole('main').getByRole('button', { name: /取消/ }).click();
    equal(path_(page), second, 'back at the order');
    await shows(page, '已取消');
    await clerk.goto('/elders');
    await screenshot(clerk, 'elders-list');
    await clerk.goto('/policies');
    await go(clerk, clerk.getByRole('main').getByRole('link', { name: /农村 75–79 周岁/ }).first());
    await screenshot(clerk, 'policy');
  });

  await story.step('the quarter ends and its lists are made', async () => {
    await at('2027-01-06T09:00');
    county = await story.window(program);
    await login(county, '县民政局');
    await county.goto('/settlements?quarter=2026Q4');
    const make = county.getByRole('link', { name: '生成清单' });
    if (await make.count()) {
      await go(county, make);
      // The schedule may have been faster: then late orders are added, of which there are none.
      await go(county, county.getByRole('button', { name: /^确认，(生成|补)清单$/ }));
    }
    await county.goto('/settlements?quarter=2026Q4');
    await until(county, () => county.getByRole('link', { name: firm }).first().isVisible(), 'the list of the quarter');
    await until(county, async () => (await county.getByText('清单正在生成').count()) === 0, 'the end of making lists');
  });

  await story.step('towns, county and finance approve on pages that say what happens', async () => {
    const admin = await story.window(program);
    await login(admin, '平台管理员');
    await admin.goto('/accounts?role=town_staff');
    const links = await admin.locator('main tbody a[href^="/accounts/"]').evaluateAll((all) => all.map((a) => a.pathname));
    const town = await story.window(program);
    for (const account of new Set(links)) {
      await town.context().clearCookies();
      await town.goto('/login');
      const card = town.locator('form', { has: town.getByRole('button', { name: '镇街' }) });
      await card.locator('input[name=user]').evaluate((field, id) => (field.value = id), account.split('/').at(-1));
      await go(town, card.getByRole('button'));
      await town.goto('/settlements?quarter=2026Q4');
      await approve(town, /^同意本镇的单/, '确认，同意');
    }
    await county.goto('/settlements?quarter=2026Q4');
    await screenshot(county, 'settlement');
    await approve(county, /^同意支付/, '确认，同意支付');
    const finance = await story.window(program);
    await login(finance, '财政');
    await finance.goto('/settlements?quarter=2026Q4');
    await approve(finance, /^拨付/, '确认，拨付', 'confirm-pay');
    await shows(finance, '已拨付');
  });

  await story.step('the Excel list adds up to the fen', async () => {
    await county.goto('/settlements?quarter=2026Q4');
    await go(county, county.getByRole('main').getByRole('link', { name: firm }).first());
    await shows(county, '拨付');
    await screenshot(county, 'settlement-list');
    const coming = county.waitForEvent('download');
    await county.getByRole('link', { name: 'Excel' }).click();
    const rows = readXlsx(await readFile(await (await coming).path()));
    const head = rows.findIndex((row) => row.includes('工单号') && row.includes('这次付'));
    check(head >= 0, `no head row: ${JSON.stringify(rows.slice(0, 6))}`);
    const columns = rows[head];
    const body = rows.slice(head + 1).filter((row) => row.some((cell) => cell !== ''));
    const total = body.pop();
    check(total.includes('合计'), `the last row is no totals row: ${JSON.stringify(total)}`);
    const fen = (value) => Math.round(value * 100);
    for (const name of ['服务费', '政府付', '自己付', '核减', '暂不付', '这次付']) {
      const column = columns.indexOf(name);
      equal(fen(total[column]), body.reduce((sum, row) => sum + fen(row[column]), 0), `the total of ${name}`);
    }
    const tile = county.locator('.tiles').getByText('这次付').first().locator('xpath=..');
    equal(fen(total[columns.indexOf('这次付')]), amount(await tile.innerText()), 'the amount on the page');
    const mine = body.filter((row) => row[columns.indexOf('老人')] === MAN && row[columns.indexOf('护理员')] === workerName);
    equal(mine.length, 1, 'lines of the haircut');
    equal(fen(mine[0][columns.indexOf('政府付')]), 26_00, 'the public part of the haircut');
    check(mine[0][columns.indexOf('政策条款')].includes('服务标准'), 'the line names no article');
  });

  await story.step("the household's purse is cleared to nothing", async () => {
    await county.goto(purse);
    const first = county.locator('main tbody tr').first();
    check(/清零/.test(await first.innerText()), `the last posting is ${await first.innerText()}`);
    equal(amount(await first.locator('td').last().innerText()), 0, 'the balance after clearing');
    await shows(county, '余额 ¥0.00');
    await screenshot(county, 'purse');
  });
}

/** Chooses the haircut; the form proposes tomorrow. */
async function haircut(page) {
  const group = page.locator('#f-item details', { hasText: '理发' });
  if (!(await group.evaluate((d) => d.open))) await group.locator('summary').click();
  await group.locator('label', { has: page.getByText('理发', { exact: true }) }).click();
}

async function haircutByKeys(page) {
  const group = page.locator('#f-item details', { hasText: '理发' });
  const item = group.locator('label', { has: page.getByText('理发', { exact: true }) }).locator('input');
  if (!(await group.evaluate((d) => d.open))) await pressOn(page, group.locator('summary'));
  // One stop of the Tab key for all items; arrows choose among them.
  for (let presses = 0; presses < 60 && !(await page.evaluate(() => document.activeElement?.name === 'item')); presses++) {
    await page.keyboard.press('Tab');
  }
  for (let presses = 0; presses < 60 && !(await item.isChecked()); presses++) await page.keyboard.press('ArrowDown');
  check(await item.isChecked(), 'the haircut cannot be chosen by keys');
}

/** From the desk's button over the confirm page. */
async function approve(page, action, button, picture) {
  const link = page.getByRole('main').getByRole('link', { name: action });
  if ((await link.count()) === 0) return;
  await go(page, link.first());
  await page.getByText('接下来会怎样').waitFor();
  if (picture) {
    await axe(page);
    await screenshot(page, picture);
  }
  const looked = page.locator('input[name=looked]');
  if (await looked.count()) await looked.check();
  await go(page, page.getByRole('button', { name: button, exact: true }));
  check(!page.url().includes('approval?') && !page.url().endsWith('/payment'), `not approved: ${page.url()}`);
}
