import type { AnswerShelf, AnswersOf } from '../../../src/app/saving/answerShelf';
import type { Works } from '../../../src/app/saving/database';
import type { FreshAnswers, KeptAnswers } from '../../../src/app/saving/keptAnswers';
import type { KeptWork } from '../../../src/app/state/kept';

/** A database in memory that fails when the test says so. */
export class Shelf implements Works {
  readonly answers = new Answers();
  readonly works = new Map<string, KeptWork>();
  readonly files = new Map<string, Blob>();
  writes = 0;
  room = Infinity;
  putError: Error | null = null;
  fileError: Error | null = null;

  put(work: KeptWork): Promise<void> {
    this.writes++;
    if (this.putError) return Promise.reject(this.putError);
    this.works.set(work.id, work);
    return Promise.resolve();
  }
  hasRoom(bytes: number): Promise<boolean> {
    return Promise.resolve(bytes <= this.room);
  }
  putFile(work: string, image: string, file: Blob): Promise<void> {
    if (this.fileError) return Promise.reject(this.fileError);
    this.files.set(`${work}/${image}`, file);
    return Promise.resolve();
  }
  file(work: string, image: string): Promise<Blob | null> {
    return Promise.resolve(this.files.get(`${work}/${image}`) ?? null);
  }
  deleteFile(work: string, image: string): Promise<void> {
    this.files.delete(`${work}/${image}`);
    return Promise.resolve();
  }
  list(): Promise<readonly KeptWork[]> {
    return Promise.resolve([...this.works.values()]);
  }
  delete(work: string): Promise<void> {
    this.works.delete(work);
    for (const key of this.files.keys()) if (key.startsWith(`${work}/`)) this.files.delete(key);
    return Promise.resolve();
  }
  onFull(): void {
    // Nothing is too large for it.
  }
}

/** Answers in memory, as a database gives them: copies. */
class Answers implements AnswerShelf {
  readonly all = new Map<string, KeptAnswers>();
  writes = 0;

  ofPhoto(digest: string): Promise<readonly unknown[]> {
    const ofPhoto = [...this.all.values()].filter(({ photo }) => photo === digest);
    return Promise.resolve(structuredClone(ofPhoto));
  }
  put(answers: readonly FreshAnswers[]): Promise<void> {
    for (const { count, fresh, ...whose } of answers) {
      const key = keyOf([whose.photo, whose.object]);
      const before = this.all.get(key)?.steps ?? [];
      const steps = Array.from({ length: count }, (_, place) => fresh.get(place) ?? before[place]);
      this.all.set(key, structuredClone({ ...whose, steps }) as KeptAnswers);
      this.writes += fresh.size;
    }
    return Promise.resolve();
  }
  delete(objects: readonly AnswersOf[]): Promise<void> {
    for (const one of objects) this.all.delete(keyOf(one));
    return Promise.resolve();
  }
  keepOnly(photos: ReadonlySet<string>): Promise<void> {
    for (const [key, { photo }] of this.all) if (!photos.has(photo)) this.all.delete(key);
    return Promise.resolve();
  }
}

const keyOf = ([photo, object]: AnswersOf): string => `${photo}/${object}`;
