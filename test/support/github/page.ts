// The double as people use it: pages to look at, and forms that do what GitHub's buttons do, as whoever is chosen at the top.
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refusal } from './http.ts';
import { Html, type Piece, html } from './html.ts';
import { pullView } from './page-pull.ts';
import { type View, commitView, deliveriesView, repoView, startView } from './page-views.ts';
import { type Place, runBox } from './page-parts.ts';
import { RepoDouble } from './repo.ts';
import { readBody } from './server.ts';
import type { Repository } from './state.ts';
import type { World } from './world.ts';

const STYLE = readFileSync(new URL('page.css', import.meta.url), 'utf8');

/** Keeps the page up to date, and what was unfolded unfolded. */
const LIVE = `
const live = document.getElementById('live');
const key = (details) => details.querySelector('summary')?.textContent;
setInterval(async () => {
  const text = await (await fetch(location.href)).text().catch(() => '');
  const next = new DOMParser().parseFromString(text, 'text/html').getElementById('live');
  if (!next || next.innerHTML === live.dataset.shown || live.contains(document.activeElement)) return;
  const open = new Set([...live.querySelectorAll('details[open]')].map(key));
  live.dataset.shown = live.innerHTML = next.innerHTML;
  for (const details of live.querySelectorAll('details')) if (open.has(key(details))) details.open = true;
}, 1000);
live.dataset.shown = live.innerHTML;
`;

function actor(world: World, request: IncomingMessage, repo: Repository | undefined): string {
  const chosen = /\bas=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
  if (chosen !== undefined && world.account(decodeURIComponent(chosen)) !== undefined)
    return decodeURIComponent(chosen);
  const people = [...(repo?.collaborators ?? [])].find(([, role]) => role === 'write' || role === 'admin');
  return people?.[0] ?? repo?.owner.login ?? world.app.owner.login;
}

function document(
  world: World,
  request: IncomingMessage,
  place: Place,
  repo: Repository | undefined,
  view: View,
  problem: Piece,
): Html {
  const me = actor(world, request, repo);
  const people = [...world.accounts.values()].filter(({ type }) => type === 'User');
  const options = people.map(
    ({ login }) => html`<option${login === me && new Html(' selected')}>${login}</option>`,
  );
  const who = html`<form method="post" action="${place.path}">
    <input type="hidden" name="do" value="become" /><label
      >acting as
      <select name="login" onchange="this.form.submit()">
        ${options}
      </select></label
    >
  </form>`;
  const home =
    repo === undefined
      ? html`<a href="/">Repositories</a>`
      : html`<a href="/">Repositories</a> /
          <a href="/${place.owner}/${place.repo}"><strong>${place.owner}/${place.repo}</strong></a>`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${view.title}</title>
        <style>
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        <header><span>${home}</span>${who}</header>
        ${problem !== false && html`<main><p class="problem">${problem}</p></main>`}
        <main id="live">${view.body}</main>
        <footer>${view.foot}</footer>
        <script>
          ${new Html(LIVE)};
        </script>
      </body>
    </html>`;
}

/** Does what a form asks. */
async function act(
  world: World,
  repo: Repository | undefined,
  number: number,
  by: string,
  form: URLSearchParams,
): Promise<void> {
  const field = (name: string): string => form.get(name) ?? '';
  if (field('do') === 'redeliver') return void world.outbox.redeliver(Number(field('id')));
  if (repo === undefined) return;
  const double = new RepoDouble(world, repo);
  const method = field('method');
  const verdict = field('verdict');
  const doing: Readonly<Record<string, () => Promise<unknown>>> = {
    comment: () =>
      verdict === 'APPROVE' || verdict === 'REQUEST_CHANGES'
        ? double.review(number, { by, state: verdict, body: field('body') })
        : double.comment(number, field('body'), by),
    merge: () => double.merge(number, by, method === 'squash' || method === 'rebase' ? method : 'merge'),
    close: () => double.closePull(number, by),
    reopen: () => double.reopenPull(number, by),
    press: () => double.clickAction(Number(field('run')), field('identifier'), by),
    rerun: () => double.rerequest(Number(field('run')), by),
  };
  await doing[field('do')]?.();
}

async function find(
  world: World,
  place: Place,
  repo: Repository | undefined,
  kind: string,
  name: string,
  tab: string,
): Promise<View | undefined> {
  if (place.path === '/') return startView(world);
  if (place.path === '/deliveries') return deliveriesView(world, place);
  if (repo === undefined) return undefined;
  if (kind === '') return repoView(repo);
  if (kind === 'commit' && (await repo.git.typeOf(name)) === 'commit') return commitView(repo, place, name);
  const run = kind === 'runs' ? repo.checkRuns.get(Number(name)) : undefined;
  if (run !== undefined)
    return {
      title: run.name,
      body: html`<h1>${run.name}</h1>
        ${runBox(place, run)}`,
    };
  const issue = kind === 'pull' ? repo.issues.get(Number(name)) : undefined;
  return issue?.pull === undefined
    ? undefined
    : pullView({ world, repo, place, issue, pull: issue.pull }, tab);
}

export async function page(
  world: World,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<boolean> {
  const [, owner = '', name = '', kind = '', which = '', tab = ''] = url.pathname.split('/');
  const repo = world.repo(owner, name);
  const place = { owner, repo: name, path: url.pathname };
  if (url.pathname === '/favicon.ico') {
    response.writeHead(204).end();
    return true;
  }
  if ((await find(world, place, repo, kind, which, tab)) === undefined) return false;
  let problem: Piece = false;
  if (request.method === 'POST') {
    const form = new URLSearchParams(await readBody(request));
    const login = form.get('do') === 'become' ? form.get('login') : null;
    try {
      await act(world, repo, Number(which), actor(world, request, repo), form);
      response
        .writeHead(303, {
          location: url.pathname,
          ...(login === null ? {} : { 'set-cookie': `as=${encodeURIComponent(login)}; Path=/` }),
        })
        .end();
      return true;
    } catch (error) {
      problem = error instanceof Refusal || error instanceof Error ? error.message : 'It did not work.';
    }
  }
  const view = await find(world, place, repo, kind, which, tab);
  if (view === undefined) return false;
  response.writeHead(problem === false ? 200 : 422, { 'content-type': 'text/html; charset=utf-8' });
  response.end(document(world, request, place, repo, view, problem).text);
  return true;
}
