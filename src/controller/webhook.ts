import { request } from 'undici';

const TIMEOUT_MS = 5000;

export type WebhookOptions = {
  /** Further headers for the text that is sent, such as its signature. */
  readonly headersFor?: (text: string) => Record<string, string>;
  /** Gives it up. */
  readonly signal?: AbortSignal;
};

/**
 * Sends JSON to a web server. Rejects if it does not answer within 5 s with a 2xx status; redirects are not followed.
 */
export async function callWebhook(
  url: string,
  body: object,
  { headersFor = () => ({}), signal }: WebhookOptions = {},
): Promise<void> {
  const text = JSON.stringify(body);
  const { statusCode, body: answer } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'rostrum', ...headersFor(text) },
    body: text,
    signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])]),
  });
  await answer.dump();
  if (statusCode < 200 || statusCode > 299) throw new Error(`status ${statusCode}`);
}
