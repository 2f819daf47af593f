const { navigator } = globalThis as { readonly navigator?: Pick<Navigator, 'userAgent'> };

/** Where Ctrl is called Cmd, and Ctrl+click is the right click of a mouse with one button. */
export const IS_APPLE = /Macintosh|iPhone|iPad/.test(navigator?.userAgent ?? '');
