// Package urgent has the beginnings of answers to a danger: whom to call, and that it cannot wait. The texts are
// fixed, because people may act on each word. The guides say what helps meanwhile.
package urgent

import (
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/triage"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// PoisonLines are the poison lines for the whole country, open day and night.
const PoisonLines = "ASPCA Animal Poison Control (888) 426-4435 or Pet Poison Helpline (855) 764-7661"

// Poison is triage's id of a poisoning.
const Poison = "poison"

// The beginnings of answers to a danger.
const (
	callNow    = "**This can be an emergency. Call a vet or the nearest animal emergency clinic now.**"
	callPoison = "**This can be an emergency. Call a vet or a poison line now:** " + PoisonLines + ", day and night; a fee may apply."
	callToday  = "**Please have a vet see your animal today.** Call now and describe what you see; go at once if it gets worse."
	callAdult  = "**Ring your mom, your dad or another grown-up right now and say that it cannot wait.** If you reach nobody, ring the vet yourself or ask a neighbor."
	callPerson = "**Look after the person first: call 911 for heavy bleeding, trouble breathing or a bite to the face or neck, and otherwise see a doctor today.**"

	callAllergic = "**Call 911 now, or 112 or your local emergency number elsewhere.** Hives, a swollen face or mouth, or trouble breathing or swallowing after a bite, a sting or contact with an animal can be a severe allergic reaction, and it can get worse within minutes. Use an epinephrine auto-injector at once if there is one. Have the person lie down with the legs raised, or sit up if breathing is hard; no walking, and nobody stays alone. An allergy pill alone is not enough. All else can wait, also the animal and its return."

	callPoisoned = "**Call Poison Control at (800) 222-1222 now, day and night, or 911 if the person collapses, has a seizure, cannot be woken or has trouble breathing.** Do not wait for signs, even if all seems well: what is made for animals can be strong for people, and above all for children."
	untilPoison  = "Until then take what is left out of the mouth and off the hands, do not cause vomiting, and keep the package: the name, the strength, how many are missing and when. If an animal had some as well, ring ASPCA Animal Poison Control at (888) 426-4435."

	callInfected = "**See a doctor or an urgent care clinic today, and call 911 or go to an emergency room for fever, chills, trouble breathing, a red line that climbs, or a finger or joint that hardly bends.** A red line, heat, pus or a swelling that grows after a bite or scratch means that the infection spreads."
	noOintment   = "No ointment is enough for that: it mostly needs antibiotics from a doctor, and soon. Keep the hand or foot still and raised, and take off rings. Say which animal it was and when, and when you had your last tetanus shot. If it was a stray, a bat or another wild animal, or one whose shots nobody knows, ask about rabies as well: the treatment has to begin before any sign."

	inCrisis   = "I am glad that you wrote, and I am sorry that it hurts so much. I take what you say seriously. Please talk to a person now: in the US call or text **988**, day and night and free, or **911** if you are in danger; elsewhere **112** or your local emergency number. Ring somebody close, tell them what you told me, and do not stay alone."
	outOfReach = "If there is medicine or anything else within reach that you could hurt yourself with, put it out of reach or give it to somebody to keep. If you have taken something already, call 911 or Poison Control at (800) 222-1222 now. Nothing about animals has to be decided today."

	illNow      = "**For a person call 911 or your local emergency number now.** I know about pets only, and this needs a doctor. Tell them which animals are at home; what else you asked can wait."
	shocked     = "**Do not touch the water, the tank or its lamps again: switch off the breaker, or pull the plug only if it is dry and away from the water. Then call 911 or your local emergency number** for anyone who passed out, has chest pain, a burn or an odd heartbeat, and otherwise have a doctor see them today. Touch a person who is still in contact only after the power is off."
	illToday    = "**For a person call a doctor today, and 911 if it gets worse, breathing is hard, or it is a small child with a high fever or blood in the stool.** I know about pets only. Say which animals are at home, since some carry germs such as salmonella; wash hands, and keep whoever is ill away from them."
	orTheAnimal = "If it is the animal that is ill or hurt, call a vet now."

	within = "**A vet should see your animal within days; bring a urine sample and the weight.** Drinking much and losing weight is mostly an illness, in old animals often of the kidneys or the thyroid, or diabetes, and many can be treated well if they are found early. No food puts that right, and a diet that is wrong for the cause can harm, so ask the vet before you change it. Until then leave out as much water as it wants, and feed what it eats. Go today if it eats nothing, vomits, is weak or wobbly, or breathes hard."

	// MayBe begins the answer to a sign that is not understood.
	MayBe = "This may be urgent. **Call a vet now if** your animal has trouble breathing, collapses, has a seizure, bleeds, cannot pee, has a tight belly, is in strong pain, or has stopped eating and drinking. Otherwise have it looked at within a day."
	// CannotTell ends the answer to any danger to an animal.
	CannotTell = "I cannot examine your animal or tell how serious it is. A vet can."
)

// First returns the beginning of an answer. For a minor, it says whom to fetch. last is set if nothing follows,
// because a person is in danger.
func First(v *triage.Verdict, minor bool) (blocks []string, last bool) {
	switch v.Harm {
	case triage.Crisis:
		return []string{inCrisis, outOfReach}, true
	case triage.Allergic:
		if minor {
			return []string{callAllergic, "**Then fetch the nearest grown-up, such as a neighbor.** The animal can wait."}, true
		}
		return []string{callAllergic}, true
	case triage.Poisoned:
		return []string{callPoisoned, untilPoison}, true
	case triage.Infected:
		return []string{callInfected, noOintment}, true
	case triage.Shocked:
		return []string{shocked, "The fish can wait. When the power is off, look for a broken heater, lamp or cord, throw it out, and fit a ground-fault outlet."}, true
	case triage.Wasting:
		return []string{within}, false
	case triage.IllPerson:
		if v.Level == triage.Today {
			return []string{illToday, orTheAnimal}, true
		}
		return []string{illNow, orTheAnimal}, true
	}
	blocks = []string{whom(v)}
	if v.Harm == Poison && v.Level > triage.Caution && ofFish(v) {
		blocks = append(blocks, "**If new water went in without a conditioner, put in conditioner for the whole tank at once.** Take out anything that was washed with soap, run an air pump, and feed nothing.")
	}
	if v.Waits && v.Level == triage.Now {
		blocks = append(blocks, "**No, it cannot wait.** Go now, also at night or on a weekend; ring ahead, and ask about payment there.")
	}
	if len(v.Says) > 0 && v.Level >= triage.Today && !v.Person {
		blocks = append(blocks, strings.Join(v.Says, " "))
	}
	if v.Handles && (len(v.Says) == 0 || v.Harm != Poison) && v.Level == triage.Now && !v.Person && v.Harm != "low-sugar" && v.Harm != "fish-water" {
		blocks = append(blocks, "**Do not give, pull, push back, squeeze, glue or cut anything** before a vet has said so.")
	}
	if minor {
		blocks = append(blocks, callAdult)
	}
	return blocks, false
}

// whom returns whom to call.
func whom(v *triage.Verdict) string {
	switch {
	case v.Person:
		return callPerson
	case v.Level == triage.Caution:
		return MayBe
	case v.Harm == Poison && !ofFish(v):
		return callPoison
	case v.Level == triage.Today && v.Harm != Poison:
		return callToday
	}
	return callNow
}

// ofFish reports whether fish are in danger, whose water has to be treated first.
func ofFish(v *triage.Verdict) bool { return len(v.Species) > 0 && v.Species[0] == catalogue.Fish }
