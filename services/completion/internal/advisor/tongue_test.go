package advisor

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// askedIn asks a new conversation's only question.
func askedIn(t *testing.T, a *Advisor, question string) (*plan.Plan, string) {
	t.Helper()
	req := &chat.Request{Model: ModelAdvisor, Messages: []chat.Message{message(chat.RoleUser, question)}}
	pl := a.listen(req.Messages)
	answer, err := a.write(req, pl, 0)
	if err != nil {
		t.Fatal(err)
	}
	return pl, answer.Text
}

// TestAnswersInOtherLanguages asks in six languages. The answer must be in that language, name what it has to, and
// not refer to English guides.
func TestAnswersInOtherLanguages(t *testing.T) {
	a := advisor(t)
	for _, test := range []struct {
		name, question string
		says           []string
	}{
		{"recommend", "Habt ihr eine ruhige Katze für eine Wohnung?", []string{"Katze", "ruhig", "Schutzgebühr $160"}},
		{"price", "Combien coûte Luna ?", []string{"**Luna**", "frais d'adoption $120"}},
		{"count", "Quanti conigli avete?", []string{"**7** conigli", "**Clover**"}},
		{"beginner", "¿Qué perro pequeño es adecuado para un piso y un principiante?", []string{"apto para principiantes", "(perro, "}},
		{"no", "O Kaiser dá-se bem com gatos?", []string{"Não.", "não deve viver com gatos"}},
		{"cheapest", "Wat is jullie goedkoopste hond?", []string{"Het goedkoopst", "$60"}},
		{"not placed", "Habt ihr ein Frettchen?", []string{"Nein, diese Tierart vermitteln wir nicht"}},
		{"asthma", "hola, ¿qué precio tiene Whistler y es bueno para el asma?", []string{"$95", "asma"}},
		{"poison", "Mein Hund hat Schokolade gefressen", []string{"Vergiftung", "(888) 426-4435", "Theobromin", "Kein Erbrechen auslösen"}},
		{"blocked", "Mon chat n'arrive pas à uriner", []string{"urgence", "bouché"}},
		{"lily", "Mi gata ha mordisqueado un lirio", []string{"(888) 426-4435", "lirios", "riñones"}},
		{"not eating", "Mijn konijn eet sinds gisteren niet meer", []string{"noodgeval", "Wacht niet tot morgen"}},
		{"forbidden", "Was darf mein Kaninchen nicht fressen?", []string{"darf nie fressen", "Schokolade"}},
		{"feeding", "Cosa deve mangiare un gatto?", []string{"taurina"}},
		{"vaccinations", "De que vacinas precisa um cão?", []string{"raiva"}},
		{"dose", "Puis-je donner de l'ibuprofène à mon chien ?", []string{"aucune dose", "vétérinaire"}},
		{"thanks", "Danke!", []string{"Gern geschehen"}},
		{"abilities", "¿Qué puedes hacer?", []string{"Conozco los animales"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			pl, got := askedIn(t, a, test.question)
			for _, say := range test.says {
				if !strings.Contains(strings.ToLower(got), strings.ToLower(say)) {
					t.Errorf("%q (read as %q) gets no %q:\n%s", test.question, pl.Turn.Text, say, got)
				}
			}
			if l := pl.Turn.Language; l == nil || strings.Contains(got, l.Note) {
				t.Errorf("%q is answered in English:\n%s", test.question, got)
			}
		})
	}
}

// TestCareInOtherLanguages compares the short versions with the guides: each is of an existing passage, in every
// language, and has no phone number but a poison line's.
func TestCareInOtherLanguages(t *testing.T) {
	a := advisor(t)
	pl, _ := askedIn(t, a, "Was kostet ein Hund im Monat?")
	keys := pl.Turn.Language.CareKeys()
	if len(keys) < 116 {
		t.Errorf("%d passages are told", len(keys))
	}
	phone := regexp.MustCompile(`\(\d{3}\) \d{3}-\d{4}`)
	for _, question := range []string{"Combien coûte un chien par mois ?", "¿Qué vacunas necesita un perro?", "Quanto costa un cane al mese?", "Quanto custa um cão por mês?", "Wat kost een hond per maand?"} {
		other, _ := askedIn(t, a, question)
		if l := other.Turn.Language; l == nil || !slices.Equal(l.CareKeys(), keys) {
			t.Errorf("%q: other passages than in German are told", question)
		}
	}
	for _, key := range keys {
		id, heading, _ := strings.Cut(key, ": ")
		g := a.cat.Guide(id)
		if g == nil {
			t.Errorf("%q: there is no such guide", key)
			continue
		}
		there := false
		for _, p := range g.Passages {
			there = there || p.Heading == heading
		}
		if !there {
			t.Errorf("%q: the guide has no such heading", key)
		}
		for _, n := range phone.FindAllString(pl.Turn.Language.Care(id, heading), -1) {
			if n != "(888) 426-4435" && n != "(855) 764-7661" {
				t.Errorf("%q names %s", key, n)
			}
		}
	}
	for _, p := range a.cat.Pets() {
		if p.SpecialNeeds != "" && pl.Turn.Language.Say(p.SpecialNeeds) == "" {
			t.Errorf("%s: no phrase for %q", p.Name, p.SpecialNeeds)
		}
	}
}

// TestSamePetsInAllLanguages checks that the language does not affect which pets are shown, and in which order.
func TestSamePetsInAllLanguages(t *testing.T) {
	a := advisor(t)
	in := func(question string) *read.Language {
		pl, _ := askedIn(t, a, question)
		return pl.Turn.Language
	}
	german, dutch := in("Habt ihr Hunde?"), in("Hebben jullie honden?")
	names := func(pl *plan.Plan, l *read.Language) (list []string) {
		pl.Turn.Language = l
		for _, p := range compose.Write(a.cat, pl, compose.Voice{Length: compose.Normal}).Pets {
			list = append(list, p.Name)
		}
		return list
	}
	compared := 0
	for question := range strings.Lines(stockQuestions + "Do you have rabbits?\nHave you got dogs?\n") {
		question, _, _ = strings.Cut(question, " | ")
		pl, _ := askedIn(t, a, question)
		i := &pl.Items[0]
		list := i.Kind == read.KindStock && !i.Count && i.Reckon == nil
		if strings.HasPrefix(question, "#") || len(pl.Items) > 1 || !list && i.Kind != read.KindRecommend {
			continue
		}
		compared++
		want := names(pl, nil)
		for _, l := range []*read.Language{german, dutch} {
			if got := names(pl, l); !slices.Equal(got, want) {
				t.Errorf("%q shows %v in another language, %v in English", question, got, want)
			}
		}
	}
	if compared < 50 {
		t.Errorf("only %d questions were compared", compared)
	}
}
