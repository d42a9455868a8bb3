import { randomBytes } from 'node:crypto';
import { type AudioFormat, L16_16000, PCMU } from '../../src/trunk/audio-format.ts';
import { HEADER_BYTES, MAX_PACKET_BYTES } from '../../src/trunk/packet-format.ts';
import { createSenderKey } from '../../src/trunk/sender-key.ts';
import { loadAead } from '../../src/trunk/sodium-aead.ts';
import { TrunkReceiver } from '../../src/trunk/trunk-receiver.ts';
import { type OutgoingFrame, TrunkSender } from '../../src/trunk/trunk-sender.ts';
import { TrunkStream } from '../../src/trunk/trunk-stream.ts';

const ROUNDS = 3;
const PACKETS = 50_000;

const CASES: readonly { format: AudioFormat; redundancy: 0 | 1 | 2 }[] = [
  { format: PCMU, redundancy: 0 },
  { format: PCMU, redundancy: 2 },
  { format: L16_16000, redundancy: 1 },
];

/** Packets per second, on one core, of each thing that trunks do with packets. */
export type TrunkCodecFigures = {
  packet: string;
  encoded: number;
  decoded: number;
  replayed: number;
  forged: number;
};

/** The last of some rounds, the first of which let the compiler see what is done. */
export async function trunkCodec(): Promise<TrunkCodecFigures[]> {
  const aead = await loadAead();
  return CASES.map((given) => {
    let figures = measure(given, aead);
    for (let round = 1; round < ROUNDS; round += 1) figures = measure(given, aead);
    return figures;
  });
}

function perSecond(run: (index: number) => void): number {
  const startMs = performance.now();
  for (let i = 0; i < PACKETS; i += 1) run(i);
  return Math.round((PACKETS / (performance.now() - startMs)) * 1000);
}

function measure(
  { format, redundancy }: (typeof CASES)[number],
  aead: Awaited<ReturnType<typeof loadAead>>,
): TrunkCodecFigures {
  const senderKey = createSenderKey(1, randomBytes(32));
  const sender = new TrunkSender({ nodeId: 'node-a' }, { aead });
  const receiver = new TrunkReceiver({ nodeId: 'node-b', maxNodes: 1, maxConferences: 1, retainMs: 10_000 }, { aead });
  const stream = new TrunkStream({ conference: '3000', redundancy });
  sender.use(senderKey);
  receiver.addNode('node-a');
  receiver.installKey('node-a', { ...senderKey, fromCounter: { high: 0, low: 0 } });
  receiver.conferences.add('3000');

  const payload = new Uint8Array(format.payloadBytes);
  const frame: OutgoingFrame = { kind: 'audio', frameIndex: 0, levelDbov: -20, format, payload };
  const out = new Uint8Array(MAX_PACKET_BYTES);
  const send = (index: number) => {
    frame.frameIndex = index;
    return sender.encodeInto(out, stream, frame);
  };
  const encoded = perSecond(send);
  const packets = Array.from({ length: PACKETS }, (_, i) => out.slice(0, send(i)));
  const receive = (index: number) => {
    receiver.decode(packets[index] ?? payload);
  };
  const decoded = perSecond(receive);
  const replayed = perSecond(receive);
  const forgery = out.slice(0, send(PACKETS));
  forgery[HEADER_BYTES] = (forgery[HEADER_BYTES] ?? 0) ^ 1;
  const forged = perSecond(() => receiver.decode(forgery));
  const { dropped } = receiver;
  if (dropped.replayed !== PACKETS || dropped.forged !== PACKETS) throw new Error(JSON.stringify(dropped));
  const packet = `${format.name}, redundancy ${redundancy}, ${packets.at(-1)?.length} bytes`;
  return { packet, encoded, decoded, replayed, forged };
}
