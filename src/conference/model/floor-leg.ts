import type { Conference } from './conference.ts';

/** The floor as the relay must know it. */
export type FloorLeg = {
  /** Comfort noise for listeners at the relay; null for none. */
  readonly noiseDbov: number | null;
  /** Whether the members on the floor hear it as well. */
  readonly floorNoise: boolean;
  /** The rate of the sound that is exchanged. */
  readonly sampleRateHz: 8000 | 16_000;
  /** Other nodes with members of this conference. */
  readonly nodes: readonly string[];
};

/** How the floor is connected with the relay; null while no listener, other node or comfort noise needs that. */
export function floorLegOf(conference: Conference): FloorLeg | null {
  const { status, settings, members, remote } = conference;
  if (members.size === 0 || (status !== 'running' && status !== 'ending')) return null;
  const noiseDbov = settings.profile.audio.comfortNoise || null;
  if (noiseDbov === null && (remote?.nodes.length ?? 0) === 0 && members.counts.relayed === 0) return null;
  // A floor is one mix: its noise is for all speakers or for none.
  const floorNoise = noiseDbov !== null && members.counts.speakersWithoutNoise === 0;
  const { sampleRateHz } = settings.profile.audio;
  return { noiseDbov, floorNoise, sampleRateHz, nodes: remote?.nodes ?? [] };
}
