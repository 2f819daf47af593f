import type { App } from '../app';
import { AttributesDialog } from './AttributesDialog';
import { ClassNamesDialog } from './ClassNamesDialog';
import { KeysDialog } from './KeysDialog';
import { Notices } from './Notices';

/** The dialogs, and lasting notices, that nobody needs before there is a decoder. */
export const Dialogs = ({ app }: { readonly app: App }) => (
  <>
    <Notices app={app} />
    <KeysDialog app={app} />
    <ClassNamesDialog app={app} />
    <AttributesDialog app={app} />
  </>
);
