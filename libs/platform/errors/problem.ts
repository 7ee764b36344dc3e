import { PROBLEMS, type ProblemCode } from '#domain/errors/codes';

export interface FieldError {
  /** RFC 6901 pointer to the member, also where it is missing or unknown. */
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}

/** RFC 9457 with the members of R-5. `detail` says what happened, whose move it is and the next step. */
export class Problem extends Error {
  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    /** Members beside the standard ones: `errors[]`, `state`, `allowed[]`, `excluded` … */
    readonly members: Readonly<Record<string, unknown>> = {},
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
  }

  get status(): number {
    return PROBLEMS[this.code][0];
  }

  toBody(requestId: string, instance: string) {
    const [status, title] = PROBLEMS[this.code];
    return { type: `urn:wattbook:problem:${this.code}`, title, status, detail: this.detail, instance, code: this.code, request_id: requestId, ...this.members };
  }
}

/** Somebody else's and nobody's are one answer (P-9). */
export const notFound = () => new Problem('not-found', 'There is nothing here under this address that your credential can see.');

/** Needed parts are away; nothing was stored, and the same Idempotency-Key later gives one effect. */
export const unavailable = (what: string) => new Problem('unavailable', `${what} cannot be reached at the moment. Nothing was stored; send the same request again.`, {}, { 'retry-after': '2' });
