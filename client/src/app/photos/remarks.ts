/** What is said of files that were opened together. */
export class Remarks {
  readonly #said: string[] = [];

  add(file: string, remark: string | null): void {
    if (remark !== null) this.#said.push(`${file}: ${remark}`);
  }

  /** Of the first file, and how many others there are; null: nothing is said. */
  get text(): string | null {
    const [first = null, ...others] = this.#said;
    return others.length === 0 ? first : `${first}; the like in ${others.length} more`;
  }
}
