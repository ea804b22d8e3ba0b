// A batch of devices comes in a table with one bad row; one goes to an elder, is told something, and says so.
import { Program, axe, check, equal, login, screenshot } from '../lib.mjs';
import { writeXlsx } from '../xlsx.mjs';

export const title = 'devices from a table, one bound to an elder and told to report, one lent and returned';

const main = (page) => page.getByRole('main');
const shows = (page, text) => main(page).getByText(text).first().waitFor();
const SHEET = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

async function go(page, target) {
  await Promise.all([page.waitForEvent('domcontentloaded'), target.click()]);
}

export default async function (story) {
  let program, clerk, who;

  await story.step('the list of the estate, empty of what is searched for', async () => {
    program = await story.own(Program.demo({ at: '2026-11-20T10:00' }));
    clerk = await story.window(program);
    await login(clerk, '镇街');
    await clerk.goto('/elders');
    who = (await clerk.locator('tbody a.name').first().innerText()).trim();
    await clerk.goto('/safety/devices');
    await clerk.getByRole('heading', { name: '设备', exact: true }).waitFor();
    await axe(clerk);
    await screenshot(clerk, 'devices');
  });

  await story.step('a table with one bad row is read; nothing is registered yet', async () => {
    await go(clerk, clerk.getByRole('link', { name: '导入' }));
    await shows(clerk, '还没有导入过设备');
    await go(clerk, clerk.getByRole('link', { name: '导入文件' }).first());
    const rows = [
      ['设备号', '协议', '类型', '谁出的钱', '来源说明', '金额', '型号'],
      ['8699000001', 'watch', '手表', '项目配发', '福彩金', '398', 'A9'],
      ['8699000002', 'watch', '智能手环', '项目配发', '福彩金', '398', 'A9'],
      ['8699000003', 'MQTT', '门锁', '自费', '', '', ''],
    ];
    await clerk.getByLabel('表格文件').setInputFiles({ name: '设备.xlsx', mimeType: SHEET, buffer: writeXlsx(rows) });
    await go(clerk, clerk.getByRole('button', { name: '试读' }));
    await shows(clerk, '没有登记任何设备');
    equal(await clerk.locator('#fixes tbody tr').count(), 1, 'wrong rows');
    await axe(clerk);
    await screenshot(clerk, 'device-import');
  });

  await story.step('the bad row is mended by its cure, and all are registered in the background', async () => {
    await go(clerk, clerk.getByRole('button', { name: '改成 手表' }));
    await shows(clerk, '没有错行');
    await go(clerk, clerk.getByRole('button', { name: '确认登记 3 台' }));
    await shows(clerk, '写完了');
    await go(clerk, clerk.getByRole('link', { name: '看在库' }));
    await shows(clerk, '手表 8699000001');
  });

  await story.step('one goes to an elder', async () => {
    await go(clerk, clerk.getByRole('link', { name: '手表 8699000001' }));
    await shows(clerk, '没人用');
    await go(clerk, clerk.getByRole('link', { name: '绑定老人' }));
    await axe(clerk);
    await clerk.getByLabel('给谁用').fill(who);
    await go(clerk, clerk.getByRole('button', { name: '找', exact: true }));
    await clerk.locator('input[name=elder]').first().check();
    await axe(clerk);
    await clerk.getByLabel('借给老人，要还的').check();
    await clerk.getByLabel('哪天还').fill('2026-12-31');
    await go(clerk, clerk.getByRole('button', { name: '绑定', exact: true }));
    await shows(clerk, '已绑定');
    await shows(clerk, '2026-12-31 该还');
  });

  await story.step('it is told to locate itself; the page says that it waits', async () => {
    await go(clerk, clerk.getByRole('button', { name: '立即定位' }));
    await shows(clerk, '指令已排队');
    await shows(clerk, '等设备上线');
    await axe(clerk);
    await screenshot(clerk, 'device');
  });

  await story.step('the elder’s archive lists it', async () => {
    await go(clerk, clerk.locator('a.name').first());
    await shows(clerk, '手表 8699000001');
  });

  await story.step('a door does not open without an emergency', async () => {
    await clerk.goto('/safety/devices?kind=lock');
    await go(clerk, clerk.getByRole('link', { name: '门锁 8699000003' }));
    check((await clerk.getByRole('link', { name: '远程开锁' }).count()) === 0, 'a lock of nobody can be opened');
    await clerk.goto(`${clerk.url()}/unlock`);
    await shows(clerk, '没有正在处置的报警，不能开锁');
    await axe(clerk);
  });

  await story.step('it comes back and goes to repair, with a reason', async () => {
    await clerk.goto('/safety/devices?q=8699000001');
    await go(clerk, clerk.getByRole('link', { name: '手表 8699000001' }));
    await go(clerk, clerk.getByRole('link', { name: '归还' }));
    await clerk.getByLabel('维修').check();
    await go(clerk, clerk.getByRole('button', { name: '归还' }));
    await shows(clerk, '还回来时怎么样没有填');
    await axe(clerk);
    await clerk.getByLabel('还回来时怎么样').fill('表带断了');
    await go(clerk, clerk.getByRole('button', { name: '归还' }));
    await shows(clerk, '已解绑');
    await shows(clerk, '表带断了');
  });

  await story.step('one is registered by hand; wrong fields are named', async () => {
    await clerk.goto('/safety/devices/new');
    await go(clerk, clerk.getByRole('button', { name: '登记', exact: true }));
    await shows(clerk, '设备号没有填');
    await axe(clerk);
    await clerk.getByLabel('设备号').fill('robot-7');
    await clerk.getByLabel('协议').selectOption('mqtt');
    await clerk.getByLabel('类型').selectOption('robot');
    await go(clerk, clerk.getByRole('button', { name: '登记', exact: true }));
    await shows(clerk, '只显示这一次');
    await axe(clerk);
  });

  await story.step('the administrator sees devices and no elders', async () => {
    const admin = await story.window(program);
    await login(admin, '平台管理员');
    await admin.goto('/safety/devices?q=8699');
    await shows(admin, '手表 8699000001');
    check((await admin.locator('td a[href^="/elders/"]').count()) === 0, 'an administrator is shown elders');
    await axe(admin);
  });
}
