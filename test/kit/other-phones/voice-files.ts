import { open, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { renderTones } from '../../../src/audio/tones.ts';
import { encodeInto, RTP_HEADER_BYTES, TICKS_PER_FRAME } from '../../../src/rtp/packet.ts';
import { encodeWav } from '../../../src/speech/wav.ts';
import { encodeG711, PAYLOAD_TYPE, SAMPLE_RATE_HZ } from '../phone/g711.ts';
import { steadyToneLevelDbov } from '../phone/judge.ts';
import { LISTEN_MS, VOICE_DBOV, VOICE_HZ, VOICE_SECONDS } from './other-phone.ts';

const BYTES_PER_SAMPLE = 2;

const voice = (): Float32Array =>
  renderTones([{ frequenciesHz: [VOICE_HZ], durationMs: VOICE_SECONDS * 1000 }], SAMPLE_RATE_HZ, VOICE_DBOV);

export const writeVoiceWav = (path: string): Promise<void> =>
  writeFile(path, encodeWav({ samples: voice(), sampleRateHz: SAMPLE_RATE_HZ }));

/** What a program adds within the next 400 ms to a WAV file that it is writing: the level of a tone in it. */
export async function addedToneDbov(path: string, freqHz: number, rateHz: number): Promise<number> {
  const file = await open(path);
  try {
    const before = (await file.stat()).size;
    await sleep(LISTEN_MS);
    const bytes = Buffer.alloc((await file.stat()).size - before);
    await file.read(bytes, 0, bytes.length, before);
    const samples = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / BYTES_PER_SAMPLE);
    return steadyToneLevelDbov(samples, freqHz, rateHz);
  } finally {
    await file.close();
  }
}

/*
 * A capture as of tcpdump (draft-ietf-opsawg-pcap): a header, and before each packet its time, and its length twice.
 *
 *   a1b2c3d4 | 2 4 | 0 | 0 | 65535 | 1 (Ethernet)
 *   seconds | microseconds | length | length | Ethernet | IPv4 | UDP | RTP
 */
const PCAP_HEADER = Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex');
const RECORD_HEADER_BYTES = 16;
const ETHERNET_BYTES = 14;
const IPV4_BYTES = 20;
const UDP_BYTES = 8;
const IPV4_TYPE = 0x0800;
const UDP_PROTOCOL = 17;
const PTIME_MS = 20;
const SSRC = 0x5199;

/** The voice as packets of G.711, as SIPp sends them. It fills in the addresses itself. */
export function writeVoicePcap(path: string): Promise<void> {
  const samples = Int16Array.from(voice(), (sample) => Math.round(sample * 0x7fff));
  const payload = encodeG711('PCMU', samples);
  const count = payload.length / TICKS_PER_FRAME;
  return writeFile(path, Buffer.concat([PCAP_HEADER, ...Array.from({ length: count }, (_, i) => record(payload, i))]));
}

function record(payload: Uint8Array, index: number): Buffer {
  const udpBytes = UDP_BYTES + RTP_HEADER_BYTES + TICKS_PER_FRAME;
  const frameBytes = ETHERNET_BYTES + IPV4_BYTES + udpBytes;
  const out = Buffer.alloc(RECORD_HEADER_BYTES + frameBytes);
  const atMs = index * PTIME_MS;
  out.writeUInt32LE(Math.floor(atMs / 1000), 0);
  out.writeUInt32LE((atMs % 1000) * 1000, 4);
  out.writeUInt32LE(frameBytes, 8);
  out.writeUInt32LE(frameBytes, 12);
  const ethernet = out.subarray(RECORD_HEADER_BYTES);
  ethernet.writeUInt16BE(IPV4_TYPE, 12);
  const ipv4 = ethernet.subarray(ETHERNET_BYTES);
  ipv4[0] = 0x45;
  ipv4.writeUInt16BE(IPV4_BYTES + udpBytes, 2);
  ipv4[9] = UDP_PROTOCOL;
  const udp = ipv4.subarray(IPV4_BYTES);
  udp.writeUInt16BE(udpBytes, 4);
  const from = index * TICKS_PER_FRAME;
  const position = { ssrc: SSRC, sequence: index, timestamp: from };
  const header = { ...position, marker: index === 0, payloadType: PAYLOAD_TYPE.PCMU };
  encodeInto(udp.subarray(UDP_BYTES), header, payload.subarray(from, from + TICKS_PER_FRAME));
  return out;
}
