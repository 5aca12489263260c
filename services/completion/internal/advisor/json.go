package advisor

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// inJSON converts an answer into the requested form, with its pets as rows. Without a schema, it has the rows of
// [row], and the text as "answer".
func inJSON(f *chat.ResponseFormat, answer compose.Answer) (compose.Answer, error) {
	rows := make([]map[string]any, 0, len(answer.Pets))
	for _, p := range answer.Pets {
		rows = append(rows, row(p))
	}
	var value any = map[string]any{"answer": answer.Text, "pets": rows}
	if f.Kind == chat.FormatJSONSchema && len(f.Schema) > 0 {
		s := shaper{text: answer.Text, rows: rows}
		value = s.shape(f.Schema, "", nil)
		if s.missing != "" {
			return answer, &chat.Error{
				Code: chat.CodeUnsupportedParameter, Param: "response_format",
				Message: fmt.Sprintf("This model answers by a schema with what it knows of pets (%s), a count and a text; it has nothing for the required property %q. Leave that out, or use response_format json_object.",
					strings.Join(fields(), ", "), s.missing),
			}
		}
	}
	text, err := json.Marshal(value)
	if err != nil {
		return answer, fmt.Errorf("advisor: %w", err)
	}
	answer.Text = string(text)
	return answer, nil
}

// underKeys writes the pets that an answer shows as objects with the keys that a turn names behind "JSON", and nothing else: an
// array, or one object for a pet that the turn calls by its name. It reports whether there are any.
func underKeys(turn *read.Turn, answer *compose.Answer) bool {
	keys := keysIn(turn.Written)
	if len(keys) == 0 || len(answer.Pets) == 0 {
		return false
	}
	objects := make([]string, 0, len(answer.Pets))
	for _, p := range answer.Pets {
		of := row(p)
		var members []string
		for _, key := range keys {
			v, _ := known(of, key)
			text, err := json.Marshal(v)
			if err != nil {
				return false
			}
			members = append(members, `"`+key+`":`+string(text))
		}
		objects = append(objects, "{"+strings.Join(members, ",")+"}")
	}
	answer.Text = "[" + strings.Join(objects, ",") + "]"
	if len(objects) == 1 && slices.Contains(turn.Pets(0, len(turn.Words)), answer.Pets[0]) && !strings.Contains(strings.ToLower(turn.Written), "array") {
		answer.Text = objects[0]
	}
	return true
}

// keysIn returns the words that name what is known of a pet: those behind "json" or, where there are
// none, all of them, if one is its name. Other words that are written as only keys are come with them: their
// value is null.
func keysIn(turn string) (keys []string) {
	turn = strings.ToLower(turn)
	_, behind, named := strings.Cut(turn, "json")
	if !named {
		return nil
	}
	of := row(&catalogue.Pet{Breed: &catalogue.Breed{}})
	for _, text := range []string{behind, turn} {
		found := false
		for _, w := range strings.FieldsFunc(text, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') }) {
			_, ok := known(of, w)
			found = found || ok
			if (ok || strings.Contains(strings.Trim(w, "_"), "_")) && !slices.Contains(keys, w) {
				keys = append(keys, w)
			}
		}
		if found {
			break
		}
		keys = nil
	}
	if len(keys) > 1 || slices.Contains(keys, "name") {
		return keys
	}
	return nil
}

// row returns what is known about a pet, under the contract's names.
func row(p *catalogue.Pet) map[string]any {
	return map[string]any{
		"id": p.ID, "name": p.Name, "species": string(p.Species), "breed": p.Breed.Name, "sex": string(p.Sex),
		"age_months": p.AgeMonths, "age_years": float64(p.AgeMonths*10/12) / 10, "fee": p.Price, "size": string(p.Size), "energy": string(p.Energy),
		"coat": p.Coat, "hours_alone": p.HoursAlone, "beginner": p.Beginner, "special_needs": p.SpecialNeeds, "story": p.Story,
		"good_with_children": string(p.GoodWith.Children), "good_with_cats": string(p.GoodWith.Cats), "good_with_dogs": string(p.GoodWith.Dogs),
	}
}

