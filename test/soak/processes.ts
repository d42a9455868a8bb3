import { readFile } from 'node:fs/promises';
import { openDescriptors } from '../kit/descriptors.ts';
import type { SoakLab } from './lab.ts';

/** A process of the node at one time. */
export type Sample = { readonly pid: number; readonly residentMb: number; readonly descriptors: number };
export const PROCESSES = ['supervisor', 'controller', 'relay', 'asterisk'] as const;
export type ProcessName = (typeof PROCESSES)[number];
export type Samples = Readonly<Record<ProcessName, Sample>> & { readonly calls: number };

/** Open descriptors that belong to a call. */
const DESCRIPTORS_OF_CALL: Readonly<Record<ProcessName, number>> = {
  supervisor: 0,
  controller: 0,
  relay: 2,
  asterisk: 5,
};
/** A process grows in its first minutes, whatever it does. */
const WARM_UP = 5;
const LEAST_SAMPLES = 15;
const GROWTH_RATIO = 1.2;
const GROWTH_MB = 15;
const GROWTH_DESCRIPTORS = 12;

export async function sampleOf(lab: SoakLab, calls: number): Promise<Samples> {
  const { pid, relay } = await lab.waitUntilWhole();
  const [supervisor, controller, ofRelay, asterisk] = await Promise.all(
    [lab.node.supervisorPid, pid, relay.pid, lab.node.asterisk.pid].map(sampleOfProcess),
  );
  return { supervisor, controller, relay: ofRelay, asterisk, calls } as Samples;
}

async function sampleOfProcess(pid: number): Promise<Sample> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const residentKb = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
  return { pid, residentMb: Math.round(residentKb / 1024), descriptors: openDescriptors(pid) };
}

/**
 * Compares the middle of a process's samples with the last of them. A process that has been started again begins anew; one that
 * never lives long is compared over all its lives, which are alike.
 *
 * @param samples one for each look
 * @returns what grows, one sentence each
 */
export function growth(samples: readonly Samples[]): string[] {
  return PROCESSES.flatMap((name) => {
    const pid = samples.at(-1)?.[name].pid;
    const life = samples.slice(samples.findLastIndex((sample) => sample[name].pid !== pid) + 1);
    const judged = (life.length >= LEAST_SAMPLES ? life : samples).slice(WARM_UP);
    if (judged.length < LEAST_SAMPLES - WARM_UP) return [];
    const half = Math.floor(judged.length / 2);
    const compare = (figure: (sample: Samples) => number) =>
      [median(judged.slice(0, half).map(figure)), median(judged.slice(half).map(figure))] as const;
    const [memory, memoryNow] = compare((sample) => sample[name].residentMb);
    const [files, filesNow] = compare((sample) => sample[name].descriptors - DESCRIPTORS_OF_CALL[name] * sample.calls);
    return [
      ...(memoryNow > memory * GROWTH_RATIO && memoryNow > memory + GROWTH_MB
        ? [`the memory of the ${name} has grown from ${memory} to ${memoryNow} MB`]
        : []),
      ...(filesNow > files + GROWTH_DESCRIPTORS
        ? [`the descriptors of the ${name}, without those of calls, have grown from ${files} to ${filesNow}`]
        : []),
    ];
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
