package plan

import (
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is the embedded catalogue with its planner, loaded once for all tests.
type bench struct {
	cat     *catalogue.Catalogue
	planner *Planner
}

var benchOnce = sync.OnceValues(func() (bench, error) {
	cat, err := catalogue.Load()
	if err != nil {
		return bench{}, err
	}
	p, err := New(cat)
	return bench{cat, p}, err
})

func newBench(t testing.TB) bench {
	t.Helper()
	b, err := benchOnce()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// storeItem returns the first item that asks for pets of the store, or nil.
func storeItem(pl *Plan) *Item {
	for i := range pl.Items {
		if k := pl.Items[i].Kind; k == read.KindStock || k == read.KindRecommend {
			return &pl.Items[i]
		}
	}
	return nil
}

// meeting returns the pets that meet all conditions of an item, except mere wishes.
func meeting(cat *catalogue.Catalogue, item *Item) []*catalogue.Pet {
	var list []*catalogue.Pet
	for _, p := range cat.Pets() {
		ok := true
		for i := range item.Wants {
			ok = ok && (item.Wants[i].Wish || item.Wants[i].Holds(p))
		}
		if ok {
			list = append(list, p)
		}
	}
	return list
}

func ids(pets []*catalogue.Pet) string {
	list := make([]string, len(pets))
	for i, p := range pets {
		list[i] = p.ID
	}
	return strings.Join(list, " ")
}

// kindsOf returns the kinds of a plan's items.
func kindsOf(pl *Plan) string {
	var list []string
	for i := range pl.Items {
		list = append(list, string(pl.Items[i].Kind))
	}
	return strings.Join(list, ", ")
}
