// An assessment from the application to a fact the policies stand on: two assessors at a home without signal, two falls,
// two signatures.
import { Program, axe, check, equal, login, screenshot } from '../lib.mjs';

export const title = 'two assessors without signal, a level raised by two falls, and what follows from it';

const OPTIONS = { worse: 0, middle: 2 };
const main = (page) => page.getByRole('main');
const shows = (page, text) => main(page).getByText(text).first().waitFor();
const id = (page) => page.url().match(/[0-9a-f]{8}-[0-9a-f-]{27}/)[0];

async function go(page, target) {
  await Promise.all([page.waitForEvent('domcontentloaded'), target.click()]);
}

/** Signs in as one certain person of the demo, as the cards of the sign-in page do for the first of a role. */
async function loginAs(page, user) {
  await page.goto('/login');
  await page.locator('form[action="/demo/login"] [name=user]').first().evaluate((field, user) => {
    field.value = user;
  }, user);
  const button = page.locator('form[action="/demo/login"] button').first();
  await Promise.all([page.waitForURL((url) => !url.pathname.startsWith('/login')), button.click()]);
}

/** The screen that is shown. */
const screen = (page) => page.locator('.asm-screen:not([hidden])');

/** Answers screens from where the phone stands: `choose` gives for a screen's name the place of the answer from the top. */
async function answer(page, count, choose) {
  for (let n = 0; n < count; n++) {
    const name = await screen(page).getAttribute('data-q');
    const at = choose(name);
    if (at !== null) await screen(page).locator('.asm-op').nth(at).click();
    await page.locator('[data-next]').click();
  }
}

const chip = (page) => page.locator('[data-sync-state]');

