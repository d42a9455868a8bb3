import { CodedError } from '../base/coded-error.ts';

/**
 * Mistakes of the caller. Bad packets from the network are never errors: they are dropped and counted.
 * - `bad-conference-name`: not 1 to 64 ASCII characters
 * - `bad-key`: not 32 bytes, or an epoch or counter outside 32 and 64 bits
 * - `bad-option`: an option outside its range
 * - `bad-payload`: not the length that its format has in 20 ms
 * - `buffer-too-small`: the packet does not fit into the given buffer
 * - `node-id-collision`: two node ids have the same sender id; one of the nodes must be renamed
 * - `sodium-unusable`: libsodium lacks functions that are needed
 * - `too-many`: more nodes or conferences than the receiver may hold
 * - `unknown-node`: a key for a node that was not added
 */
export type TrunkErrorCode =
  | 'bad-conference-name'
  | 'bad-key'
  | 'bad-option'
  | 'bad-payload'
  | 'buffer-too-small'
  | 'node-id-collision'
  | 'sodium-unusable'
  | 'too-many'
  | 'unknown-node';

export class TrunkError extends CodedError<TrunkErrorCode> {}
