import { describe, expect, it } from 'vitest';
import { inviteBodySchema, inviteRequest } from '../../../src/invite/request.ts';

const INTO = { conference: '3000', profileName: 'default' };
const read = (body: object) => inviteRequest(inviteBodySchema.parse(body), INTO);

describe('a request to invite', () => {
  it('needs nothing but the numbers', () => {
    expect(read({ targets: ['100'] })).toEqual({
      ...INTO,
      targets: ['100'],
      flags: {},
      callerId: null,
      timeoutMs: 30_000,
      tries: 1,
      retryAfterMs: 30_000,
    });
  });

  it('says how', () => {
    const body = { targets: ['1'], speaker: true, admin: false, flags: ['-mute'], skipPin: true, callerId: 'A <5>' };
    expect(read({ ...body, timeoutSeconds: 60, tries: 3, retrySeconds: 10 })).toMatchObject({
      flags: { speaker: true, admin: false, mute: false, auth: true },
      callerId: '"A" <5>',
      timeoutMs: 60_000,
      tries: 3,
      retryAfterMs: 10_000,
    });
  });

  it.each([
    {},
    { targets: [] },
    { targets: Array(1001).fill('1') },
    { targets: ['1'], timeoutSeconds: 121 },
    { targets: ['1'], timeoutSeconds: 0 },
    { targets: ['1'], tries: 11 },
    { targets: ['1'], retrySeconds: 0 },
    { targets: ['1'], flags: ['+loud'] },
    { targets: ['1'], callerId: 'a,b' },
    { targets: ['1'], colour: 'red' },
  ])('is refused as %#', (body) => {
    expect(inviteBodySchema.safeParse(body).success).toBe(false);
  });
});
