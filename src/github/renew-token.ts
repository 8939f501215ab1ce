// An installation's token that GitHub has taken back before its time: it is forgotten, and the request is made once more.
// Octokit keeps a token for 59 minutes whatever GitHub answers to it.
import type { ProbotOctokit } from 'probot';
import { z } from 'zod';
import { statusOf } from './http-status.ts';

/** An Octokit plugin: its hook stands around that of the authentication, which takes a new token where none is kept. */
export function renewToken(octokit: Hooked, options: Readonly<Record<string, unknown>>): void {
  const parsed = Installed.safeParse(options['auth']);
  // As the App itself each request has a token of its own.
  if (!parsed.success) return;
  const { installationId, cache } = parsed.data;
  octokit.hook.wrap('request', async (request, endpoint) => {
    try {
      return await request(endpoint);
    } catch (error) {
      if (statusOf(error) !== 401) throw error;
      cache.delete(String(installationId));
      return request(endpoint);
    }
  });
}

interface Hooked {
  readonly hook: ProbotOctokit['hook'];
}

/** What Probot gives @octokit/auth-app, which keeps a token that is not narrowed down under the installation's id alone. */
const Installed = z.looseObject({
  installationId: z.number(),
  cache: z.custom<{ delete(key: string): void }>(
    (cache) => typeof cache === 'object' && cache !== null && 'delete' in cache,
  ),
});
