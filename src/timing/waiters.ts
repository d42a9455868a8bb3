type Wait<T> = {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
};

/** Waits for values by id, each for a limited time. */
export class Waiters<T> {
  /** By id. Bounded by the time limit of each wait. */
  readonly #waits = new Map<string, Wait<T>>();

  get ids(): readonly string[] {
    return [...this.#waits.keys()];
  }

  has(id: string): boolean {
    return this.#waits.has(id);
  }

  /** The wait for an id, if there is one. */
  pending(id: string): Promise<T> | undefined {
    return this.#waits.get(id)?.promise;
  }

  /**
   * Waits for an id. Simultaneous waits for the same id share one result.
   * @param late gives the value after the time-out; the wait rejects with its error if it throws
   */
  wait(id: string, withinMs: number, late: () => T): Promise<T> {
    const present = this.pending(id);
    if (present) return present;
    let resolve: Wait<T>['resolve'] = () => {};
    let reject: Wait<T>['reject'] = () => {};
    const promise = new Promise<T>((...both) => {
      [resolve, reject] = both;
    });
    const timer = setTimeout(() => {
      try {
        this.settle(id, late());
      } catch (error) {
        this.fail(id, error as Error);
      }
    }, withinMs).unref();
    this.#waits.set(id, { promise, resolve, reject, timer });
    return promise;
  }

  /** The value has arrived. @returns whether it was awaited */
  settle(id: string, value: T): boolean {
    const wait = this.#remove(id);
    wait?.resolve(value);
    return wait !== undefined;
  }

  /** The value will not arrive. @returns whether it was awaited */
  fail(id: string, error: Error): boolean {
    const wait = this.#remove(id);
    wait?.reject(error);
    return wait !== undefined;
  }

  #remove(id: string): Wait<T> | undefined {
    const wait = this.#waits.get(id);
    this.#waits.delete(id);
    clearTimeout(wait?.timer);
    return wait;
  }
}
