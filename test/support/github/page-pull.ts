// The page of a pull request: conversation, checks and files, with what can be done about it.
import { commentsOf } from './issues.ts';
import { type Html, type Piece, html } from './html.ts';
import { markdown } from './markdown.ts';
import { type Place, checkRow, commentBox, fileBox, form, reviewLine, runBox, time } from './page-parts.ts';
import { type View, commitRow, stateOf } from './page-views.ts';
import { baseTip, mergeState, pullFiles } from './pull-json.ts';
import { contexts, latestRuns } from './rollup.ts';
import { fullName } from './shapes.ts';
import type { Issue, Pull, Repository } from './state.ts';
import type { World } from './world.ts';

function checksBox(
  repo: Repository,
  place: Place,
  sha: string,
  required: readonly string[],
  head: Piece,
): Html {
  const rows = contexts(repo, sha).map((context) =>
    checkRow(place, context, required.includes(context.name)),
  );
  return html`<div class="box">
    <div class="head"><span>${head}</span><code>${sha.slice(0, 7)}</code></div>
    ${rows}
  </div>`;
}

async function mergeBox(
  world: World,
  repo: Repository,
  place: Place,
  issue: Issue,
  pull: Pull,
): Promise<Piece> {
  const required = repo.protections.get(pull.base.ref)?.requiredChecks ?? [];
  const checks = checksBox(repo, place, pull.head.sha, required, 'Checks');
  if (pull.merged !== undefined) {
    const link = html`<strong>${pull.merged.by.login}</strong> merged
      <a href="/${fullName(repo)}/commit/${pull.merged.sha}"><code>${pull.merged.sha.slice(0, 7)}</code></a>
      into <code>${pull.base.ref}</code>`;
    return [checks, checksBox(repo, place, pull.merged.sha, [], link)];
  }
  if (issue.state === 'closed')
    return [
      checks,
      html`<div class="box">
        <div class="row">
          <span class="grow">Closed without merging.</span
          >${form(place, { do: 'reopen' }, html`<button>Reopen</button>`)}
        </div>
      </div>`,
    ];
  const { state } = await mergeState(world, repo, issue, pull);
  const words: Readonly<Record<string, string>> = {
    clean: 'This branch has no conflicts with the base branch.',
    unstable: 'Some checks have not passed; merging is possible.',
    blocked: 'Merging is blocked by branch protection.',
    dirty: 'This branch has conflicts that must be resolved.',
    draft: 'This pull request is still a draft.',
  };
  const methods = html`<select name="method">
    <option value="merge">Merge commit</option>
    <option value="squash">Squash</option>
    <option value="rebase">Rebase</option>
  </select>`;
  const merging = form(
    place,
    { do: 'merge' },
    html`${methods} <button class="main">Merge pull request</button>`,
  );
  return [
    checks,
    html`<div class="box">
      <div class="row">
        <span class="grow ${state === 'clean' ? 'good' : 'wait'}">${words[state] ?? state}</span
        >${merging}${form(place, { do: 'close' }, html`<button>Close</button>`)}
      </div>
    </div>`,
  ];
}

async function conversation(
  world: World,
  repo: Repository,
  place: Place,
  issue: Issue,
  pull: Pull,
): Promise<Html> {
  const entries = [
    ...commentsOf(repo, issue).map((comment) => ({
      at: comment.createdAt,
      id: comment.id,
      shown: commentBox(comment),
    })),
    ...pull.reviews.map((review) => ({ at: review.submittedAt, id: review.id, shown: reviewLine(review) })),
  ].toSorted((a, b) => a.id - b.id);
  const commits = (await repo.git.log([`${await baseTip(repo, pull)}..${pull.head.sha}`])).toReversed();
  const rows = await Promise.all(commits.map((sha) => commitRow(repo, sha)));
  return html`<div class="box">
      <div class="head">
        <span><strong>${issue.author.login}</strong> opened this ${time(issue.createdAt)}</span>
      </div>
      <div class="body markdown">
        ${issue.body === null ? html`<em class="dim">No description provided.</em>` : markdown(issue.body)}
      </div>
    </div>
    <div class="box">
      <div class="head">Commits</div>
      ${rows}
    </div>
    ${entries.map(({ shown }) => shown)}${await mergeBox(world, repo, place, issue, pull)}`;
}

export async function pullView(
  world: World,
  repo: Repository,
  place: Place,
  issue: Issue,
  pull: Pull,
  tab: string,
): Promise<View> {
  const home = `/${fullName(repo)}/pull/${issue.number}`;
  const runs = latestRuns(repo, pull.head.sha);
  const files = await pullFiles(repo, pull);
  const tabs = [
    ['', 'Conversation'],
    ['checks', `Checks ${runs.length}`],
    ['files', `Files changed ${files.length}`],
  ] as const;
  const nav = tabs.map(
    ([name, label]) =>
      html`<a class="${name === tab ? 'here' : ''}" href="${home}${name === '' ? '' : `/${name}`}"
        >${label}</a
      >`,
  );
  const inside =
    tab === 'checks'
      ? runs.map((run) => runBox(place, run))
      : tab === 'files'
        ? files.map((file) =>
            fileBox(
              file,
              runs.flatMap(({ annotations }) => annotations),
            ),
          )
        : await conversation(world, repo, place, issue, pull);
  const head = pull.head.repo === repo ? pull.head.ref : `${pull.head.repo.owner.login}:${pull.head.ref}`;
  const body = html`<h1>${issue.title} <span class="dim">#${issue.number}</span></h1>
    <p>
      <span class="state ${stateOf(issue)}">${stateOf(issue)}</span> <strong>${issue.author.login}</strong>
      <span class="dim">wants to merge into</span> <code>${pull.base.ref}</code> <span class="dim">from</span>
      <code>${head}</code>
    </p>
    <nav>${nav}</nav>
    ${inside}`;
  const write = html`<textarea
      name="body"
      placeholder="/deploy, or whatever there is to say"
      required
    ></textarea>
    <div class="line">
      <select name="verdict">
        <option value="">Comment</option>
        <option value="APPROVE">Approve</option>
        <option value="REQUEST_CHANGES">Request changes</option></select
      ><button class="main">Send</button>
    </div>`;
  return {
    title: issue.title,
    body,
    foot: tab === '' && form({ ...place, path: home }, { do: 'comment' }, write, true),
  };
}
