import type { App } from '../app';
import { AttributesDialog } from './AttributesDialog';
import { ClassNamesDialog } from './ClassNamesDialog';
import { KeysDialog } from './KeysDialog';

/** The dialogs that nobody needs before there is a decoder. */
export const Dialogs = ({ app }: { readonly app: App }) => (
  <>
    <KeysDialog app={app} />
    <ClassNamesDialog app={app} />
    <AttributesDialog app={app} />
  </>
);
