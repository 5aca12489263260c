package advisor

// What the advisor can do, said where it could not do something else.
const offer = "I can suggest pets from our store, compare breeds, explain care, costs and the adoption process, and tell you about any pet here."

// talk answers what is not about animals, without sources.
func (c *composer) talk() {
	v := c.voice
	switch c.ask.value {
	case "greeting":
		c.add(v.pick("hello", "Hello! ", "Hi there! ", "Welcome! ", "Good to see you! ", "Hello and welcome! ") + "I am Petstore's adoption advisor. " + offer + v.pick("who", " Who are you looking for?", " What can I do for you?", " Which animal is on your mind?", " How can I help?"))
	case "thanks":
		c.add(v.pick("thanks", "You're welcome!", "Glad to help!", "My pleasure!", "Any time!") + v.pick("again", " If another question comes up, just ask.", " Ask me whenever something else comes up.", " I am here if there is more."))
	case "bye":
		c.add(v.pick("bye", "Goodbye, and all the best to you and your animals!", "Take care! Come back any time.", "See you, and all the best!", "Goodbye! I hope to hear from you again."))
	case "abilities":
		c.add(v.pick("am", "", "Gladly. ", "Good question. ", "In short: ") + "I am Petstore's adoption advisor, a program that answers from our list of pets, breed facts and care guides. " + offer)
		c.add("Try: \"Which pet suits a small apartment and an allergy?\", \"Compare a Labrador and a Beagle\" or \"What should I know before adopting a rabbit?\" For an emergency, call a vet.")
	case "crisis":
		c.add("I am really sorry that you feel this way, and I am glad you said it. Please talk to somebody now: in the US call or text 988, the Suicide and Crisis Lifeline, at any hour; elsewhere call your local emergency number. If you are in danger, call 911. I am only a pet advisor, but you do not have to be alone with this.")
	case "harm":
		c.add("I will not help to hurt or abandon an animal. If you cannot keep one any more, a shelter or our store can talk with you about rehoming it safely. If an animal suffers, a vet can help, and if its behavior is the trouble, tell me what happens and I look in our guides.")
	case "injection":
		c.add("I keep to what I am here for: adopting pets and looking after them. " + offer)
	case "hostile":
		c.add(v.pick("sorry", "I am sorry that I was no help.", "Sorry, that did not go well.") + " Tell me in one sentence what you need, and I try again. " + offer)
	case "noted":
		c.add("Thanks, I keep in mind " + c.know.summary() + ". What would you like to know? " + offer)
	case "stranger":
		c.add("We have no pet of that name in the store, and I know no such breed. " + offer)
	case "off topic":
		c.offTopic()
	case "language":
		if c.ask.part.has("harm_abroad") {
			c.add("**If an animal is in danger or ate something poisonous, call a vet or a poison line now:** " + poisonLines + " (USA); elsewhere the nearest emergency vet. Do not make it vomit.")
		}
		c.add("I am sorry, I understand and answer English only. If you can, please ask me again in English. " + offer)
	case "store":
		c.add("That I do not know: opening hours, address, payment and delivery are not part of my data. Please ask the store's staff. " + offer)
	default:
		c.add("Ask me something about pets. " + offer)
	}
}

// dontKnow is honest, and says what can be asked instead.
func (c *composer) dontKnow() {
	if c.onKey() && c.ask.part != nil {
		c.add(c.voice.pick("unknown",
			"I have nothing reliable on that in my guides, so I would rather not guess. For health questions ask a vet; for anything about a single animal, our staff.",
			"My guides do not answer that, and I do not want to make something up. A vet or our staff can help.") + " " + offer)
		return
	}
	c.offTopic()
}

func (c *composer) offTopic() {
	c.add(c.voice.pick("offtopic",
		"That is outside of what I know: I only advise on adopting and keeping pets.",
		"I cannot help with that. I am here for adopting and keeping pets.") + " " + offer)
}
