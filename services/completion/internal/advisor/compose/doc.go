// Package compose writes the answer to a plan, only from the catalogue: no diagnosis, no dose, no promise that a pet
// is free of allergens. Equal plans and voices give equal words.
package compose