func fields() []string {
	var list []string
	for name := range row(&catalogue.Pet{Breed: &catalogue.Breed{}}) {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// alike maps folded names that callers give to fields to those of [row].
var alike = map[string]string{ //nolint:gochecknoglobals // a table
	"price": "fee", "cost": "fee", "adoptionfee": "fee", "adoptionprice": "fee", "pricedollars": "fee", "priceusd": "fee", "amount": "fee", "feeusd": "fee",
	"type": "species", "animal": "species", "kind": "species", "gender": "sex", "age": "age_years", "ageinyears": "age_years", "ageyears": "age_years",
	"years": "age_years", "ageinmonths": "age_months", "agemonths": "age_months", "months": "age_months", "petname": "name", "petid": "id",
	"description": "story", "color": "coat", "colour": "coat", "energylevel": "energy", "goodwithkids": "good_with_children",
	"goodwithchildren": "good_with_children", "goodwithcats": "good_with_cats", "goodwithdogs": "good_with_dogs", "hoursalone": "hours_alone",
	"firsttimeowner": "beginner", "specialneeds": "special_needs",
}

// A shaper fills a JSON schema.
type shaper struct {
	text    string
	rows    []map[string]any // of the pets in the answer
	missing string           // the first required property without a value
}

// shape returns a value for a schema. The elements of lists are pets, and the properties of objects their facts. name
// is the property with this schema, empty for the whole, and pet its row, if any.
func (s *shaper) shape(schema map[string]any, name string, pet map[string]any) any {
	switch typeOf(schema) {
	case "array":
		items, _ := schema["items"].(map[string]any)
		if pet != nil {
			if v, ok := known(pet, name); ok {
				return v
			}
		}
		list := []any{}
		for _, p := range s.rows {
			list = append(list, s.shape(items, "", p))
		}
		return list
	case "object":
		return s.object(schema, pet)
	case "string":
		return s.scalar(name, pet, func(v any) (any, bool) { return fmt.Sprint(v), v != nil })
	case "boolean":
		return s.scalar(name, pet, func(v any) (any, bool) {
			switch v := v.(type) {
			case bool:
				return v, true
			case string:
				return v == "yes", v == "yes" || v == "no"
			}
			return false, false
		})
	}
	return s.scalar(name, pet, func(v any) (any, bool) {
		switch v := v.(type) {
		case int:
			return v, true
		case float64:
			if typeOf(schema) == "integer" {
				return int(v), true
			}
			return v, true
		}
		return nil, false
	})
}

func typeOf(schema map[string]any) string {
	switch t := schema["type"].(type) {
	case string:
		return t
	case []any:
		for _, one := range t {
			if name, ok := one.(string); ok && name != "null" {
				return name
			}
		}
	}
	if schema["properties"] != nil {
		return "object"
	}
	return "string"
}

func (s *shaper) object(schema map[string]any, pet map[string]any) any {
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	object := map[string]any{}
	for name, p := range properties {
		property, ok := p.(map[string]any)
		if !ok {
			continue
		}
		of := pet
		if of == nil && len(s.rows) == 1 && typeOf(property) != "array" {
			of = s.rows[0]
		}
		before := s.missing
		v := s.shape(property, name, of)
		if s.missing != before && !slices.Contains(required, any(name)) {
			s.missing = before
			continue
		}
		object[name] = v
	}
	return object
}

// scalar returns the value known under a name, in the wanted type.
func (s *shaper) scalar(name string, pet map[string]any, as func(any) (any, bool)) any {
	if v, ok := s.find(name, pet); ok {
		if typed, ok := as(v); ok {
			return typed
		}
	}
	if s.missing == "" {
		s.missing = cmp.Or(name, "the whole value")
	}
	return nil
}

func (s *shaper) find(name string, pet map[string]any) (any, bool) {
	if pet != nil {
		if v, ok := known(pet, name); ok {
			return v, true
		}
	}
	switch folded(name) {
	case "count", "total", "number", "numberofpets", "petcount":
		return len(s.rows), true
	case "answer", "text", "message", "summary", "reply", "response", "explanation", "reason":
		return s.text, true
	case "": // the whole, or an element of a list
		if pet == nil {
			return s.text, true
		}
		return pet["name"], true
	}
	return nil, false
}

func known(pet map[string]any, name string) (any, bool) {
	key := folded(name)
	for field, v := range pet {
		if folded(field) == key || alike[key] == field {
			return v, true
		}
	}
	return nil, false
}

func folded(name string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(name))
}
