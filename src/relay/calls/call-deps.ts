import type { Udp, UdpPeer } from '../../udp/udp.ts';
import type { RtpAddress } from '../protocol/protocol.ts';
import type { RtpDrops } from './rtp-drops.ts';

/** A monotonic time in ms that is read once for many packets. */
export type FrameClock = { nowMs: number };

export type CallDeps = {
  udp: Udp;
  /** The time at which the frame that is being sent began. */
  clock: FrameClock;
  drops: RtpDrops;
  /** HOT PATH. Sends to Asterisk's side of the call. */
  toAsterisk: (packet: Buffer, to: UdpPeer) => void;
  /** HOT PATH. A packet to Asterisk waits: `advance` must be called at this time. */
  onHeld: (dueMs: number) => void;
  /** A key is pressed; its packets to Asterisk follow. */
  onKey: (digit: string) => void;
  /** The phone sends from this address; null if it has described another, and nothing has come from there. */
  onSource: (source: RtpAddress | null) => void;
  onRenumbered: (sequenceOffset: number) => void;
  onSilent: (seconds: number) => void;
  /** The phone sends another codec than that of the call. This is repeated while it does. */
  onCodec: () => void;
  /** The phone talks, which is asked for. This is repeated while it does. */
  onTalk: () => void;
};
