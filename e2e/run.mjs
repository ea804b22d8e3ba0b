// Runs the stories: all, or those whose file name contains one of the arguments. Ends with `N passed, N failed`.
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { OUT, StepFailed, Story, closeBrowser, stopShared } from './lib.mjs';

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), 'stories');
const wanted = process.argv.slice(2);
const files = (await readdir(folder))
  .filter((file) => file.endsWith('.mjs') && (wanted.length === 0 || wanted.some((w) => file.includes(w))))
  .sort();

await rm(OUT, { recursive: true, force: true });
let passed = 0;
let failed = 0;
for (const file of files) {
  const name = path.basename(file, '.mjs');
  const story = new Story(name);
  try {
    const told = await import(pathToFileURL(path.join(folder, file)));
    console.log(`${name}: ${told.title}`);
    await told.default(story);
    if (story.results.length === 0) throw new Error('the story has no steps');
  } catch (error) {
    if (!(error instanceof StepFailed)) {
      failed += 1;
      console.log(`  FAIL  ${name}\n${error.stack ?? error}`);
      await story.keepEvidence();
    }
  }
  await story.end();
  passed += story.results.filter((r) => r.passed).length;
  failed += story.results.filter((r) => !r.passed).length;
}
await closeBrowser();
await stopShared();
if (files.length === 0) {
  failed += 1;
  console.log(`no story matches ${wanted.join(' ')}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
