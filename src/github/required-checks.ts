// The checks that a base branch requires on the head of a pull request, ours left out, as GitHub has them now.
// Never `mergeable_state`, which counts ours too: required, it would wait for the deploy that waits for it.
import { z } from 'zod';
import { DEPLOY_CHECK, PLAN_CHECK } from './checks.ts';
import type { Pull } from './pulls.ts';
import { place } from './repo.ts';
import type { Repo } from './repo.ts';
import type { RequiredCheck } from './rules/request.ts';

/** Of a commit that no pull request brought, nothing that is required is known to have been reported. */
export async function readRequiredChecks(
  repo: Repo,
  pull: Pick<Pull, 'base'> & { readonly number: number | null },
  appId: number,
): Promise<readonly RequiredCheck[]> {
  const [reported, expected] = await Promise.all([
    pull.number === null ? [] : readReported(repo, pull.number).catch(untold),
    readExpected(repo, pull.base, appId),
  ]);
  const foreign = reported.filter((context) => context.app !== appId);
  const required = foreign.filter((context) => context.required);
  const missing = expected.filter((name) => !reported.some((context) => context.name === name));
  return [
    ...required.map(({ name, state }) => ({ name, state })),
    ...missing.map((name) => ({ name, state: 'missing' as const })),
  ];
}

/** Until an installation has accepted that the App reads statuses: not knowing is not passing. */
function untold(error: unknown): readonly Reported[] {
  if (!(error instanceof Error) || error.name !== 'GraphqlResponseError') throw error;
  const name = `what GitHub would not show (${error.message.slice(0, 200)})`;
  return [{ name, state: 'pending', required: true, app: null }];
}

/** https://docs.github.com/en/graphql/reference/objects#statuscheckrollup; it holds the newest run of each name. */
const QUERY = `query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      commits(last: 1) { nodes { commit { statusCheckRollup { contexts(first: 100, after: $after) {
        nodes {
          __typename
          ... on CheckRun { name status conclusion isRequired(pullRequestNumber: $number) checkSuite { app { databaseId } } }
          ... on StatusContext { context state isRequired(pullRequestNumber: $number) }
        }
        pageInfo { hasNextPage endCursor }
      } } } } }
    }
  }
}`;

const Context = z.discriminatedUnion('__typename', [
  z.object({
    __typename: z.literal('CheckRun'),
    name: z.string(),
    status: z.string(),
    conclusion: z.string().nullable(),
    isRequired: z.boolean(),
    checkSuite: z.object({ app: z.object({ databaseId: z.number().nullable() }).nullable() }),
  }),
  z.object({
    __typename: z.literal('StatusContext'),
    context: z.string(),
    state: z.string(),
    isRequired: z.boolean(),
  }),
]);
type Context = z.infer<typeof Context>;

const Rollup = z.object({
  contexts: z.object({
    nodes: z.array(Context),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
});
const Answer = z.object({
  repository: z.object({
    pullRequest: z.object({
      commits: z.object({
        nodes: z.array(z.object({ commit: z.object({ statusCheckRollup: Rollup.nullable() }) })),
      }),
    }),
  }),
});

interface Reported extends RequiredCheck {
  readonly required: boolean;
  readonly app: number | null;
}

async function readReported(repo: Repo, number: number): Promise<readonly Reported[]> {
  const found: Reported[] = [];
  let after: string | null = null;
  do {
    const asked: unknown = await repo.octokit.graphql(QUERY, {
      owner: repo.owner,
      name: repo.name,
      number,
      after,
    });
    const { nodes } = Answer.parse(asked).repository.pullRequest.commits;
    const contexts = nodes[0]?.commit.statusCheckRollup?.contexts;
    found.push(...(contexts?.nodes ?? []).map(reportedOf));
    after = contexts?.pageInfo.hasNextPage === true ? contexts.pageInfo.endCursor : null;
  } while (after !== null);
  return found;
}

/** https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/about-status-checks */
const PASSING = ['SUCCESS', 'NEUTRAL', 'SKIPPED'];

function reportedOf(context: Context): Reported {
  if ('context' in context) {
    const pending = context.state === 'PENDING' || context.state === 'EXPECTED';
    const ended = context.state === 'SUCCESS' ? 'passed' : 'failed';
    const state = pending ? 'pending' : ended;
    return { name: context.context, state, required: context.isRequired, app: null };
  }
  const { name, status, conclusion, isRequired: required, checkSuite } = context;
  const ended = PASSING.includes(conclusion ?? '') ? 'passed' : 'failed';
  const state = status === 'COMPLETED' ? ended : 'pending';
  return { name, state, required, app: checkSuite.app?.databaseId ?? null };
}

const Protection = z.object({
  protection: z
    .object({
      required_status_checks: z
        .object({
          contexts: z.array(z.string()).default([]),
          checks: z.array(z.object({ context: z.string(), app_id: z.number().nullish() })).default([]),
        })
        .nullish(),
    })
    .nullish(),
});

/** Names that the protection of the branch waits for, reported or not. */
async function readExpected(repo: Repo, branch: string, appId: number): Promise<readonly string[]> {
  const { data } = await repo.octokit.rest.repos.getBranch({ ...place(repo), branch });
  const required = Protection.parse(data).protection?.required_status_checks;
  const ours = (required?.checks ?? [])
    .filter((check) => check.app_id === appId)
    .map((check) => check.context);
  const names = [...(required?.contexts ?? []), ...(required?.checks ?? []).map((check) => check.context)];
  const own: readonly string[] = [PLAN_CHECK, DEPLOY_CHECK, ...ours];
  return [...new Set(names)].filter((name) => !own.includes(name));
}
