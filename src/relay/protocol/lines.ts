import type { Socket } from 'node:net';

/** A longer line ends the connection. Some 20,000 listeners fit into a line. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** Sends a value as one line of JSON. */
export function sendLine(socket: Socket, value: object): void {
  if (!socket.destroyed) socket.write(`${JSON.stringify(value)}\n`);
}

/** Calls back with the value of each line of JSON. A line that is no JSON ends the connection. */
export function onLines(socket: Socket, handle: (value: unknown) => void): void {
  let pending = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const lines = (pending + chunk).split('\n');
    pending = lines.pop() ?? '';
    if (pending.length > MAX_LINE_BYTES) return void socket.destroy();
    for (const line of lines) {
      let value: unknown;
      try {
        value = JSON.parse(line);
      } catch {
        return void socket.destroy();
      }
      handle(value);
    }
  });
}
