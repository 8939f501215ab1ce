// What a commit is: read out of git, and made from a handful of files.
export interface Signature {
  readonly name: string;
  readonly email: string;
  readonly date: string;
}

export interface CommitData {
  readonly sha: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Signature;
  readonly committer: Signature;
  readonly message: string;
}

/** Contents by path; null takes a file away. */
export type Files = Readonly<Record<string, string | Buffer | null>>;

function signature(line: string): Signature {
  const match = /^(.*?) ?<([^>]*)> (\d+)/.exec(line);
  return {
    name: match?.[1] ?? '',
    email: match?.[2] ?? '',
    date: `${new Date(Number(match?.[3] ?? 0) * 1000).toISOString().slice(0, 19)}Z`,
  };
}

export function parseCommit(sha: string, raw: string): CommitData {
  const split = raw.indexOf('\n\n');
  const fields = raw
    .slice(0, split)
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)] as const);
  const field = (name: string): string => fields.find(([key]) => key === name)?.[1] ?? '';
  return {
    sha,
    tree: field('tree'),
    parents: fields.filter(([key]) => key === 'parent').map(([, value]) => value),
    author: signature(field('author')),
    committer: signature(field('committer')),
    message: raw.slice(split + 2).replace(/\n$/, ''),
  };
}

/** A commit with some files put or taken away, in the language of `git fast-import`. */
export function commitStream(
  branch: string,
  parent: string | undefined,
  who: Signature,
  message: string,
  files: Files,
): Buffer {
  const by = `${who.name} <${who.email}> ${Math.floor(Date.parse(who.date) / 1000)} +0000`;
  const head = [
    `commit refs/heads/${branch}`,
    `author ${by}`,
    `committer ${by}`,
    `data ${Buffer.byteLength(message)}`,
    message,
    ...(parent === undefined ? [] : [`from ${parent}`]),
  ];
  const changes = Object.entries(files).flatMap(([path, content]) => {
    const quoted = `"${path.replaceAll(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;
    if (content === null) return [Buffer.from(`D ${quoted}\n`)];
    const bytes = Buffer.from(content);
    return [Buffer.from(`M 100644 inline ${quoted}\ndata ${bytes.length}\n`), bytes, Buffer.from('\n')];
  });
  return Buffer.concat([Buffer.from(`${head.join('\n')}\n`), ...changes]);
}
