import { SAMPLES_PER_MS } from './g711.ts';

const PIECE_MS = 200;
/** A piece of sound may come so much later than in the original, because of what was heard before it and of holes in it. */
const MOST_LATE_MS = 800;

/**
 * How much what was heard is this very recording, from 0 to 1: the correlation of the waves, piece by piece, each where it
 * fits best. Other words of the same voice come to 0.75 at most, though their loudness over time may be the same; a pause
 * in the middle leaves 0.85.
 */
export function similarity(sound: Int16Array, heard: Int16Array): number {
  const pieceSamples = PIECE_MS * SAMPLES_PER_MS;
  const lags = MOST_LATE_MS * SAMPLES_PER_MS;
  const padded = new Float64Array(sound.length + lags + 1);
  padded.set(heard.subarray(0, padded.length));
  let [sum, weights] = [0, 0];
  for (let at = 0; at < sound.length; at += pieceSamples) {
    const piece = Float64Array.from(sound.subarray(at, at + pieceSamples));
    const weight = Math.sqrt(dot(piece, piece, 0));
    sum += weight * bestFit(piece, padded.subarray(at, at + lags + piece.length));
    weights += weight;
  }
  return weights === 0 ? 0 : sum / weights;
}

/** The greatest correlation of the piece with any stretch of what was heard. */
function bestFit(piece: Float64Array, heard: Float64Array): number {
  const power = dot(piece, piece, 0);
  let heardPower = dot(heard.subarray(0, piece.length), heard, 0);
  let best = 0;
  for (let lag = 0; lag + piece.length <= heard.length; lag++) {
    if (power > 0 && heardPower > 0) best = Math.max(best, dot(piece, heard, lag) / Math.sqrt(power * heardPower));
    heardPower += (heard[lag + piece.length] ?? 0) ** 2 - (heard[lag] ?? 0) ** 2;
  }
  return best;
}

function dot(piece: Float64Array, heard: Float64Array, lag: number): number {
  let sum = 0;
  for (let i = 0; i < piece.length; i++) sum += (piece[i] as number) * (heard[lag + i] as number);
  return sum;
}
