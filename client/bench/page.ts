/** Hands plans to a fresh worker each, since ONNX Runtime settles the number of threads once. */
import type { Outcome, Plan } from './plan';

async function runPlan(plan: Plan): Promise<Outcome> {
  const worker = new Worker(new URL('./worker/main.ts', import.meta.url), { type: 'module' });
  try {
    return await new Promise((resolve, reject) => {
      worker.onerror = (event) => {
        reject(new Error(event.message));
      };
      worker.onmessage = ({ data }: MessageEvent<Outcome>) => {
        resolve(data);
      };
      worker.postMessage(plan);
    });
  } finally {
    worker.terminate();
  }
}

Object.assign(globalThis, { runPlan });
