import { z } from 'zod';
import { WEBHOOK_URL } from '../conference/command-line/words.ts';
import { parseCallerId } from '../invite/caller-id.ts';
import { isEndpointTemplate } from '../invite/target.ts';
import { clusterConfigSchema } from './cluster-config.ts';
import { relayConfigSchema } from './relay-config.ts';

/** `rostrum.yaml`: one node. Every key may be left out. */
export const nodeConfigSchema = z
  .strictObject({
    asterisk: z
      .strictObject({
        url: z
          .url({ protocol: /^https?$/, error: 'expected a URL such as http://127.0.0.1:8088' })
          .default('http://127.0.0.1:8088')
          .describe("Asterisk's HTTP server, as in http.conf"),
        username: z.string().min(1).default('rostrum').describe('The user in ari.conf'),
        passwordFile: z
          .string()
          .optional()
          .describe('File with the password of that user; the environment variable ROSTRUM_ARI_PASSWORD wins over it'),
        application: z
          .string()
          .regex(/^[A-Za-z0-9_-]{1,32}$/, 'an application name is up to 32 letters, digits, "_" and "-"')
          .default('rostrum')
          .describe('The name in Stasis(<name>,...) of the dialplan; one controller per name'),
        recordings: z
          .string()
          .default('/var/spool/asterisk/recording')
          .describe('Where Asterisk has its recordings: there must be space before one begins'),
      })
      .prefault({}),
    profiles: z.string().default('profiles').describe('Directory of the profiles'),
    conferences: z
      .string()
      .default('conferences.yaml')
      .describe('Table of the settings of single conferences; there need not be one'),
    api: z
      .strictObject({
        socket: z.string().optional().describe('Unix socket of the admin API, for the commands'),
      })
      .prefault({}),
    speech: z
      .strictObject({
        command: z
          .array(z.string().min(1))
          .min(1)
          .default(['espeak-ng'])
          .describe('The words that run espeak-ng, which speaks prompts that are given as text'),
        directory: z
          .string()
          .refine((path) => !path.includes(','), 'Asterisk cannot read from a path with a comma')
          .optional()
          .describe('Where spoken prompts are kept; Asterisk must be able to read there'),
      })
      .prefault({}),
    relay: relayConfigSchema,
    reports: z
      .strictObject({
        directory: z.string().optional().describe('Where attendance is recorded; without it, nowhere'),
        days: z.number().int().min(1).max(3650).default(90).describe('Reports are kept for so long'),
      })
      .prefault({}),
    recordings: z
      .strictObject({
        days: z
          .number()
          .int()
          .min(1)
          .max(3650)
          .optional()
          .describe('Recordings of conferences are removed so many days after their end; without it, they are kept'),
        command: z
          .array(z.string().min(1))
          .min(1)
          .optional()
          .describe('The words of a command that is run when a recording is finished; its file becomes the last one'),
        commandSeconds: z.number().min(1).max(86_400).default(600).describe('The command is killed after so long'),
        webhook: z
          .string()
          .regex(WEBHOOK_URL, 'expected a URL with http or https')
          .optional()
          .describe('Web server that is told of each finished recording: POST with JSON'),
        webhookSecretFile: z
          .string()
          .optional()
          .describe('File with the secret by which these requests are signed; without it, they are not'),
      })
      .prefault({}),
    invite: z
      .strictObject({
        endpoint: z
          .string()
          .refine(isEndpointTemplate, 'expected an endpoint with {number}, such as PJSIP/{number}@provider')
          .optional()
          .describe('The endpoint of Asterisk through which phone numbers are called'),
        callerId: z
          .string()
          .refine((text) => parseCallerId(text) !== null, 'expected 5551 or: Name <5551>')
          .optional()
          .describe('The caller id that people who are called see, unless the invitation says otherwise'),
        allowEndpoints: z.boolean().default(false).describe('Whether endpoints such as PJSIP/alice may be called too'),
        atOnce: z.number().int().min(1).max(1000).default(10).describe('Calls under way at the same time'),
        perSecond: z.number().min(0.1).max(100).default(5).describe('New calls in a second'),
      })
      .prefault({}),
    admission: z
      .strictObject({
        waitSeconds: z
          .number()
          .min(1)
          .max(180)
          .default(20)
          .describe('Calls that cannot be let in ring for so long, then another node takes them, or they are refused'),
      })
      .prefault({}),
    cluster: clusterConfigSchema,
    log: z
      .strictObject({
        level: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
        format: z.enum(['text', 'json']).default('text'),
      })
      .prefault({}),
  })
  .refine(({ recordings, reports }) => recordings.days === undefined || reports.directory !== undefined, {
    path: ['recordings', 'days'],
    message: 'needs reports.directory, where the node notes which recordings are those of conferences',
  })
  .describe('Configuration of a Rostrum node');

export type NodeConfig = z.output<typeof nodeConfigSchema>;
