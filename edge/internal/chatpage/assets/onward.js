// Follow-up questions after an answer. The engine that answered chooses them; most answers of model servers have none.

/** How many are shown, and how long each may be. */
const [most, longest] = [3, 200];

/** Returns the questions of a list in which anything may be. */
export const soundQuestions = (list) => (!Array.isArray(list) ? [] : list.filter((q) => typeof q === "string" && q.trim() && q.length <= longest).slice(0, most));

/** Returns the questions to offer after an answer. */
export const onward = ({ related, status, guest }) => (status === "done" && !guest ? soundQuestions(related) : []);
