import { download } from '../../api/download';
import { Failure } from '../../shared/errors';

export interface Sample {
  readonly name: string;
  readonly file: string;
  readonly subject: string;
  readonly credit: string;
}

/** As in `public/samples/CREDITS.md`. */
export const SAMPLES: readonly Sample[] = [
  { name: 'cat', file: 'chelsea.jpg', subject: 'Chelsea the cat', credit: 'Stefan van der Walt, CC0' },
  { name: 'coffee', file: 'coffee.jpg', subject: 'A cup of coffee', credit: 'Rachel Michetti, CC0' },
  { name: 'astronaut', file: 'astronaut.jpg', subject: 'Eileen Collins', credit: 'NASA, public domain' },
  { name: 'rocket', file: 'rocket.jpg', subject: 'Launch of DSCOVR', credit: 'SpaceX, public domain' },
];

export async function fetchSample({ name, file }: Sample): Promise<Blob> {
  const bytes = await download(`./samples/${file}`).catch(() => null);
  if (bytes !== null) return new Blob([bytes], { type: 'image/jpeg' });
  throw new Failure({ kind: 'network', what: 'sample-missing', about: name, message: `no sample ${file}` });
}
