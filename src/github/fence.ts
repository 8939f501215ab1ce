// What a server that may have been struck off still wants to say: nothing goes to GitHub before it has proven that it
// still counts. A process that was stopped for a minute wakes up in the middle of its work and knows nothing of it.

/** `ensure` rejects when another server has taken over. Reading is always allowed. */
export function fenceFetch(ensure: () => Promise<void>, inner: typeof fetch): typeof fetch {
  return async (input, init) => {
    const method = init?.method ?? 'GET';
    if (method !== 'GET' && method !== 'HEAD') await ensure();
    return inner(input, init);
  };
}
