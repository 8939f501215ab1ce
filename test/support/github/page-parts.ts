// The pieces a page is made of: who, when, a check run with its buttons, a comment, a file's changes.
import type { DiffEntry } from './git-diff.ts';
import { Html, type Piece, html } from './html.ts';
import { number, text } from './json.ts';
import { codeBlock, markdown } from './markdown.ts';
import type { Context } from './rollup.ts';
import type { CheckRun, Comment, Reaction, Review } from './state.ts';

/** Where a form goes: the page it stands on. */
export interface Place {
  readonly owner: string;
  readonly repo: string;
  readonly path: string;
}

const EMOJI: Readonly<Record<string, string>> = {
  '+1': '👍',
  '-1': '👎',
  laugh: '😄',
  hooray: '🎉',
  confused: '😕',
  heart: '❤️',
  rocket: '🚀',
  eyes: '👀',
};

export function time(stamp: string): Html {
  return html`<span class="dim" title="${stamp}">${stamp.slice(11, 19)}</span>`;
}

/** A form of hidden fields and whatever is put between. */
export function form(
  place: Place,
  fields: Readonly<Record<string, string | number>>,
  inside: Piece,
  wide = false,
): Html {
  const hidden = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  );
  return html`<form method="post" action="${place.path}" ${wide && new Html(' class="wide"')}>
    ${hidden}${inside}
  </form>`;
}

export function mark(context: { passed: boolean; pending: boolean }): Html {
  if (context.passed) return html`<span class="good">✔</span>`;
  return context.pending ? html`<span class="wait">●</span>` : html`<span class="bad">✘</span>`;
}

/** Buttons appear once a run has completed, as on GitHub. */
function buttons(place: Place, run: CheckRun): Piece {
  if (run.status !== 'completed') return false;
  const actions = run.actions.map(({ label, description, identifier }) =>
    form(
      place,
      { do: 'press', run: run.id, identifier },
      html`<button title="${description}">${label}</button>`,
    ),
  );
  return [actions, form(place, { do: 'rerun', run: run.id }, html`<button>Re-run</button>`)];
}

export function checkRow(place: Place, context: Context, required: boolean): Html {
  const { run, status } = context;
  const about = run === undefined ? (status?.description ?? '') : (run.title ?? run.conclusion ?? run.status);
  const details =
    run !== undefined && html`<a href="/${place.owner}/${place.repo}/runs/${run.id}">Details</a>`;
  const badge = required && html` <span class="badge">Required</span>`;
  return html`<div class="row">
    ${mark(context)}
    <div class="grow"><strong>${context.name}</strong> <span class="dim">${about}</span>${badge}</div>
    ${run !== undefined && buttons(place, run)} ${details}
  </div>`;
}

function annotationBox(annotation: CheckRun['annotations'][number]): Html {
  const level = text(annotation, 'annotation_level') ?? 'notice';
  const raw = text(annotation, 'raw_details');
  const where = `${text(annotation, 'path')}:${number(annotation, 'start_line')}`;
  return html`<div class="annotation ${level}">
    <strong>${text(annotation, 'title') ?? level}</strong> <code>${where}</code>
    <div>${text(annotation, 'message')}</div>
    ${raw !== undefined && html`<pre class="code">${raw}</pre>`}
  </div>`;
}

export function runBox(place: Place, run: CheckRun): Html {
  const state = {
    passed: ['success', 'neutral', 'skipped'].includes(run.conclusion ?? ''),
    pending: run.status !== 'completed',
  };
  return html`<div class="box">
    <div class="head">
      <span
        >${mark(state)} <strong>${run.name}</strong>
        <span class="dim"
          >${run.app.name} · ${run.conclusion ?? run.status} · ${run.sha.slice(0, 7)}</span
        ></span
      >
      <span>${buttons(place, run)}</span>
    </div>
    <div class="body markdown">
      <h2>${run.title ?? run.name}</h2>
      ${markdown(run.summary ?? '')}${run.text !== null && markdown(run.text)}
      ${run.annotations.map(annotationBox)}
    </div>
  </div>`;
}

function reactionLine(reactions: readonly Reaction[]): Piece {
  if (reactions.length === 0) return false;
  const kinds = [...new Set(reactions.map(({ content }) => content))];
  const counts = kinds.map(
    (kind) =>
      html`<span>${EMOJI[kind] ?? kind} ${reactions.filter(({ content }) => content === kind).length}</span>`,
  );
  return html`<p class="reactions">${counts}</p>`;
}

export function commentBox(comment: Comment): Html {
  const bot = comment.app !== undefined && html` <span class="badge">bot</span>`;
  const edited = comment.updatedAt !== comment.createdAt && html` · edited ${time(comment.updatedAt)}`;
  const body = html`<div class="markdown">${markdown(comment.body)}</div>
    ${reactionLine(comment.reactions)}`;
  const shown =
    comment.minimized === undefined
      ? body
      : html`<details class="minimized">
          <summary>This comment was marked as ${comment.minimized}.</summary>
          ${body}
        </details>`;
  return html`<div class="box" id="issuecomment-${comment.id}">
    <div class="head">
      <span
        ><strong>${comment.author.login}</strong>${bot} commented ${time(comment.createdAt)}${edited}</span
      >
    </div>
    <div class="body">${shown}</div>
  </div>`;
}

export function reviewLine(review: Review): Html {
  const word = {
    APPROVED: 'approved',
    CHANGES_REQUESTED: 'requested changes on',
    COMMENTED: 'reviewed',
    DISMISSED: 'was dismissed from',
  }[review.state];
  const body = review.body !== '' && html`<div class="markdown">${markdown(review.body)}</div>`;
  return html`<div class="event">
    <strong>${review.user.login}</strong> ${word}
    <code>${review.commit.slice(0, 7)}</code> ${time(review.submittedAt)}${body}
  </div>`;
}

export function fileBox(file: DiffEntry, annotations: readonly CheckRun['annotations'][number][]): Html {
  const own = annotations.filter((annotation) => text(annotation, 'path') === file.path);
  const name = file.previous === undefined ? file.path : `${file.previous} → ${file.path}`;
  const patch =
    file.patch === undefined
      ? html`<p class="dim">Binary file not shown.</p>`
      : new Html(codeBlock(file.patch.split('\n'), 'diff'));
  return html`<div class="box">
    <div class="head">
      <code>${name}</code
      ><span class="dim"
        >${file.status} <span class="good">+${file.additions}</span>
        <span class="bad">−${file.deletions}</span></span
      >
    </div>
    <div class="body">${own.map(annotationBox)}${patch}</div>
  </div>`;
}