export default async function (story) {
  let program, staff, doctor, nurse, elder, name, assessment, nurseUser;

  await story.step('the demo town stands still; the county looks for somebody who still looks after himself', async () => {
    program = await story.own(Program.demo({ at: '2026-11-20T10:00' }));
    staff = await story.window(program);
    await login(staff, '县民政局');
    // Somebody of a household lifted out of poverty, not yet 80: home renovation turns on the six indicators alone.
    await staff.goto('/elders?care=independent&income=lifted_poverty&age=75&sort=birth&dir=desc');
    await go(staff, staff.locator('tbody a').first());
    elder = id(staff);
    name = (await staff.locator('h1').first().innerText()).trim().split(/\s/)[0];
    await shows(staff, '能力完好');
    await staff.goto('/assessors');
    await go(staff, staff.getByRole('link', { name: '曾美兰' }));
    await go(staff, staff.getByRole('link', { name: '修改' }));
    nurseUser = await staff.getByLabel('登录账号').inputValue();
  });

  await story.step('an assessment is asked for from the archive', async () => {
    await staff.goto(`/elders/${elder}`);
    await go(staff, staff.locator('section', { hasText: '能力评估' }).getByRole('link', { name: '申请', exact: true }).first());
    await staff.getByLabel('身体情况变化').check();
    await staff.getByLabel('说明 可不填').fill('一个月里摔了两次');
    await go(staff, staff.getByRole('button', { name: '提交申请' }));
    await shows(staff, '已申请');
    assessment = id(staff);
  });

  await story.step('two people without a physician or nurse are refused, a physician and a nurse are taken', async () => {
    await go(staff, staff.getByRole('link', { name: '约时间和评估员' }));
    await axe(staff);
    await staff.getByLabel('哪天').fill('2026-11-20');
    await staff.getByLabel('几点').fill('10:30');
    const pick = async (label, who) => {
      const value = await staff.getByLabel(label).locator('option', { hasText: who }).getAttribute('value');
      await staff.getByLabel(label).selectOption(value);
    };
    await pick('第一位评估员', '丘小燕');
    await pick('第二位评估员', '江志明');
    await go(staff, staff.getByRole('button', { name: '约好' }));
    await shows(staff, '上门评估至少一人是医师或护士');
    await pick('第一位评估员', '罗志成');
    await pick('第二位评估员', '曾美兰');
    await go(staff, staff.getByRole('button', { name: '约好' }));
    await shows(staff, '已约好');
  });

  await story.step('both assessors open it on their phones and lose the signal', async () => {
    doctor = await story.window(program, { phone: true });
    await login(doctor, '评估员');
    await shows(doctor, name);
    nurse = await story.window(program, { phone: true });
    await loginAs(nurse, nurseUser);
    for (const phone of [doctor, nurse]) {
      await phone.goto(`/assess/${assessment}`);
      await axe(phone, { widths: [{ width: 390, height: 844 }] });
      // What work without signal needs is on the phone.
      await phone.waitForFunction(async (path) => {
        const held = await caches.match(path);
        return held !== undefined && navigator.serviceWorker.controller !== null;
      }, `/assess/${assessment}`);
      await phone.context().setOffline(true);
      await phone.getByRole('link', { name: /开始评估/ }).click();
    }
  });

  await story.step('the physician answers the first half, one item a screen', async () => {
    const half = (q) => (q.startsWith('answer:B.1') || q.startsWith('answer:B.2') ? OPTIONS.middle : null);
    await screenshot(doctor, 'assess-item', { widths: [{ width: 390, height: 844 }] });
    await answer(doctor, 12, half);
    equal(await chip(doctor).innerText(), '未同步 12 项', 'what waits on the physician’s phone');
  });

  await story.step('a phone that is reloaded without signal still has the page and every answer', async () => {
    await doctor.reload();
    await shows(doctor, '没有信号');
    equal(await chip(doctor).innerText(), '未同步 12 项', 'what waits after the reload');
    await doctor.getByRole('link', { name: '基础运动能力' }).click();
    check(await screen(doctor).locator('input:checked').count() === 1, 'the answer is no longer chosen');
  });

  await story.step('the nurse answers the other half, with two falls, and one item of the first half differently', async () => {
    const rest = (q) => {
      if (q === 'answer:B.1.1') return OPTIONS.worse;
      if (q.startsWith('answer:B.1') || q.startsWith('answer:B.2')) return null;
      if (q === 'condition:risk_fall') return 2;
      if (q.startsWith('condition:')) return 0;
      return 1;
    };
    await answer(nurse, 33, rest);
    equal(await chip(nurse).innerText(), '未同步 22 项', 'what waits on the nurse’s phone');
    await shows(nurse, '还有 11 项没填');
  });

  await story.step('with signal again both phones send by themselves, and what differs is put to them', async () => {
    await doctor.context().setOffline(false);
    await doctor.waitForFunction(() => document.querySelector('[data-sync-state]').textContent === '已同步');
    await nurse.context().setOffline(false);
    await nurse.waitForFunction(() => document.querySelector('[data-sync-state]').textContent === '已同步');
    await nurse.getByText('你们有 1 处填得不一样').waitFor();
    await nurse.goto(`/assess/${assessment}/clashes`);
    await shows(nurse, '进食');
    await axe(nurse, { widths: [{ width: 390, height: 844 }] });
    await screenshot(nurse, 'assess-clash', { widths: [{ width: 390, height: 844 }] });
    await nurse.getByRole('radio').last().check({ force: true });
    await go(nurse, nurse.getByRole('button', { name: '按选的定' }));
  });

  let after;
  await story.step('the result explains how two falls raised the level', async () => {
    await doctor.goto(`/assess/${assessment}/check`);
    await shows(doctor, '最近 30 天有 2 次以上照护风险事件，提高一级：升为');
    await shows(doctor, '最近 30 天跌倒过几次？2 次');
    const before = await main(doctor).getByText(/\d+ 分，是/).first().innerText();
    after = (await doctor.locator('#r-level').innerText()).trim();
    check(!before.includes(after), `the level was not raised: ${before} and ${after}`);
    await axe(doctor, { widths: [{ width: 390, height: 844 }] });
    await go(doctor, doctor.getByRole('button', { name: '提交，去签字' }));
    await screenshot(doctor, 'assess-result', { widths: [{ width: 390, height: 844 }] });
  });

  await story.step('one signature is not enough, two are', async () => {
    await go(doctor, doctor.getByRole('button', { name: '我核对过，签字' }));
    await shows(doctor, '你已签字，等另一位');
    await nurse.goto(`/assess/${assessment}`);
    await go(nurse, nurse.getByRole('button', { name: '我核对过，签字' }));
    await shows(nurse, '结果已生效');
    await nurse.getByText('有效期至 2027-11-20').waitFor();
  });

  await story.step('the archive knows it at once, with where it comes from', async () => {
    await staff.goto(`/elders/${elder}`);
    await shows(staff, '失能');
    await shows(staff, '有效期至 2027-11-20');
    await staff.goto(`/assessments/${assessment}`);
    await shows(staff, '六项指标');
    await axe(staff);
    await screenshot(staff, 'assessment');
    await staff.goto(`/assessments/${assessment}/print`);
    await shows(staff, `评估结果是：${after}`);
    await shows(staff, '2026-12-20 以前可以提出异议');
  });

  await story.step('the entitlement page stands on the new facts', async () => {
    await staff.goto(`/elders/${elder}/entitlement`);
    const text = await main(staff).innerText();
    for (const fact of ['照顾需求等级', '按重度照顾需求安排服务', '2026-11-20 起']) {
      check(text.includes(fact), `the page does not speak of ${fact}`);
    }
  });

  await story.step('what an application asks is answered, and renovation of the home is granted for the six indicators', async () => {
    const card = staff.locator('section', { hasText: '居家适老化改造' });
    if ((await card.getByText('补登记').count()) > 0) {
      await go(staff, card.getByRole('link', { name: '补登记' }).first());
      await axe(staff);
      await screenshot(staff, 'entitlement-answers');
      for (const [name, value] of [['home_right', 'owned'], ['home_safe', 'true'], ['demolition_listed', 'false'],
        ['renovation_subsidised', 'false'], ['can_live_elsewhere', 'true']]) {
        const field = staff.locator(`[name=${name}][value=${value}]`);
        if ((await field.count()) > 0) await field.check({ force: true });
      }
      await staff.getByLabel('凭什么 可不填').fill('看过房产证');
      await go(staff, staff.getByRole('button', { name: '登记，重新认定' }));
      await shows(staff, '已登记');
    }
    await staff.waitForFunction(async () => {
      const part = [...document.querySelectorAll('main section')].find((s) => s.innerText.includes('居家适老化改造'));
      if (part?.innerText.includes('符合') && !part.innerText.includes('不符合') && !part.innerText.includes('缺资料')) return true;
      await new Promise((done) => setTimeout(done, 500));
      location.reload();
      return false;
    });
    const text = await card.first().innerText();
    for (const indicator of ['吃饭', '穿衣', '上下床', '如厕', '行走', '洗澡']) {
      check(text.includes(indicator), `the explanation does not name ${indicator}:\n${text}`);
    }
    check(text.includes('能力评估 2026-11-20'), `the source and the date of the indicators are missing:\n${text}`);
    check(text.includes('二、（二）1'), 'the article is missing');
    await axe(staff);
    await screenshot(staff, 'entitlement-renovation');
  });

  await story.step('a death that is reported late takes a month back, and the family is told', async () => {
    await staff.goto(`/elders/${elder}/death`);
    await staff.locator('input[type=date]').first().fill('2026-10-15');
    for (const box of await staff.locator('form [type=checkbox]').all()) await box.check({ force: true });
    const radios = staff.locator('form [type=radio]');
    if ((await radios.count()) > 0) await radios.first().check({ force: true });
    await go(staff, staff.locator('main form button[type=submit]').last());
    const confirm = staff.locator('main form button', { hasText: '确认' });
    if ((await confirm.count()) > 0) await go(staff, confirm.first());
    for (let n = 0; n < 40; n++) {
      await staff.goto('/corrections');
      if ((await main(staff).getByText(name).count()) > 0) break;
      await staff.waitForTimeout(300);
    }
    await shows(staff, '收回');
    await axe(staff);
    await screenshot(staff, 'corrections');
    await go(staff, staff.locator('tbody a', { hasText: name }).first());
    await shows(staff, '2026-10-15 去世');
    await shows(staff, '11、12 月');
    await go(staff, staff.getByRole('link', { name: '看流水' }));
    await staff.locator('tbody').getByText('额度收回').first().waitFor();
    await staff.goBack();
    await staff.getByLabel('打电话').check({ force: true });
    await staff.getByLabel('告诉了谁').fill('儿子');
    await go(staff, staff.getByRole('button', { name: '记下已告知' }));
    await shows(staff, '已记下告知');
    await axe(staff);
    await screenshot(staff, 'correction');
    await go(staff, staff.getByRole('link', { name: '打印告知书' }));
    await shows(staff, '居家养老服务待遇更正告知书');
  });

  await story.step('without scripts the same is a form an item', async () => {
    const plain = await story.window(program, { phone: true, javaScriptEnabled: false });
    await login(plain, '评估员');
    await go(plain, plain.getByRole('link').filter({ has: plain.locator('b') }).nth(2));
    await go(plain, plain.getByRole('link', { name: /开始评估/ }));
    await plain.getByRole('radio').nth(1).check({ force: true });
    await go(plain, plain.getByRole('button', { name: '下一项：修饰' }));
    await shows(plain, '全部 2 / 33');
    await go(plain, plain.getByRole('button', { name: '上一项' }));
    check(await plain.getByRole('radio').nth(1).isChecked(), 'the answer was not kept');
  });
}
