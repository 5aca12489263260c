// display returns a function that adds text to an element, once for each frame that the browser draws,
// however often it is called.
export function display(element) {
  let waiting = "";
  return (text) => {
    if (text === "") return;
    if (waiting === "") {
      requestAnimationFrame(() => {
        element.append(waiting); // as text: an answer is never to be run
        waiting = "";
      });
    }
    waiting += text;
  };
}
