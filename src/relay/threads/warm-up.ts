import type { Udp } from '../../udp/udp.ts';
import { Audience } from '../audience/audience.ts';
import { Floor } from '../floors/floor.ts';
import type { FloorSpec } from '../protocol/protocol.ts';

/*
 * Tables such as comfort noise, and code that has never run, cost each thread tens of milliseconds. In a handover
 * listeners would hear that pause, so threads spend it before they are ready to take over.
 */

const SOME_FRAMES = 10;

export function warmUpAudience(): void {
  const audience = new Audience({ sampleRateHz: 8000 }, { serveSpeakers: () => {} });
  for (const codec of ['PCMU', 'PCMA', 'G722'] as const) {
    const hearing = { codec, packetMs: 20, volume: 0, noise: true, deaf: false } as const;
    audience.place({ hearing, send: () => {}, prompt: () => null });
  }
  for (let frame = 0; frame < SOME_FRAMES; frame += 1) audience.play(new Int16Array(160), -60);
}

export function warmUpFloor(udp: Udp): void {
  const deps = { udp, play: () => {}, share: () => {}, wakeAt: () => {} };
  const spec: Omit<FloorSpec, 'sampleRateHz'> = {
    conference: 'none',
    asterisk: null,
    port: null,
    noiseDbov: -60,
    floorNoise: true,
    nodes: [],
  };
  for (const sampleRateHz of [8000, 16_000] as const) new Floor({ ...spec, sampleRateHz }, deps, 0).advance(1000);
}
