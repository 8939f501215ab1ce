// The page of a pull request: conversation, checks and files, with what can be done about it.
import { type Html, type Piece, html } from './html.ts';
import { commentsOf } from './issues.ts';
import { markdown } from './markdown.ts';
import { type Place, checkRow, commentBox, fileBox, form, reviewLine, runBox, time } from './page-parts.ts';
import { type View, commitRow, stateOf } from './page-views.ts';
import { baseTip, mergeState, pullFiles } from './pull-json.ts';
import { contexts, latestRuns } from './rollup.ts';
import { fullName } from './shapes.ts';
import type { CheckRun, Issue, Pull, Repository } from './state.ts';
import type { World } from './world.ts';

/** What one page is about. */
export interface Scene {
  readonly world: World;
  readonly repo: Repository;
  readonly place: Place;
  readonly issue: Issue;
  readonly pull: Pull;
}

const MERGE_WORDS: Readonly<Record<string, string>> = {
  clean: 'This branch has no conflicts with the base branch.',
  unstable: 'Some checks have not passed; merging is possible.',
  blocked: 'Merging is blocked by branch protection.',
  dirty: 'This branch has conflicts that must be resolved.',
  draft: 'This pull request is still a draft.',
};

const METHODS = html`<select name="method">
  <option value="merge">Merge commit</option>
  <option value="squash">Squash</option>
  <option value="rebase">Rebase</option>
</select>`;

const WRITE = html`<textarea
    name="body"
    placeholder="/deploy, or whatever there is to say"
    required
  ></textarea>
  <div class="line">
    <select name="verdict">
      <option value="">Comment</option>
      <option value="APPROVE">Approve</option>
      <option value="REQUEST_CHANGES">Request changes</option>
    </select>
    <button class="main">Send</button>
  </div>`;

function checksBox({ repo, place }: Scene, sha: string, required: readonly string[], head: Piece): Html {
  const rows = contexts(repo, sha).map((each) => checkRow(place, each, required.includes(each.name)));
  return html`<div class="box">
    <div class="head"><span>${head}</span><code>${sha.slice(0, 7)}</code></div>
    ${rows}
  </div>`;
}

function lastRow(words: Piece, mood: string, buttons: Piece): Html {
  return html`<div class="box">
    <div class="row"><span class="grow ${mood}">${words}</span>${buttons}</div>
  </div>`;
}

async function ending(scene: Scene): Promise<Html> {
  const { world, repo, place, issue, pull } = scene;
  if (pull.merged !== undefined) {
    const { by, sha } = pull.merged;
    const commit = html`<a href="/${fullName(repo)}/commit/${sha}"><code>${sha.slice(0, 7)}</code></a>`;
    const said = html`<strong>${by.login}</strong> merged ${commit} into <code>${pull.base.ref}</code>`;
    return checksBox(scene, sha, [], said);
  }
  if (issue.state === 'closed')
    return lastRow(
      'Closed without merging.',
      '',
      form(place, { do: 'reopen' }, html`<button>Reopen</button>`),
    );
  const { state } = await mergeState(world, repo, issue, pull);
  const merge = html`${METHODS} <button class="main">Merge pull request</button>`;
  const buttons = [
    form(place, { do: 'merge' }, merge),
    form(place, { do: 'close' }, html`<button>Close</button>`),
  ];
  return lastRow(MERGE_WORDS[state] ?? state, state === 'clean' ? 'good' : 'wait', buttons);
}

async function conversation(scene: Scene): Promise<Html> {
  const { repo, issue, pull } = scene;
  const entries = [
    ...commentsOf(repo, issue).map((comment) => ({ id: comment.id, shown: commentBox(comment) })),
    ...pull.reviews.map((review) => ({ id: review.id, shown: reviewLine(review) })),
  ].toSorted((a, b) => a.id - b.id);
  const commits = (await repo.git.log([`${await baseTip(repo, pull)}..${pull.head.sha}`])).toReversed();
  const rows = await Promise.all(commits.map((sha) => commitRow(repo, sha)));
  const required = repo.protections.get(pull.base.ref)?.requiredChecks ?? [];
  const description =
    issue.body === null ? html`<em class="dim">No description provided.</em>` : markdown(issue.body);
  return html`<div class="box">
      <div class="head">
        <span><strong>${issue.author.login}</strong> opened this ${time(issue.createdAt)}</span>
      </div>
      <div class="body markdown">${description}</div>
    </div>
    <div class="box">
      <div class="head">Commits</div>
      ${rows}
    </div>
    ${entries.map(({ shown }) => shown)} ${checksBox(scene, pull.head.sha, required, 'Checks')}
    ${await ending(scene)}`;
}

function runsOf({ repo, pull }: Scene): CheckRun[] {
  const merged = pull.merged === undefined ? [] : latestRuns(repo, pull.merged.sha);
  return [...latestRuns(repo, pull.head.sha), ...merged.filter(({ sha }) => sha !== pull.head.sha)];
}

async function tabOf(scene: Scene, tab: string): Promise<Piece> {
  if (tab === 'checks') return runsOf(scene).map((run) => runBox(scene.place, run));
  if (tab !== 'files') return conversation(scene);
  const annotations = runsOf(scene).flatMap((run) => run.annotations);
  return (await pullFiles(scene.repo, scene.pull)).map((file) => fileBox(file, annotations));
}

export async function pullView(scene: Scene, tab: string): Promise<View> {
  const { repo, place, issue, pull } = scene;
  const home = `/${fullName(repo)}/pull/${issue.number}`;
  const tabs = [
    ['', 'Conversation'],
    ['checks', `Checks ${runsOf(scene).length}`],
    ['files', `Files changed ${(await pullFiles(repo, pull)).length}`],
  ] as const;
  const nav = tabs.map(([name, label]) => {
    const to = name === '' ? home : `${home}/${name}`;
    return html`<a class="${name === tab ? 'here' : ''}" href="${to}">${label}</a>`;
  });
  const head = pull.head.repo === repo ? pull.head.ref : `${pull.head.repo.owner.login}:${pull.head.ref}`;
  const body = html`<h1>${issue.title} <span class="dim">#${issue.number}</span></h1>
    <p>
      <span class="state ${stateOf(issue)}">${stateOf(issue)}</span> <strong>${issue.author.login}</strong>
      <span class="dim">${pull.merged === undefined ? 'wants to merge into' : 'merged into'}</span>
      <code>${pull.base.ref}</code> <span class="dim">from</span>
      <code>${head}</code>
    </p>
    <nav>${nav}</nav>
    ${await tabOf(scene, tab)}`;
  const foot = tab === '' && form({ ...place, path: home }, { do: 'comment' }, WRITE, true);
  return { title: issue.title, body, foot };
}
