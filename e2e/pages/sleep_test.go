package pages

import (
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/browser"
	"github.com/pawstream/pawstream/internal/skip"
)

// TestAsleep lets a tab sleep for a minute while its answer continues or ends, or while the server restarts. Once
// awake, it has the whole answer.
func TestAsleep(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	const asleep = time.Minute
	for name, pace := range map[string]string{"goes on": "4", "has ended": "40", "was killed": "4"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := []string{"--data-dir=" + t.TempDir(), "--advisor-pace=" + pace}
			server := serve(t, args...)
			c := open(t)
			c.Before(`window.slept = []; for (const kind of ["freeze", "resume"]) document.addEventListener(kind, () => slept.push(kind + " " + document.querySelector(".assistant .body").textContent.length))`)
			c.ask(url(server))
			c.has(40)
			c.Asleep(true)
			if name == "was killed" {
				server.Kill()
				serve(t, append(args[:1], "--advisor-pace=100", "--listen="+server.Addr("http"))...)
			}
			<-time.After(asleep)
			c.Asleep(false)
			c.Wait(`slept.length === 2`)
			if slept := browser.Eval[[]string](c.Page, `slept`); slept[0][len("freeze"):] != slept[1][len("resume"):] {
				t.Errorf("asleep the page has gone on: %q", slept)
			}
			// The tab is still hidden, so it draws nothing.
			c.Wait(`document.querySelector(".assistant")?.dataset.status === "done"`)
			if got, want := c.stored(), browser.Eval[string](c.Page, answerOf+`.then((c) => c.choices[0].message.content)`); got != want {
				t.Errorf("the page has\n%s\nand the server\n%s", got, want)
			}
		})
	}
}
