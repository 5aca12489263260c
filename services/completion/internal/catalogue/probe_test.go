package catalogue

import (
	"context"
	"fmt"
	"testing"
	"time"
)

func TestProbe(t *testing.T) {
	s := time.Now()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("load", time.Since(s), len(c.pets), len(c.breeds), len(c.guides), len(c.terms))
	for _, q := range []string{"What should I know before adopting a cat?", "my dog ate chocolate", "how often should I feed a hamster", "capital of France", "hypoalergenic dogs", "litterbox smells", "can i take my bunny on a plane", "who won the world cup in 2022", "my kitty keeps scratching the sofa", "write me a python program"} {
		s := time.Now()
		h, err := c.Search(context.Background(), Query{Text: q, Limit: 4})
		fmt.Println("##", q, time.Since(s), err)
		for _, x := range h {
			fmt.Printf("   %.2f %.2f %s | %s\n", x.Score, x.Coverage, x.ID, x.Heading)
		}
	}
	for _, q := range []string{"compare labradors and german sheperd", "mainecoon or persain cat?", "tell me about luna", "is Biscuit good with kids?", "My cat ate a pumpkin and a peanut", "olive oil safe?", "how is olive?", "golden retreiver vs poddle", "the Lab is nice", "exotic vet near me", "Are huskeys loud", "does fly bark", "a fly in the soup", "Pickle and Radish", "is Clove nice"} {
		s := time.Now()
		m := c.Names(q)
		fmt.Print("## ", q, " ", time.Since(s))
		for _, x := range m {
			if x.Pet != nil {
				fmt.Print(" P:", x.Pet.Name)
			} else {
				fmt.Print(" B:", x.Breed.Name)
			}
		}
		fmt.Println()
	}
	c.Close()
}
