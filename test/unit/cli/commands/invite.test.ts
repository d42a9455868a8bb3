import { describe, expect, it } from 'vitest';
import type { InvitationView } from '../../../../src/api/invite-routes.ts';
import { isFinished, latestStates } from '../../../../src/cli/commands/invite.ts';

const invitation = (id: string, status: InvitationView['status'], reason: string | null = null): InvitationView => ({
  id,
  conference: '3000',
  target: `+49${id}`,
  status,
  reason,
  tries: 1,
  mostTries: 3,
  createdAt: '2026-01-01T00:00:00.000Z',
});

describe('invitations that are followed', () => {
  it('are as the controller lists them, others left out', () => {
    const known = [invitation('1', 'waiting'), invitation('2', 'calling')];
    const listed = [invitation('2', 'answered'), invitation('9', 'failed'), invitation('1', 'calling')];
    expect(latestStates(known, listed)).toEqual([invitation('1', 'calling'), invitation('2', 'answered')]);
  });

  it('stay as they were when they are forgotten after they have finished', () => {
    const known = [invitation('1', 'failed', 'busy'), invitation('2', 'answered'), invitation('3', 'calling')];
    expect(latestStates(known, [invitation('3', 'calling')])).toEqual(known);
  });

  it('have failed when the controller was restarted and knows nothing of them', () => {
    const states = latestStates([invitation('1', 'calling'), invitation('2', 'answered')], []);
    expect(states).toEqual([invitation('1', 'failed', 'forgotten'), invitation('2', 'answered')]);
    expect(states.every(isFinished)).toBe(true);
  });
});
