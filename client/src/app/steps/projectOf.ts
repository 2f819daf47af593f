/** What is saved: the session as plain data. */
import { toProject } from '../../session/project';
import type { Project } from '../../shared/types';
import type { Store } from '../state/store';
import { lastTimingsOf } from './timings';

/** All of the session, and what an opened project holds of photos that are not open yet. */
export function projectOf(store: Store): Project {
  const project = toProject(store.session.value, {
    keyOf: (id) => {
      const readiness = store.photos.value.get(id)?.readiness;
      return readiness?.phase === 'ready' ? readiness.key : null;
    },
    digestOf: (id) => store.photos.value.get(id)?.photo.digest ?? null,
    timingsOf: (object) => ({ ...lastTimingsOf(store, object) }),
  });
  const awaited = store.awaited.value.map(({ saved }) => saved);
  return { ...project, images: [...project.images, ...awaited] };
}
