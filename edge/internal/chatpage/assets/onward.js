// Questions to go on with after an answer. Which ones is for whoever answered to say; most answers of model servers have none.

/** So many are shown, each so long at most. */
const [most, longest] = [3, 200];

/** Returns the questions of a list in which anything may be. */
export const soundQuestions = (list) => (!Array.isArray(list) ? [] : list.filter((q) => typeof q === "string" && q.trim() && q.length <= longest).slice(0, most));

/** Returns the questions to offer after an answer. */
export const onward = ({ related, status, guest }) => (status === "done" && !guest ? soundQuestions(related) : []);
