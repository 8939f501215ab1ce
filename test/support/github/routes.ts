// Finds the operation for a method and path, from the paths in GitHub's description.
import type { Described } from './contract.ts';

/** Parameters that may hold slashes. https://docs.github.com/en/rest/git/refs and …/repos/contents */
const GREEDY = new Set(['ref', 'path', 'basehead', 'branch']);

export interface Route {
  readonly operation: Described;
  readonly pattern: RegExp;
  readonly names: readonly string[];
  readonly weight: number;
}

export interface Found {
  readonly id: string;
  readonly params: Record<string, string>;
}

function compile(operation: Described): Route {
  const names: string[] = [];
  const source = operation.path.split('/').map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) return part.replaceAll(/[.+*?^$()[\]{}|\\]/g, '\\$&');
    names.push(name);
    // An empty path is the root of the repository.
    return name === 'path' ? '(.*)' : GREEDY.has(name) ? '(.+)' : '([^/]+)';
  });
  const fixed = operation.path.split('/').filter((part) => !part.startsWith('{')).length;
  return { operation, pattern: new RegExp(`^${source.join('/')}$`), names, weight: fixed };
}

export class Routes {
  readonly #routes: readonly Route[];

  constructor(operations: readonly Described[]) {
    this.#routes = operations.map(compile).toSorted((a, b) => b.weight - a.weight);
  }

  find(method: string, path: string): Found | undefined {
    for (const { operation, pattern, names } of this.#routes) {
      const match = operation.method === method ? pattern.exec(path) : null;
      if (match !== null)
        return {
          id: operation.id,
          params: Object.fromEntries(
            names.map((name, at) => [name, decodeURIComponent(match[at + 1] ?? '')]),
          ),
        };
    }
    return undefined;
  }
}
