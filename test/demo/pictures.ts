// npm run pictures: takes the README's pictures, of the double's pages in a real browser, over the demo's own hosts.
// Needs Debian's chromium.
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';
import { startStage, waitForCheck, waitForComment } from '../support/stage.ts';
import type { Stage } from '../support/stage.ts';
import { startDemoHosts } from './hosts.ts';

const hosts = await startDemoHosts(console.error);
const files = {
  'deploy-configs/hosts.yml': hosts.hostsFile,
  'deploy-configs/policy.yml': 'deploy: { on: both, by: [write] }\nconfirm: [delete, replace]\n',
};
const stage = await startStage({ keyPath: hosts.keyPath, files });
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  mkdirSync('docs/images', { recursive: true });
  const page = await browser.newPage({ viewport: { width: 1180, height: 900 } });
  const first = await openPull('Put the shop ashore', hosts.first);
  await waitForComment(stage, first, /^## Plan/m);
  await waitForCheck(stage, await stage.repo.sha('put-the-shop-ashore'), 'ashore/plan');
  await shoot(page, `pull/${first}`, 'plan-comment');
  await waitForCheck(stage, await stage.repo.merge(first, 'ada'), 'ashore/deploy', 300_000);
  const second = await openPull('A new version of the shop', hosts.broken);
  await waitForComment(stage, second, /^## Plan/m);
  const failed = await waitForCheck(stage, await stage.repo.merge(second, 'ada'), 'ashore/deploy', 300_000);
  await shoot(page, `runs/${failed.id}`, 'deploy-failed');
} finally {
  await browser.close();
  await stage.stop();
  await hosts.stop();
}
process.exit(0);

async function openPull(
  name: string,
  content: Parameters<Stage['repo']['commit']>[0]['files'],
): Promise<number> {
  const branch = name.toLowerCase().replaceAll(' ', '-');
  await stage.repo.commit({ branch, base: 'main', author: 'ada', message: name, files: content });
  return stage.repo.openPull({ title: name, head: branch, by: 'ada' });
}

async function shoot(page: Page, path: string, name: string): Promise<void> {
  await page.goto(`${stage.github.url}/acme/infra/${path}`);
  await page.screenshot({ path: `docs/images/${name}.png`, fullPage: true });
}
