package pages

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/browser"
	"github.com/pawstream/pawstream/internal/skip"
)

// TestCost asks a model with a known price: the cost is below the answer, even after a reload.
func TestCost(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	c := open(t)
	priced := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Yes.\"},\"finish_reason\":null}]}\n\n"+
			"data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"+
			"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100}}\n\ndata: [DONE]\n\n")
	}))
	t.Cleanup(priced.Close)
	models := filepath.Join(t.TempDir(), "models.yaml")
	file := fmt.Sprintf("models:\n  - name: wild\n    targets:\n      - {engine: openai, base_url: %s, model: m, price: {input: 10, output: 20}}\n", priced.URL)
	if err := os.WriteFile(models, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Go(url(serve(t, "--log=memory", "--models="+models)))
	c.Wait(`document.querySelector("#model:enabled")`)
	c.choose()
	c.put("What is that?")
	c.ends("done")
	const shown = `document.querySelector(".figures").textContent.includes("100 tokens · $0.012 · wild")`
	c.Wait(shown)
	if got := browser.Eval[float64](c.Page, answerOf+`.then((c) => c.usage.cost_usd)`); got != 0.012 {
		t.Errorf("the answer costs %v by the server, want 0.012", got)
	}
	c.Reload()
	c.ends("done")
	c.Wait(shown)
}
