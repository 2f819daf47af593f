/** Whether more bytes leave the rest of the storage of this origin to others. */
export async function hasRoom(bytes: number, mostShare: number): Promise<boolean> {
  // Missing on pages without a secure context, whatever its type says.
  const storage = (navigator as Partial<Navigator>).storage;
  const { usage = 0, quota = Infinity } = (await storage?.estimate()) ?? {};
  return usage + bytes <= mostShare * quota;
}
