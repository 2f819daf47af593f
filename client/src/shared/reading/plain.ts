/** What messages are made of before they are read. */

/** A number that was written as a float; integers arrive as plain numbers. */
export class WireFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

export type Plain =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | WireFloat
  | readonly Plain[]
  | { readonly [key: string]: Plain };
