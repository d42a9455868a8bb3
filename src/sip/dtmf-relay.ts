/** Body of a SIP INFO with `Content-Type: application/dtmf-relay`. */
export function formatDtmfRelay(key: string, durationMs: number): string {
  return `Signal=${key}\r\nDuration=${durationMs}\r\n`;
}

/** The key of a dtmf-relay body, one of 0-9 * # A-D, or null. */
export function parseDtmfRelay(body: string): string | null {
  const key = /^[ \t]*Signal[ \t]*=[ \t]*([0-9*#A-D])[ \t]*\r?$/im.exec(body)?.[1];
  return key?.toUpperCase() ?? null;
}
