// The box for the question. The page itself contains this script, right after the box: a question can be written and sent as soon as
// the box is there, and is asked once the rest of the page has loaded. It is no module, so that it waits for nothing.
globalThis.composer = (() => {
  const [question, send, stop] = ["question", "send", "stop"].map((id) => document.getElementById(id));
  const draftKey = "pawstream.draft";

  let take; // what asks a question
  let asking = false; // whether an answer is coming
  let waits = false; // whether a question was sent that nothing takes yet

  /** Returns what was written and not asked. It survives a reload of this tab. */
  function draft() {
    try {
      return sessionStorage.getItem(draftKey) ?? "";
    } catch {
      return "";
    }
  }

  function setDraft(text) {
    try {
      if (text) sessionStorage.setItem(draftKey, text);
      else sessionStorage.removeItem(draftKey);
    } catch {
      // Then it lasts until the page is left.
    }
  }

  /** Shows whether an answer is coming: then there is Stop in place of Send. */
  function setAsking(now) {
    asking = now;
    if (!asking && document.activeElement === stop) question.focus();
    stop.hidden = !asking;
    send.hidden = asking;
    send.disabled = waits || question.value.trim() === "";
  }

  /** Makes the box as high as its text. Style sheets can do that too, but not in every browser. */
  function grow() {
    question.style.height = "auto";
    question.style.height = `${question.scrollHeight}px`;
  }

  function setQuestion(text) {
    question.value = text;
    setDraft(text);
    grow();
    setAsking(asking);
  }

  /** Whether a key belongs to an input method, which combines several keys into letters. */
  const composing = (event) => event.isComposing || event.keyCode === 229;

  /** Sends the question: it stays in the box, unchanged, until something takes it. */
  function submit(event) {
    event?.preventDefault();
    const text = question.value.trim();
    if (!text) return;
    if (take) take(text);
    else hold(true);
  }

  function hold(held) {
    waits = held;
    question.readOnly = held;
    setAsking(asking);
  }

  /** Has ask called with each question that is sent from here on, and with the one that was sent already. */
  function serve(ask) {
    take = ask;
    if (!waits) return;
    hold(false);
    submit();
  }

  /** Returns a question from the page's address, as in links on the store's pages: it is asked once somebody sends it. */
  function offered() {
    const mark = "#ask/";
    if (!location.hash.startsWith(mark)) return "";
    let text = "";
    try {
      text = decodeURIComponent(location.hash.slice(mark.length)).slice(0, 500);
    } catch {
      // It is not text.
    }
    history.replaceState(null, "", location.pathname + location.search);
    return text;
  }

  question.addEventListener("input", () => setQuestion(question.value));
  addEventListener("resize", grow);
  question.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !composing(event)) submit(event);
  });
  document.getElementById("ask").addEventListener("submit", submit);

  const text = offered() || question.value || draft();
  if (text) setQuestion(text); // to measure an empty box would take as long as to draw the page
  performance.mark("interactive"); // from here on, a question can be typed and sent
  return { composing, question, serve, setAsking, setQuestion };
})();
