/** An answer of the node protocol that is no success: a snake_case code (W-5) and what it means for the caller. */
export class ProtocolError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
  ) {
    super(`${code}: ${detail}`);
  }
}

export const refuse = (status: number, code: string, detail: string): ProtocolError => new ProtocolError(status, code, detail);
