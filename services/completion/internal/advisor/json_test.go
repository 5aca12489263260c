package advisor

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

const threeCheapest = "Give me the name and price of your three cheapest cats."

// cheapestCats returns the fees of the n cheapest cats. Cats with equal fees are interchangeable.
func cheapestCats(n int) []int {
	cats := store.Select(catalogue.Filter{Species: []catalogue.Species{catalogue.Cat}})
	slices.SortFunc(cats, func(a, b *catalogue.Pet) int { return a.Price - b.Price })
	var fees []int
	for _, p := range cats[:n] {
		fees = append(fees, p.Price)
	}
	return fees
}

func schemaOf(t *testing.T, text string) map[string]any {
	t.Helper()
	var schema map[string]any
	if err := json.Unmarshal([]byte(text), &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestJSONObject(t *testing.T) {
	a := advisor(t)
	req := request(threeCheapest)
	req.ResponseFormat = &chat.ResponseFormat{Kind: chat.FormatJSONObject}
	var got struct {
		Answer string
		Pets   []struct {
			ID, Name, Species string
			Fee               int
		}
	}
	text := text(t, a, req)
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	var fees []int
	for _, p := range got.Pets {
		fees = append(fees, p.Fee)
		if pet := store.Pet(p.ID); pet == nil || pet.Name != p.Name || pet.Price != p.Fee || p.Species != "cat" {
			t.Errorf("row %+v", p)
		}
	}
	if got.Answer == "" {
		t.Error("no answer beside the pets")
	}
	t.Run("three", func(t *testing.T) {
		if diff := cmp.Diff(cheapestCats(3), fees); diff != "" {
			t.Errorf("fees: (-want +got)\n%s", diff)
		}
	})
}

func TestJSONSchema(t *testing.T) {
	a := advisor(t)
	for _, test := range []struct {
		name, question, schema string
		check                  func(*testing.T, any)
	}{
		{"a list under the caller's names", threeCheapest, `{"type":"object","properties":{"cats":{"type":"array","items":{"type":"object",
			"properties":{"name":{"type":"string"},"price":{"type":"number"}},"required":["name","price"],"additionalProperties":false}}},
			"required":["cats"],"additionalProperties":false}`, func(t *testing.T, v any) {
			rows, _ := v.(map[string]any)["cats"].([]any)
			if len(v.(map[string]any)) != 1 || len(rows) == 0 {
				t.Fatalf("%v", v)
			}
			for _, r := range rows {
				row := r.(map[string]any)
				name, _ := row["name"].(string)
				if p := store.PetNamed(name); len(row) != 2 || p == nil || float64(p.Price) != row["price"] || p.Species != catalogue.Cat {
					t.Errorf("row %v", row)
				}
			}
			if price := rows[0].(map[string]any)["price"]; price != float64(cheapestCats(1)[0]) {
				t.Errorf("the cheapest costs %v", price)
			}
		}},
		{"a list of names", "Which rabbits do you have?", `{"type":"object","properties":{"names":{"type":"array","items":{"type":"string"}}},"required":["names"]}`, func(t *testing.T, v any) {
			names, _ := v.(map[string]any)["names"].([]any)
			for _, n := range names {
				if p := store.PetNamed(n.(string)); p == nil || p.Species != catalogue.Rabbit {
					t.Errorf("%v is no rabbit", n)
				}
			}
			if len(names) == 0 {
				t.Errorf("%v", v)
			}
		}},
		{"one pet", "Tell me about Luna", `{"type":"object","properties":{"name":{"type":"string"},"age_years":{"type":"number"},"sex":{"type":"string"},
			"good_with_children":{"type":"boolean"}},"required":["name","sex"]}`, func(t *testing.T, v any) {
			luna := store.PetNamed("Luna")
			o := v.(map[string]any)
			if o["name"] != "Luna" || o["sex"] != string(luna.Sex) {
				t.Errorf("%v", v)
			}
		}},
		{"an integer", "Tell me about Luna", `{"type":"object","properties":{"fee":{"type":"integer"}},"required":["fee"]}`, func(t *testing.T, v any) {
			if v.(map[string]any)["fee"] != float64(store.PetNamed("Luna").Price) {
				t.Errorf("%v", v)
			}
		}},
		{"a nullable property", "Tell me about Luna", `{"type":"object","properties":{"name":{"type":["string","null"]}},"required":["name"]}`, func(t *testing.T, v any) {
			if v.(map[string]any)["name"] != "Luna" {
				t.Errorf("%v", v)
			}
		}},
		{"any value", catQuestion, `{}`, func(t *testing.T, v any) {
			if o, _ := v.(map[string]any); o["answer"] == "" || o["pets"] == nil {
				t.Errorf("%v", v)
			}
		}},
		{"a string alone", catQuestion, `{"type":"string"}`, func(t *testing.T, v any) {
			if s, _ := v.(string); len(s) < 40 {
				t.Errorf("%v", v)
			}
		}},
		{"text", catQuestion, `{"type":"object","properties":{"answer":{"type":"string"}},"required":["answer"]}`, func(t *testing.T, v any) {
			if s, _ := v.(map[string]any)["answer"].(string); len(s) < 40 {
				t.Errorf("%v", v)
			}
		}},
		{
			"what is not known and not required is left out", "Tell me about Luna", `{"type":"object","properties":{"name":{"type":"string"},"microchip":{"type":"string"}},"required":["name"]}`,
			func(t *testing.T, v any) {
				if o := v.(map[string]any); len(o) != 1 || o["name"] != "Luna" {
					t.Errorf("%v", v)
				}
			},
		},
		{
			"properties of no pet", "Do you have any dragons?", `{"type":"object","properties":{"pets":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}}},"required":["pets"]}`,
			func(t *testing.T, v any) {
				if list, ok := v.(map[string]any)["pets"].([]any); !ok {
					t.Errorf("%v is no list: %v", list, v)
				}
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			req := request(test.question)
			req.ResponseFormat = &chat.ResponseFormat{Kind: chat.FormatJSONSchema, Name: "shape", Schema: schemaOf(t, test.schema)}
			got := text(t, a, req)
			var v any
			if err := json.Unmarshal([]byte(got), &v); err != nil {
				t.Fatalf("%v: %s", err, got)
			}
			test.check(t, v)
		})
	}
}

// TestJSONSchemaRefuses expects an error that names what is missing, before anything is shown.
func TestJSONSchemaRefuses(t *testing.T) {
	a := advisor(t)
	for _, schema := range []string{
		`{"type":"object","properties":{"microchip":{"type":"string"}},"required":["microchip"]}`,
		`{"type":"object","properties":{"pets":{"type":"array","items":{"type":"object","properties":{"microchip":{"type":"string"}},"required":["microchip"]}}},"required":["pets"]}`,
		`{"type":"object","properties":{"owner":{"type":"object","properties":{"microchip":{"type":"integer"}},"required":["microchip"]}},"required":["owner"]}`,
	} {
		req := request("Tell me about Luna")
		req.ResponseFormat = &chat.ResponseFormat{Kind: chat.FormatJSONSchema, Name: "shape", Schema: schemaOf(t, schema)}
		var last error
		for e, err := range a.Complete(t.Context(), req, nil) {
			if last = err; err == nil {
				t.Errorf("%s: yields %+v", schema, e)
			}
		}
		var refused *chat.Error
		if !errors.As(last, &refused) || refused.Param != "response_format" || !strings.Contains(refused.Message, "microchip") {
			t.Errorf("%s: %v", schema, last)
		}
		if err := a.Check(t.Context(), req); !errors.As(err, &refused) || refused.Param != "response_format" {
			t.Errorf("%s: Check says %v", schema, err)
		}
	}
}

// TestJSONIsTaken checks that requests that can be met pass the service's check.
func TestJSONIsTaken(t *testing.T) {
	a := advisor(t)
	for name, f := range map[string]*chat.ResponseFormat{
		"an object":      {Kind: chat.FormatJSONObject},
		"a schema":       {Kind: chat.FormatJSONSchema, Name: "shape", Schema: schemaOf(t, `{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}`)},
		"a number alone": {Kind: chat.FormatJSONSchema, Name: "shape", Schema: schemaOf(t, `{"type":"number"}`)},
	} {
		req := request("Tell me about Luna")
		req.ResponseFormat = f
		err := a.Check(t.Context(), req)
		if want := name == "a number alone"; (err != nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestJSONIsDeterministic checks that equal requests give equal bytes in JSON, too: another process may continue
// them.
func TestJSONIsDeterministic(t *testing.T) {
	a := advisor(t)
	for _, f := range []*chat.ResponseFormat{
		{Kind: chat.FormatJSONObject},
		{Kind: chat.FormatJSONSchema, Schema: schemaOf(t, `{"type":"object","properties":{"b":{"type":"string"},"a":{"type":"string"},"name":{"type":"string"},"fee":{"type":"number"},"count":{"type":"integer"}}}`)},
	} {
		req := request("Tell me about Luna")
		req.ResponseFormat = f
		first := text(t, a, req)
		for range 20 {
			if again := text(t, a, req); again != first {
				t.Fatalf("%s\n%s", first, again)
			}
		}
	}
}
