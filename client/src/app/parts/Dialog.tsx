import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from './icons';
import * as say from '../wording/page';
import './Dialog.css';

interface DialogProps {
  /** Begins its ids and is its class. */
  readonly name: string;
  readonly heading: string;
  /** What its cross is called. */
  readonly closing: string;
  readonly isOpen: boolean;
  /** It is closed: by the user, or by what `children` are given. */
  readonly onClose: () => void;
  readonly children: (close: () => void) => ComponentChildren;
}

/** A dialog that keeps the rest of the page from the user; the focus goes back to where it was. */
export function Dialog({ name, heading, closing, isOpen, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  const close = (): void => dialog.current?.close();
  return (
    <dialog ref={dialog} class={`dialog ${name}`} aria-labelledby={`${name}-heading`} onClose={onClose}>
      <header>
        <h2 id={`${name}-heading`}>{heading}</h2>
        <button type="button" class="quiet" aria-label={closing} title={say.closeEsc} onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {children(close)}
    </dialog>
  );
}
