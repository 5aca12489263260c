package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// profiled returns a function that starts CPU profiles over the window, of each part that offers one, and a
// function that waits for them. The part and the turn name the files.
func (b *bench) profiled(ctx context.Context, s *stage) (begin func(), wait func() error) {
	ends := make(chan error)
	started := 0
	begin = func() {
		for part, p := range s.parts {
			admin := p.Addr("admin")
			if b.profiles == "" || admin == "" {
				continue
			}
			started++
			go func() {
				ends <- fetchProfile(ctx, admin, b.window, filepath.Join(b.profiles, part+"-"+s.turn+".pprof"))
			}()
		}
	}
	wait = func() error {
		var errs []error
		for range started {
			errs = append(errs, <-ends)
		}
		return errors.Join(errs...)
	}
	return begin, wait
}

// fetchProfile writes a CPU profile to a file.
func fetchProfile(ctx context.Context, admin string, window time.Duration, file string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*window+time.Minute)
	defer cancel()
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", admin, max(1, int(window.Seconds())))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	profile, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", url, resp.Status, profile)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // no secret
		return err
	}
	return os.WriteFile(file, profile, 0o644) //nolint:gosec // no secret
}
