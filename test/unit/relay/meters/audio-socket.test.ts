import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AudioSocketReader } from '../../../../src/relay/meters/audio-socket.ts';

const ID = '0a1b2c3d-4e5f-8071-9263-abcdefabcdef';

function message(type: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(3);
  header[0] = type;
  header.writeUInt16BE(payload.length, 1);
  return Buffer.concat([header, payload]);
}

const audio = (samples: readonly number[], type = 0x10) => message(type, Buffer.from(Int16Array.from(samples).buffer));
const id = message(0x01, Buffer.from(ID.replaceAll('-', ''), 'hex'));

/** What is read of these chunks. */
function read(chunks: readonly Buffer[]): { ids: string[]; samples: number[][]; valid: boolean } {
  const ids: string[] = [];
  const samples: number[][] = [];
  const reader = new AudioSocketReader({
    onId: (uuid) => ids.push(uuid),
    onAudio: (all, count) => samples.push([...all.subarray(0, count)]),
  });
  return { valid: chunks.every((chunk) => reader.push(chunk)), ids, samples };
}

describe('what AudioSocket() sends', () => {
  it('is an id and samples, of any rate', () => {
    const stream = Buffer.concat([id, audio([1, -2, 32_767, -32_768]), audio([3, 4], 0x12)]);
    expect(read([stream])).toEqual({
      valid: true,
      ids: [ID],
      samples: [
        [1, -2, 32_767, -32_768],
        [3, 4],
      ],
    });
  });

  it('is read wherever TCP cuts it', () => {
    const stream = Buffer.concat([id, audio([1, 2, 3]), audio([4]), audio([])]);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
        const ends = [...new Set([0, ...cuts, stream.length])].sort((a, b) => a - b);
        const chunks = ends.slice(1).map((end, index) => stream.subarray(ends[index], end));
        expect(read(chunks)).toEqual({ valid: true, ids: [ID], samples: [[1, 2, 3], [4], []] });
      }),
    );
  });

  it('may have keys and errors in it, which are nothing here', () => {
    const stream = Buffer.concat([message(0x03, Buffer.from('5')), message(0xff, Buffer.from([1])), audio([7])]);
    expect(read([stream])).toEqual({ valid: true, ids: [], samples: [[7]] });
  });

  it('is never longer than 20 ms of the highest rate: what is, is something else', () => {
    expect(read([Buffer.from([0x10, 0xff, 0xff])]).valid).toBe(false);
    expect(read([Buffer.from('GET / HTTP/1.1\r\n\r\n')]).valid).toBe(false);
  });

  it('is read without an exception, whatever comes', () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => void read(chunks.map(Buffer.from))));
  });
});
