import { useEffect, useRef, useState } from 'preact/hooks';
import type { Photo } from '../photos/photo';

/** Pixels of a side, for screens of double density. */
const SIDE = 72;

/**
 * A small picture: of the pixels that are there, and kept when they go; of a photo that was not shown yet the browser
 * reads the file, once the picture is in sight.
 */
export function Thumbnail({ photo: { bitmap, file } }: { readonly photo: Photo }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [isDrawn, setDrawn] = useState(false);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!bitmap || bitmap.width === 0 || !context) return;
    const scale = Math.max(SIDE / bitmap.width, SIDE / bitmap.height);
    const [width, height] = [bitmap.width * scale, bitmap.height * scale];
    context.drawImage(bitmap, (SIDE - width) / 2, (SIDE - height) / 2, width, height);
    setDrawn(true);
  }, [bitmap]);
  const isFromFile = !isDrawn && bitmap === null;
  return (
    <>
      {isFromFile && <FilePicture file={file} />}
      <canvas ref={canvas} width={SIDE} height={SIDE} aria-hidden="true" hidden={isFromFile} />
    </>
  );
}

function FilePicture({ file }: { readonly file: Blob }) {
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(file);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return address === null ? null : <img src={address} alt="" loading="lazy" decoding="async" />;
}
