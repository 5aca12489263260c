import { client } from "../clients/js/pawstream.js";

// ask calls show with each piece of the answer as it comes, and returns the whole.
export async function ask(question, show, { url, key, signal } = {}) {
  let answer = "";
  for await (const { text } of client({ url, key }).ask(question, { signal })) {
    answer += text;
    show(text);
  }
  return answer;
}
