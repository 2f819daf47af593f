import type { App } from '../app';
import { ApiKeyDialog } from './ApiKeyDialog';
import { AttributesDialog } from './AttributesDialog';
import { ClassNamesDialog } from './ClassNamesDialog';
import { FollowProgress } from './FollowProgress';
import { KeysDialog } from './KeysDialog';
import { Notices } from './Notices';
import { VideoDialog } from './VideoDialog';

/** The dialogs, and lasting notices: hardly anybody needs them before there is a decoder. */
export const Dialogs = ({ app }: { readonly app: App }) => (
  <>
    <Notices app={app} />
    <ApiKeyDialog app={app} />
    <KeysDialog app={app} />
    <ClassNamesDialog app={app} />
    <AttributesDialog app={app} />
    <VideoDialog app={app} />
    <FollowProgress app={app} />
  </>
);
