package openaibackend

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// withMore returns the JSON of an object, with the members of another one that the contract has no
// field for. If both have a member, the first one's stays, unless both are objects: then they are joined.
func withMore(own any, more string) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(own); err != nil {
		return nil, err
	}
	object := bytes.TrimSpace(text.Bytes())
	if more == "" {
		return object, nil
	}
	return joined(object, []byte(more))
}

// joined returns an object with the members of another one after its own.
func joined(own, more []byte) ([]byte, error) {
	besides := make(map[string]json.RawMessage)
	var names []string
	err := eachMember(more, func(name string, value json.RawMessage) error {
		if _, again := besides[name]; !again {
			names = append(names, name)
		}
		besides[name] = value
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := []byte{'{'}
	err = eachMember(own, func(name string, value json.RawMessage) (err error) {
		if other, both := besides[name]; both && value[0] == '{' && other[0] == '{' {
			if value, err = joined(value, other); err != nil {
				return err
			}
		}
		delete(besides, name)
		out = appendMember(out, name, value)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if value, left := besides[name]; left {
			out = appendMember(out, name, value)
		}
	}
	return append(out, '}'), nil
}

// appendMember appends a member to an unclosed object.
func appendMember(dst []byte, name string, value json.RawMessage) []byte {
	if len(dst) > 1 {
		dst = append(dst, ',')
	}
	key, _ := jsontext.AppendQuote(nil, name) // the name was read from JSON
	return append(append(append(dst, key...), ':'), value...)
}

// eachMember calls f for each member of an object's text.
func eachMember(object []byte, f func(name string, value json.RawMessage) error) error {
	from := json.NewDecoder(bytes.NewReader(object))
	if open, err := from.Token(); err != nil || open != json.Delim('{') {
		return errors.Join(errors.New("more members: not a JSON object"), err)
	}
	for from.More() {
		name, err := from.Token()
		if err != nil {
			return fmt.Errorf("more members: %w", err)
		}
		var value json.RawMessage
		if err := from.Decode(&value); err != nil {
			return fmt.Errorf("more members: %w", err)
		}
		if err := f(name.(string), value); err != nil { //nolint:forcetypeassert // as JSON has it
			return err
		}
	}
	return nil
}

// withOthers is withMore without the members that t has: these are decided already. The members in shared
// are joined nevertheless.
func withOthers(plain any, more string, t reflect.Type, shared ...string) ([]byte, error) {
	if more == "" {
		return withMore(plain, "")
	}
	own := make(map[string]bool)
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		own[name] = !slices.Contains(shared, name)
	}
	rest := []byte{'{'}
	err := eachMember([]byte(more), func(name string, value json.RawMessage) error {
		if !own[name] {
			rest = appendMember(rest, name, value)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return withMore(plain, string(append(rest, '}')))
}
