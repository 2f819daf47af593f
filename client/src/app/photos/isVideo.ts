/** Whether a file is a video, by its kind; whether it can be read is seen when it is. */
export const isVideo = ({ type }: File): boolean => type.startsWith('video/');
