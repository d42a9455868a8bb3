import type { Socket } from 'node:dgram';

/** Binds a socket; rejects when the address cannot be had. Later errors (ICMP refusals) are left to `onError`. */
export function boundSocket(
  socket: Socket,
  to: { readonly port: number; readonly address: string },
  onError: () => void = () => {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(to, () => {
      socket.off('error', reject);
      // A peer that has hung up refuses our last packets: no failure of ours.
      socket.on('error', onError);
      resolve();
    });
  });
}

export function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
