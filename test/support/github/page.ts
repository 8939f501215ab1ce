// The pull request as a page that a person can open and act on.
import type { IncomingMessage, ServerResponse } from 'node:http';

export async function page(
  _request: IncomingMessage,
  _response: ServerResponse,
  _url: URL,
): Promise<boolean> {
  return false;
}
