// Whole pages for people: the start, a repository, a commit, the webhook log.
import { deploymentState } from './deployments.ts';
import { type Html, type Piece, html } from './html.ts';
import { type Place, form, mark, runBox, time } from './page-parts.ts';
import { contexts, latestRuns, rollupState } from './rollup.ts';
import { fullName } from './shapes.ts';
import type { Issue, Repository } from './state.ts';
import type { World } from './world.ts';

export interface View {
  readonly title: string;
  readonly body: Html;
  /** Below what is kept up to date: forms that somebody may be typing into. */
  readonly foot?: Piece;
}

export function startView(world: World): View {
  const repos = [...world.repos.values()].map(
    (repo) => html`<div class="row"><a href="/${fullName(repo)}">${fullName(repo)}</a></div>`,
  );
  return {
    title: 'Repositories',
    body: html`<h1>Repositories</h1>
      <div class="box">${repos}</div>
      <p><a href="/deliveries">Webhook deliveries</a></p>`,
  };
}

export function deliveriesView(world: World, place: Place): View {
  const rows = world.outbox.log.map(
    (delivery) =>
      html`<div class="box">
        <div class="row">
          ${mark({ passed: delivery.statusCode < 300 && delivery.statusCode > 0, pending: delivery.status === 'pending' })}
          <div class="grow">
            <strong>${delivery.event}</strong>${delivery.action !== null && `.${delivery.action}`}
            <span class="dim"
              >${delivery.guid} · ${delivery.status} · ${delivery.duration}
              s${delivery.redelivery && ' · redelivery'}</span
            >
          </div>
          ${time(delivery.deliveredAt)}
          ${form(place, { do: 'redeliver', id: delivery.id }, html`<button>Redeliver</button>`)}
        </div>
        <div class="row">
          <details>
            <summary>Payload</summary>
            <pre class="code">${JSON.stringify(delivery.request.payload, null, 2)}</pre>
          </details>
        </div>
      </div>`,
  );
  return {
    title: 'Webhook deliveries',
    body: html`<h1>Webhook deliveries</h1>
      ${rows}`,
  };
}

export function stateOf(issue: Issue): string {
  return issue.pull?.merged === undefined ? issue.state : 'merged';
}

function environments(repo: Repository): Piece {
  const all = [...repo.deployments.values()].toReversed();
  const rows = all.map(
    (deployment) =>
      html`<div class="row">
        <strong>${deployment.environment}</strong
        ><span class="grow dim"
          >${deployment.description ?? deployment.task} at
          <a href="/${fullName(repo)}/commit/${deployment.sha}"
            ><code>${deployment.sha.slice(0, 7)}</code></a
          ></span
        >
        <span class="badge">${deploymentState(deployment)}</span> ${time(deployment.updatedAt)}
      </div>`,
  );
  return (
    rows.length > 0 &&
    html`<h2>Deployments</h2>
      <div class="box">${rows}</div>`
  );
}

export async function commitRow(repo: Repository, sha: string): Promise<Html> {
  const { message, author } = await repo.git.readCommit(sha);
  const all = contexts(repo, sha);
  const rollup = rollupState(all);
  const state = all.length > 0 && mark({ passed: rollup === 'SUCCESS', pending: rollup === 'PENDING' });
  return html`<div class="row">
    ${state}<span class="grow"
      ><a href="/${fullName(repo)}/commit/${sha}">${message.split('\n')[0]}</a>
      <span class="dim">${author.name}</span></span
    ><code>${sha.slice(0, 7)}</code>
  </div>`;
}

export async function repoView(repo: Repository): Promise<View> {
  const pulls = [...repo.issues.values()].toReversed().map(
    (issue) =>
      html`<div class="row">
        <span class="badge">${stateOf(issue)}</span>
        <span class="grow"
          ><a href="/${fullName(repo)}/pull/${issue.number}">${issue.title}</a>
          <span class="dim">#${issue.number} by ${issue.author.login}</span></span
        >
      </div>`,
  );
  const tip = await repo.git.branch(repo.defaultBranch);
  const commits =
    tip === undefined
      ? []
      : await Promise.all(
          (await repo.git.log(['--first-parent', tip], 20)).map((sha) => commitRow(repo, sha)),
        );
  const body = html`<h1>${fullName(repo)}</h1>
    <h2>Pull requests</h2>
    <div class="box">${pulls}</div>
    ${environments(repo)}
    <h2>${repo.defaultBranch}</h2>
    <div class="box">${commits}</div>`;
  return { title: fullName(repo), body };
}

export async function commitView(repo: Repository, place: Place, sha: string): Promise<View> {
  const { message, author } = await repo.git.readCommit(sha);
  const [title = '', ...rest] = message.split('\n');
  const body = html`<h1>${title}</h1>
    <p class="dim">${author.name} · <code>${sha}</code></p>
    <pre>${rest.join('\n').trim()}</pre>
    ${latestRuns(repo, sha).map((run) => runBox(place, run))}`;
  return { title, body };
}
