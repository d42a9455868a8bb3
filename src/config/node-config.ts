import { z } from 'zod';

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
      })
      .prefault({}),
    profiles: z.string().default('profiles').describe('Directory of the profiles'),
    api: z
      .strictObject({
        socket: z.string().optional().describe('Unix socket of the admin API; the command line looks there too'),
      })
      .prefault({}),
    log: z
      .strictObject({
        level: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
        format: z.enum(['text', 'json']).default('text'),
      })
      .prefault({}),
  })
  .describe('Configuration of a Rostrum node');

export type NodeConfig = z.output<typeof nodeConfigSchema>;
