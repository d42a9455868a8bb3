/** The key of a SIP INFO body with `Content-Type: application/dtmf-relay`, one of 0-9 * # A-D, or null. */
export function parseDtmfRelay(body: string): string | null {
  const key = /^[ \t]*Signal[ \t]*=[ \t]*([0-9*#A-D])[ \t]*\r?$/im.exec(body)?.[1];
  return key?.toUpperCase() ?? null;
}
