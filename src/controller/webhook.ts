import { request } from 'undici';

const TIMEOUT_MS = 5000;

/**
 * Sends JSON to a web server. Rejects if it does not answer within 5 s with a 2xx status; redirects are not followed.
 */
export async function callWebhook(url: string, body: object): Promise<void> {
  const { statusCode, body: answer } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'rostrum' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await answer.dump();
  if (statusCode < 200 || statusCode > 299) throw new Error(`status ${statusCode}`);
}
