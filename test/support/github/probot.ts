// A real Probot App behind a real HTTP server, receiving the double's signed webhooks: for the tests of the double itself.
import { type Server, createServer } from 'node:http';
import { type ApplicationFunction, Probot, ProbotOctokit, createNodeMiddleware } from 'probot';
import type { GitHubDouble } from './double.ts';

/** octokit spaces writes a second apart and comments three; `defaults({ throttle })` does not turn that off in Probot 14.3.2. */
export class Unhurried extends ProbotOctokit {
  constructor(options: ConstructorParameters<typeof ProbotOctokit>[0]) {
    super({ ...options, throttle: { enabled: false } });
  }
}

export interface Running {
  stop(): Promise<void>;
}

export async function runProbot(
  double: GitHubDouble,
  secret: string,
  app: ApplicationFunction,
): Promise<Running> {
  const probot = new Probot({
    appId: double.appId,
    privateKey: double.privateKey,
    secret,
    baseUrl: double.apiUrl,
    Octokit: Unhurried,
    logLevel: 'fatal',
  });
  const middleware = await createNodeMiddleware(app, { probot, webhooksPath: '/hook' });
  const server: Server = createServer((request, response) => void middleware(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server has no address');
  double.setWebhookUrl(`http://127.0.0.1:${address.port}/hook`);
  return {
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
