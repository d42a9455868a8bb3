import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FAULTS, VICTIMS, type Victim } from './cells.ts';
import { type Noticed, Scene } from './scene.ts';

const execute = promisify(execFile);

const SMALL_DISK_MB = 64;

export type FaultsParams = { readonly process?: string; readonly fault?: string };
export type FaultRow = { readonly victim: Victim; readonly fault: string; readonly noticed: Noticed | string };

/** Does each fault to each process of a node of its own, and tells what is noticed. */
export async function* faults({ process: only, fault: onlyFault }: FaultsParams): AsyncGenerator<FaultRow> {
  for (const victim of VICTIMS.filter((name) => only === undefined || name === only)) {
    for (const fault of Object.keys(FAULTS).filter((name) => onlyFault === undefined || name === onlyFault)) {
      const noticed = await measure(victim, fault).catch((error: Error) => error.message.split('\n')[0] ?? '');
      yield { victim, fault, noticed };
    }
  }
}

async function measure(victim: Victim, fault: string): Promise<Noticed> {
  const run = FAULTS[fault];
  if (run === undefined) throw new Error(`no fault ${fault}: there are ${Object.keys(FAULTS).join(', ')}`);
  const before = process.env['TMPDIR'];
  const own = await mkdtemp(join(tmpdir(), 'rostrum-faults-'));
  const isSmall = fault === 'no disk';
  if (isSmall) await execute('mount', ['-t', 'tmpfs', '-o', `size=${SMALL_DISK_MB}m`, 'tmpfs', own]);
  process.env['TMPDIR'] = own;
  try {
    const scene = await Scene.start({ nats: victim === 'nats' });
    try {
      return await scene.notice(() => run(scene, victim));
    } finally {
      await scene.stop();
    }
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    if (isSmall) await execute('umount', ['-l', own]);
    await rm(own, { recursive: true, force: true });
  }
}

/** One row of text. */
export function textOf({ victim, fault, noticed }: FaultRow): string {
  if (typeof noticed === 'string') return `${victim} | ${fault} | not measured: ${noticed}`;
  const { worstSilenceMs, medianSilenceMs, lostMembers, members, lostKeys, keys, newCaller, wholeAfterMs, log } =
    noticed;
  const cells = [
    `silent ${worstSilenceMs} ms (median ${medianSilenceMs})`,
    `members lost ${lostMembers} of ${members}`,
    `keys lost ${lostKeys} of ${keys}`,
    `new caller ${newCaller}`,
    `whole after ${wholeAfterMs} ms`,
    log.slice(0, 4).join('; '),
  ];
  return [victim, fault, ...cells].join(' | ');
}
