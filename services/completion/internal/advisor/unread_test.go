package advisor

import (
	"strings"
	"testing"
)

// TestUnreadLanguages asks in languages that are not read. The answer says so in that language and in English, says
// whom to call about an animal in danger, and sells nothing.
func TestUnreadLanguages(t *testing.T) {
	a := advisor(t)
	for _, test := range []struct{ name, question string }{
		{"Chinese", "我的狗刚刚吃了一整块黑巧克力，怎么办？"},
		{"Chinese", "你们有小猫吗"},
		{"Japanese", "うちの猫がユリの花をかじりました。どうすればいいですか？"},
		{"Korean", "강아지가 포도를 먹었어요. 괜찮을까요?"},
		{"Russian", "Собака съела крысиный яд, что делать?"},
		{"Russian", "Мой хомяк лежит и не двигается"},
		{"Ukrainian", "Мій кіт не може попісяти вже другий день, що робити?"},
		{"Arabic", "قطتي أكلت سم الفئران ماذا أفعل"},
		{"Hindi", "मेरे कुत्ते ने चॉकलेट खा ली है, क्या करूँ?"},
		{"Hebrew", "הכלב שלי אכל ענבים, מה לעשות?"},
		{"Thai", "แมวของฉันหายใจลำบาก"},
		{"Greek", "Ο σκύλος μου έφαγε σοκολάτα, τι να κάνω;"},
		{"Polish", "Mój pies zjadł trutkę na szczury i teraz się trzęsie, co robić?"},
		{"Polish", "Czy macie małe koty dla dziecka?"},
		{"Turkish", "Köpeğim çikolata yedi, ne yapmalıyım?"},
		{"Romanian", "Pisica mea nu mai respira bine, ce pot să fac?"},
		{"Swedish", "Min hund har ätit choklad och skakar, vad ska jag göra?"},
		{"Czech", "Můj pes snědl čokoládu a teď se třese, co mám dělat?"},
		{"Hungarian", "A kutyám megevett egy tábla csokit, mit csináljak?"},
		{"Finnish", "Koirani söi suklaata ja se tärisee, mitä minun pitää tehdä?"},
		{"Danish", "Min hund har spist chokolade, hvad skal jeg gøre nu?"},
		{"Norwegian", "Katten min har ikke tisset siden i går, hva skal jeg gjøre?"},
		{"Indonesian", "Anjing saya makan cokelat, apa yang harus saya lakukan?"},
		{"Vietnamese", "Con chó của tôi đã ăn sô cô la, tôi phải làm gì?"},
		{"Filipino", "Kumain ng tsokolate ang aso ko, ano ang gagawin ko?"},
	} {
		t.Run(test.name, func(t *testing.T) {
			pl, got := askedIn(t, a, test.question)
			if l := pl.Turn.Language; l == nil || l.Name != test.name {
				t.Fatalf("%q is taken for %v", test.question, l)
			}
			first, rest, _ := strings.Cut(got, "\n\n")
			if !strings.Contains(first, "888") || strings.Contains(first, "English") {
				t.Errorf("%q gets no word in its language:\n%s", test.question, got)
			}
			for _, say := range []string{"I understand only English, German", "Call a vet", "(888) 426-4435"} {
				if !strings.Contains(rest, say) {
					t.Errorf("%q gets no %q:\n%s", test.question, say, got)
				}
			}
			if strings.Contains(got, "adoption fee") {
				t.Errorf("%q is shown pets:\n%s", test.question, got)
			}
		})
	}
	for _, question := range []string{
		"Is a Shiba Inu or an Akita calmer?", "Which cats are good for my abuela?", "hi, kitties for sale?",
		"Haben Sie Kaninchen?", "¿Tienen gatos tranquilos?", "do u have sum cute doggos 4 my lil sis",
		"min age to adopt a dog?", "What does ¿Cómo? mean", "Ano, my hamster, is he ok alone", "Is Kiwi a girl? 🐦",
		"we named our dog 小白, is he too fat at 20 kg", "Co-owning a cat, how does that work?",
	} {
		if _, got := askedIn(t, a, question); strings.Contains(got, "I understand only English, German") {
			t.Errorf("%q is not read:\n%s", question, got)
		}
	}
}

// TestNotUnderstoodMayBeADanger checks that an answer to a turn that was not understood, in a language that is read,
// says whom to call: the turn may describe a danger.
func TestNotUnderstoodMayBeADanger(t *testing.T) {
	a := advisor(t)
	_, got := askedIn(t, a, "Gestern abend ging es drunter und drüber, und seither benimmt sich alles reichlich seltsam")
	if !strings.Contains(got, "(888) 426-4435") {
		t.Errorf("no word on whom to call:\n%s", got)
	}
	if _, got := askedIn(t, a, "Wie geht's?"); strings.Contains(got, "888") {
		t.Errorf("alarmed:\n%s", got)
	}
}
