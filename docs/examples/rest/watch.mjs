// Starts a batch over every photo of a session and follows its events until it ends.
//
// node watch.mjs http://localhost:5100 1

const [server, session] = [process.argv[2].replace(/\/$/, ""), Number(process.argv[3])];

async function post(path, body) {
  const answer = await fetch(server + path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const data = await answer.json();
  if (!answer.ok) throw new Error(data.error);
  return data;
}

const { batch_id: batch } = await post("/batch/start", {
  selection: { session_id: session },
  config: { preset: "vivid-landscape", blend: 60, output: { size: 1600 } },
});

let developed = 0;
const stream = await fetch(`${server}/batch/${batch}/events`, { headers: { "Last-Event-ID": "0" } });
let text = "";
reading: for await (const chunk of stream.body.pipeThrough(new TextDecoderStream())) {
  text += chunk;
  const events = text.split("\n\n");
  text = events.pop();
  for (const event of events) {
    const line = event.split("\n").find((one) => one.startsWith("data: "));
    if (!line) continue;
    const data = JSON.parse(line.slice(6));
    if (data.type === "job_completed") developed += 1;
    if (data.type === "job_progress") developed += data.completed?.length ?? 0;
    if (data.type === "job_failed") console.log(data.photo_id, data.error_message);
    if (["batch_completed", "batch_failed", "batch_cancelled"].includes(data.status)) {
      console.log(data.status, developed);
      break reading;
    }
  }
}
process.exit(0);
