// What GitHub answered, of an error that Octokit threw.

/** The HTTP status of Octokit's RequestError. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('status' in error)) return undefined;
  return typeof error.status === 'number' ? error.status : undefined;
}
