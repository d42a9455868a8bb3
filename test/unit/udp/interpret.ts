import {
  type Filter,
  FROM_IP_HEADER,
  JUMP,
  JUMP_IF_ANY_BIT,
  JUMP_IF_AT_LEAST,
  JUMP_IF_EQUAL,
  LOAD_HALF_WORD,
  LOAD_LENGTH,
  LOAD_WORD,
  RETURN,
} from '../../../src/udp/filter.ts';

/**
 * Runs a filter as the kernel would.
 *
 * @param packet from the UDP header on
 * @returns how many bytes the socket gets
 */
export function interpret(filter: Filter, ipHeader: DataView, packet: DataView): number {
  let accumulator = 0;
  for (let at = 0; at < filter.length; at++) {
    const { code, operand, skipIfTrue, skipIfFalse } = filter[at] as Filter[number];
    const jump = (isTrue: boolean) => {
      at += isTrue ? skipIfTrue : skipIfFalse;
    };
    const [from, offset] = operand >= FROM_IP_HEADER ? [ipHeader, operand - FROM_IP_HEADER] : [packet, operand];
    // The kernel drops a packet that is too short for a load.
    if ((code === LOAD_WORD || code === LOAD_HALF_WORD) && offset + 2 > from.byteLength) return 0;
    if (code === LOAD_WORD) accumulator = from.getUint32(offset);
    else if (code === LOAD_HALF_WORD) accumulator = from.getUint16(offset);
    else if (code === LOAD_LENGTH) accumulator = packet.byteLength;
    else if (code === JUMP) at += operand;
    else if (code === JUMP_IF_EQUAL) jump(accumulator === operand);
    else if (code === JUMP_IF_AT_LEAST) jump(accumulator >= operand);
    else if (code === JUMP_IF_ANY_BIT) jump((accumulator & operand) !== 0);
    else if (code === RETURN) return operand;
    else throw new Error(`no such instruction: ${code}`);
  }
  throw new Error('the filter has no end');
}
