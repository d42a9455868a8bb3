import { z } from 'zod';
import { FLAGS, flagChanges, parseFlags } from '../conference/model/flags.ts';
import { formatCallerId, parseCallerId } from './caller-id.ts';
import type { InvitationTerms } from './invitation.ts';

/** Body of `POST /conferences/:conference/invitations`. Whether a target may be called is the inviter's decision. */
export const inviteBodySchema = z.strictObject({
  targets: z
    .array(z.string().min(1).max(500))
    .min(1)
    .max(1000)
    .describe('Phone numbers (digits, "*", "#", a leading "+"), or PJSIP/... where rostrum.yaml allows it'),
  speaker: z.boolean().optional().describe("Role; the profile's if left out"),
  admin: z.boolean().optional(),
  flags: z
    .array(z.string())
    .max(32)
    .default([])
    .superRefine((words, context) => {
      const parsed = parseFlags(words);
      if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.message });
    })
    .describe(`Further flags: + or - and one of ${FLAGS.join(', ')}`),
  skipPin: z.boolean().default(false).describe('The member need not dial a PIN. An answering machine need not either'),
  callerId: z
    .string()
    .max(120)
    .refine((text) => parseCallerId(text) !== null, 'expected 5551 or: Name <5551>')
    .optional()
    .describe('The caller id that the person who is called sees'),
  timeoutSeconds: z.number().int().min(1).max(120).default(30).describe('How long it may ring'),
  tries: z.number().int().min(1).max(10).default(1).describe('How often to call who is busy, absent or unreachable'),
  retrySeconds: z.number().int().min(1).max(3600).default(30).describe('How long to wait before the next try'),
});

export type InviteBody = z.output<typeof inviteBodySchema>;

/** A request to the inviter. */
export type InviteRequest = Omit<InvitationTerms, 'target' | 'endpoint' | 'callerId'> & {
  readonly targets: readonly string[];
  /** As in `formatCallerId`; null for the node's. */
  readonly callerId: string | null;
};

/** @param into the conference, which may not exist yet, and its profile */
export function inviteRequest(body: InviteBody, into: { conference: string; profileName: string }): InviteRequest {
  const { speaker, admin, skipPin } = body;
  const callerId = parseCallerId(body.callerId ?? '');
  return {
    ...into,
    targets: body.targets,
    flags: {
      ...flagChanges(body.flags),
      ...(speaker !== undefined && { speaker }),
      ...(admin !== undefined && { admin }),
      ...(skipPin && { auth: true }),
    },
    callerId: callerId && formatCallerId(callerId),
    timeoutMs: body.timeoutSeconds * 1000,
    tries: body.tries,
    retryAfterMs: body.retrySeconds * 1000,
  };
}
