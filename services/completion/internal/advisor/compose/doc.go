// Package compose writes the answer that a plan asks for, from the catalogue and nothing
// else: no diagnosis, no dose, no promise that a pet is free of allergens. Equal plans and
// voices give equal words.
package compose
