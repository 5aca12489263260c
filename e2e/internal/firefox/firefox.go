// Package firefox runs a Firefox for a test, and one page in it. It uses Marionette, Firefox's own WebDriver
// protocol: https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html.
package firefox

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// patience is how long a test waits for Firefox to start, or for a page.
const patience = time.Minute

// prefs are the settings of the profile: a free port, no proxy, and no pages of Firefox itself.
const prefs = `user_pref("marionette.port", 0);
user_pref("network.proxy.type", 0);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("app.update.disabledForTesting", true);
`

// Find returns the path of Firefox, or an error if there is none.
func Find() (string, error) {
	for _, name := range []string{"firefox-esr", "firefox"} {
		if program, err := exec.LookPath(name); err == nil {
			return program, nil
		}
	}
	return "", errors.New("no firefox in PATH")
}

// A Page is the only page of its browser. Its methods fail the page's test.
type Page struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
	sent int
}

// Open starts a Firefox with a new profile, and opens an empty page of that size in CSS pixels. Both end with
// the test.
func Open(t *testing.T, program string, width, height int) *Page {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "user.js"), []byte(prefs), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context())) // the cleanup closes the page first
	cmd := exec.CommandContext(ctx, program, "--headless", "--no-remote", "--marionette", "--profile", dir,
		"--width", strconv.Itoa(width), "--height", strconv.Itoa(height))
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CACHE_HOME="+dir, "MOZ_CRASHREPORTER_DISABLE=1")
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	p := &Page{t: t}
	t.Cleanup(func() {
		defer cancel()
		if p.conn != nil {
			_, _ = p.try("Marionette:Quit", map[string]any{"flags": []string{"eForceQuit"}})
			_ = p.conn.Close()
		}
		ended := make(chan struct{})
		go func() {
			_ = cmd.Wait()
			close(ended)
		}()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			cancel()
			<-ended
		}
	})
	p.connect(filepath.Join(dir, "MarionetteActivePort"))
	p.call("WebDriver:NewSession", map[string]any{"strictFileInteractability": true})
	return p
}

// connect waits for the file with the port, connects, and reads the greeting.
func (p *Page) connect(file string) {
	p.t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	late := time.After(patience)
	for {
		port, err := os.ReadFile(file)
		if err == nil && len(port) > 0 {
			p.conn, err = (&net.Dialer{}).DialContext(p.t.Context(), "tcp", net.JoinHostPort("127.0.0.1", strings.TrimSpace(string(port))))
		}
		if p.conn != nil {
			break
		}
		select {
		case <-again.C:
		case <-late:
			p.t.Fatalf("firefox does not listen after %v: %v", patience, err)
		}
	}
	p.in = bufio.NewReader(p.conn)
	if _, err := p.read(); err != nil {
		p.t.Fatal(err)
	}
}

// read reads a message: its length in digits, a colon and JSON.
func (p *Page) read() ([]byte, error) {
	digits, err := p.in.ReadString(':')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(digits, ":"))
	if err != nil {
		return nil, err
	}
	message := make([]byte, n)
	_, err = io.ReadFull(p.in, message)
	return message, err
}

func (p *Page) try(command string, params any) (json.RawMessage, error) {
	p.sent++
	message, err := json.Marshal([]any{0, p.sent, command, params})
	if err != nil {
		return nil, err
	}
	_ = p.conn.SetDeadline(time.Now().Add(2 * patience))
	if _, err := fmt.Fprintf(p.conn, "%d:%s", len(message), message); err != nil {
		return nil, err
	}
	answer, err := p.read()
	if err != nil {
		return nil, err
	}
	var parts [4]json.RawMessage
	if err := json.Unmarshal(answer, &parts); err != nil {
		return nil, err
	}
	if string(parts[2]) != "null" {
		return nil, fmt.Errorf("%s: %.600s", command, parts[2])
	}
	return parts[3], nil
}

func (p *Page) call(command string, params any) json.RawMessage {
	p.t.Helper()
	result, err := p.try(command, params)
	if err != nil {
		p.t.Fatal(err)
	}
	return result
}

// Go opens a URL.
func (p *Page) Go(url string) {
	p.t.Helper()
	p.call("WebDriver:Navigate", map[string]any{"url": url})
}

// Reload reloads the page.
func (p *Page) Reload() { p.t.Helper(); p.call("WebDriver:Refresh", map[string]any{}) }

// Eval returns the value of an expression. If that is a promise, it waits for its value.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	value, err := evaluate[T](p, expression)
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

func evaluate[T any](p *Page, expression string) (value T, err error) {
	result, err := p.try("WebDriver:ExecuteScript", map[string]any{
		"script": "return (async () => (" + expression + "))()", "args": []any{}, "sandbox": nil, "newSandbox": false,
	})
	if err != nil {
		return value, err
	}
	var of struct{ Value T }
	err = json.Unmarshal(result, &of)
	return of.Value, err
}

// Wait waits until an expression, or the value of its promise, is true.
func (p *Page) Wait(expression string) {
	p.t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	late := time.After(patience)
	for {
		holds, err := evaluate[bool](p, "Boolean(await ("+expression+"))")
		if holds {
			return
		}
		select {
		case <-again.C:
		case <-late:
			text, _ := evaluate[string](p, "document.body.innerText.slice(-1500)")
			p.t.Fatalf("not within %v: %s (%v); the page says\n%s", patience, expression, err, text)
		}
	}
}

// WebDriver's codes for keys without a character, for [Page.Press].
const (
	Enter  = "\ue007"
	Shift  = "\ue008"
	PageUp = "\ue00e"
)

// Press presses and releases the keys of a text one after the other, while it holds the keys in held.
func (p *Page) Press(keys string, held ...string) {
	p.t.Helper()
	var steps []any
	step := func(kind, key string) { steps = append(steps, map[string]any{"type": kind, "value": key}) }
	for _, key := range held {
		step("keyDown", key)
	}
	for _, key := range keys {
		step("keyDown", string(key))
		step("keyUp", string(key))
	}
	for _, key := range held {
		step("keyUp", key)
	}
	p.perform(map[string]any{"type": "key", "id": "keyboard", "actions": steps})
}

// Wheel scrolls with the wheel at a position by that many pixels, downwards if positive.
func (p *Page) Wheel(x, y, by int) {
	p.t.Helper()
	p.perform(map[string]any{"type": "wheel", "id": "wheel", "actions": []any{map[string]any{
		"type": "scroll", "x": x, "y": y, "deltaX": 0, "deltaY": by, "duration": 0, "origin": "viewport",
	}}})
}

// ClickAt clicks at a position, in CSS pixels.
func (p *Page) ClickAt(x, y int) {
	p.t.Helper()
	p.perform(map[string]any{"type": "pointer", "id": "mouse", "parameters": map[string]any{"pointerType": "mouse"}, "actions": []any{
		map[string]any{"type": "pointerMove", "x": x, "y": y, "duration": 0, "origin": "viewport"},
		map[string]any{"type": "pointerDown", "button": 0},
		map[string]any{"type": "pointerUp", "button": 0},
	}})
}

func (p *Page) perform(source any) {
	p.t.Helper()
	p.call("WebDriver:PerformActions", map[string]any{"actions": []any{source}})
}

// Screenshot writes a screenshot to a file of that name in dir.
func (p *Page) Screenshot(dir, name string) {
	p.t.Helper()
	var shot struct{ Value []byte }
	err := json.Unmarshal(p.call("WebDriver:TakeScreenshot", map[string]any{"full": false, "hash": false}), &shot)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), shot.Value, 0o600)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}
