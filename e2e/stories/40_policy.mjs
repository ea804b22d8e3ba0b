// A policy's next version: taken over from another place or written anew, checked while it is written, tried out over the
// archive, and approved by a second person.
import { Program, axe, check, login, screenshot } from '../lib.mjs';

export const title = 'a version of a policy: live check, trial, approval by a second person';

const main = (page) => page.getByRole('main');
const shows = (page, text) => main(page).getByText(text).first().waitFor();

async function go(page, target) {
  await Promise.all([page.waitForEvent('domcontentloaded'), target.click()]);
}

export default async function (story) {
  let program, writer, approver, address;

  await story.step('the county opens a policy and begins a version of it', async () => {
    program = await story.own(Program.demo({ at: '2026-11-20T10:00' }));
    writer = await story.window(program);
    await login(writer, '县民政局');
    await writer.goto('/policies');
    await axe(writer);
    await screenshot(writer, 'policies');
    await writer.goto('/policies/rural-home-care-75-79');
    await go(writer, writer.getByRole('button', { name: '写新版' }));
    await shows(writer, '没有错，可以送审');
    address = new URL(writer.url()).pathname;
    await axe(writer);
  });

  await story.step('what is typed is checked at once, with line and column, and examples answer one by one', async () => {
    const text = writer.locator('textarea[name=body]');
    const body = await text.inputValue();
    await text.fill(body.replace('age >= min_age', 'agee >= min_age'));
    await writer.locator('#check').getByText(/第 \d+ 行第 \d+ 列/).waitFor();
    await screenshot(writer, 'policy-version-fault');
    await text.fill(body.replaceAll('value = 75', 'value = 70'));
    await writer.locator('#check').getByText(/个样例不对/).waitFor();
    await text.fill(body.replaceAll('"100.00"', '"120.00"'));
    await writer.locator('#check').getByText('没有错，可以送审').waitFor();
    await writer.getByLabel('生效日期').fill('2027-01-01');
    await writer.getByLabel('为什么改').fill('县里文件提高到 120 元');
    await go(writer, writer.getByRole('button', { name: '存草稿' }));
    await shows(writer, '草稿已存');
    await shows(writer, '¥120.00');
  });

  await story.step('it is tried out over the whole archive with progress, and nothing is written', async () => {
    await go(writer, writer.getByRole('button', { name: /试算/ }));
    await writer.getByText('每年多花').waitFor({ timeout: 60_000 });
    await shows(writer, '合计');
    await axe(writer);
    await screenshot(writer, 'policy-version');
  });

  await story.step('whoever wrote it cannot approve it; the city does', async () => {
    await go(writer, writer.getByRole('button', { name: '送审' }));
    await shows(writer, '已送审');
    check((await writer.getByRole('button', { name: /批准/ }).count()) === 0, 'the writer may approve');
    approver = await story.window(program);
    await login(approver, '市民政局');
    await approver.goto('/policy-versions?state=submitted');
    await axe(approver);
    await go(approver, approver.locator('tbody a').first());
    await shows(approver, '县里文件提高到 120 元');
    await axe(approver);
    await screenshot(approver, 'policy-approve');
    await go(approver, approver.getByRole('button', { name: /批准，2027-01-01 起施行/ }));
    await shows(approver, '已批准');
    await approver.goto('/policies/rural-home-care-75-79/history');
    await shows(approver, '第 1 版');
    await shows(approver, '2026-12-31');
    await axe(approver);
    await screenshot(approver, 'policy-history');
  });

  await story.step('another place’s policy is taken over as a draft', async () => {
    await writer.goto('/policies/renovation-hubei');
    await go(writer, writer.getByRole('link', { name: '采用到本地' }));
    await axe(writer);
    await screenshot(writer, 'policy-adopt');
    await go(writer, writer.getByRole('button', { name: '照搬成草稿' }));
    await shows(writer, '本地名称没有填');
    await writer.getByLabel('本地名称').fill('陆河县适老化改造（试点二）');
    await writer.getByLabel('本地文件和文号').fill('陆河民〔2026〕12 号');
    await go(writer, writer.getByRole('button', { name: '照搬成草稿' }));
    await shows(writer, '已照搬成草稿');
    await shows(writer, '没有错，可以送审');
  });

  await story.step('without scripts the check is a button', async () => {
    const plain = await story.window(program, { javaScriptEnabled: false });
    await login(plain, '县民政局');
    await plain.goto('/policy-versions?state=draft');
    await go(plain, plain.locator('tbody a').first());
    const text = plain.locator('textarea[name=body]');
    await text.fill((await text.inputValue()).replace('format = 1', 'format = 2'));
    await go(plain, plain.getByRole('button', { name: '检查' }));
    await shows(plain, 'format 现在只有 1');
    check(address.startsWith('/policy-versions/'), 'a version has its own address');
  });
}
