import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { burstsOf, UNIMPAIRED } from '../kit/impairment/impairment.ts';
import type { Choices, Weighted } from './choices.ts';
import type { SoakLab } from './lab.ts';
import { ODD_PHONES } from './odd-phones.ts';

/** What goes wrong. It is over, but perhaps not yet mended, when `run` resolves. */
export type Fault = Weighted & {
  /** @returns what has happened in detail */
  readonly run: (lab: SoakLab, choices: Choices) => Promise<string>;
};

type Pids = { readonly controller: number; readonly relay: number };

/** Longer than the supervisor lets a process be silent. */
const LONGEST_STOP_MS = 14_000;
const LONGEST_STOP_OF_ASTERISK_MS = 8000;

const pidsOf = async (lab: SoakLab): Promise<Pids> => {
  const { pid, relay } = await lab.waitUntilWhole();
  return { controller: pid, relay: relay.pid };
};

export const FAULTS: readonly Fault[] = [
  killing('kill -9 of the controller', 5, ({ controller }) => [controller]),
  killing('kill -9 of the relay', 5, ({ relay }) => [relay]),
  killing('kill -9 of both', 3, ({ controller, relay }) => [controller, relay]),
  stopping('the controller is stopped', 4, ({ controller }) => [controller]),
  stopping('the relay is stopped', 4, ({ relay }) => [relay]),
  stopping('both are stopped', 2, ({ controller, relay }) => [controller, relay]),
  {
    name: 'kill -9 of the supervisor',
    weight: 2,
    run: async (lab) => {
      await lab.waitUntilWhole();
      process.kill(lab.node.supervisorPid, 'SIGKILL');
      await lab.node.startRostrum();
      return '';
    },
  },
  {
    name: 'the relay dies while the supervisor is stopped',
    weight: 2,
    run: async (lab, choices) => {
      const { relay } = await pidsOf(lab);
      const supervisor = lab.node.supervisorPid;
      const stopMs = choices.between(500, 5000);
      process.kill(supervisor, 'SIGSTOP');
      try {
        kill(relay, 'SIGKILL');
        await sleep(stopMs);
      } finally {
        process.kill(supervisor, 'SIGCONT');
      }
      return `${stopMs} ms`;
    },
  },
  {
    name: 'Asterisk is stopped',
    weight: 3,
    run: async (lab, choices) => {
      const stopMs = choices.between(500, LONGEST_STOP_OF_ASTERISK_MS);
      lab.node.asterisk.kill('SIGSTOP');
      try {
        await sleep(stopMs);
      } finally {
        lab.node.asterisk.kill('SIGCONT');
      }
      return `${stopMs} ms`;
    },
  },
  {
    name: 'kill -9 of Asterisk',
    weight: 0.6,
    run: async (lab) => {
      lab.node.asterisk.kill('SIGKILL');
      await lab.replacePhones();
      await lab.node.asterisk.start();
      return '';
    },
  },
  {
    name: 'Asterisk reads its configuration again',
    weight: 2,
    run: (lab) => lab.node.asterisk.cli('core reload').then(() => ''),
  },
  {
    name: 'the relay and the controller are upgraded',
    weight: 2,
    run: async (lab) => {
      await lab.waitUntilWhole();
      await lab.node.api.post('/upgrade').catch(() => {});
      return '';
    },
  },
  {
    name: 'packets of the phones are lost, delayed and doubled',
    weight: 5,
    run: async (lab, choices) => {
      const lossRatio = choices.between(2, 25) / 100;
      const spreadMs = choices.between(5, 80);
      const impairment = {
        burstLoss: burstsOf(lossRatio, choices.between(1, 8)),
        delayMs: spreadMs,
        jitter: { kind: 'uniform', spreadMs } as const,
        duplicateRatio: 0.05,
        corruptRatio: 0.02,
      };
      const durationMs = choices.between(2000, 12_000);
      lab.network.impair(impairment);
      try {
        await sleep(durationMs);
      } finally {
        lab.network.impair(UNIMPAIRED);
      }
      return `${Math.round(lossRatio * 100)} %, ${spreadMs} ms, for ${durationMs} ms`;
    },
  },
  {
    name: 'no packet of the phones arrives',
    weight: 2,
    run: async (lab, choices) => {
      const durationMs = choices.between(500, 8000);
      lab.network.impair({ partitioned: true });
      try {
        await sleep(durationMs);
      } finally {
        lab.network.impair({ partitioned: false });
      }
      return `${durationMs} ms`;
    },
  },
  {
    name: 'the connection to ARI is slow',
    weight: 3,
    run: async (lab, choices) => {
      const delayMs = choices.between(20, 400);
      lab.ari.setDelayMs(delayMs);
      try {
        await sleep(choices.between(1000, 6000));
      } finally {
        lab.ari.setDelayMs(0);
      }
      return `${delayMs} ms each way`;
    },
  },
  {
    name: 'the connection to ARI breaks',
    weight: 3,
    run: async (lab, choices) => {
      const durationMs = choices.between(0, 4000);
      await lab.ari.cut();
      await sleep(durationMs);
      await lab.ari.heal();
      return `${durationMs} ms`;
    },
  },
  {
    name: 'the connection to ARI is silent',
    weight: 2,
    run: async (lab, choices) => {
      const durationMs = choices.between(500, 6000);
      lab.ari.stall();
      try {
        await sleep(durationMs);
      } finally {
        await lab.ari.heal();
      }
      return `${durationMs} ms`;
    },
  },
  {
    name: 'a profile has a mistake while the controller is started',
    weight: 2,
    run: async (lab) => {
      const { controller } = await pidsOf(lab);
      const path = join(lab.node.directory, 'profiles', 'mistaken.yaml');
      await mkdir(join(lab.node.directory, 'profiles'), { recursive: true });
      await writeFile(path, 'kind: conference\nidleSeconds: soon\n');
      kill(controller, 'SIGKILL');
      await sleep(2000);
      await rm(path);
      return '';
    },
  },
  ...ODD_PHONES.map(
    ({ name, run }): Fault => ({
      name: `odd phone: ${name}`,
      weight: 1.5,
      run: async (lab, choices) => {
        await run(lab, choices);
        return '';
      },
    }),
  ),
];

function killing(name: string, weight: number, chosen: (pids: Pids) => readonly number[]): Fault {
  return {
    name,
    weight,
    run: async (lab) => {
      for (const pid of chosen(await pidsOf(lab))) kill(pid, 'SIGKILL');
      return '';
    },
  };
}

function stopping(name: string, weight: number, chosen: (pids: Pids) => readonly number[]): Fault {
  return {
    name,
    weight,
    run: async (lab, choices) => {
      const pids = chosen(await pidsOf(lab));
      const stopMs = choices.between(300, choices.chance(0.2) ? LONGEST_STOP_MS : 4000);
      for (const pid of pids) kill(pid, 'SIGSTOP');
      try {
        await sleep(stopMs);
      } finally {
        // The supervisor may have killed it meanwhile.
        for (const pid of pids) kill(pid, 'SIGCONT');
      }
      return `${stopMs} ms`;
    },
  };
}

/** To a process that may have ended. */
function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
