// Command libopenapi loads an OpenAPI description as libopenapi does, with every reference
// in it, and fails for what the standard's own schema of its version would not take.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/pb33f/libopenapi"
	"github.com/pb33f/libopenapi-validator/schema_validation"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: libopenapi FILE")
		os.Exit(2)
	}
	if err := check(os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

func check(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	doc, err := libopenapi.NewDocument(text)
	if err != nil {
		return err
	}
	model, err := doc.BuildV3Model()
	if err != nil {
		return err
	}
	valid, found := schema_validation.ValidateOpenAPIDocument(doc)
	if !valid {
		errs := []error{errors.New("is not valid")}
		for _, f := range found {
			errs = append(errs, f)
			for _, detail := range f.SchemaValidationErrors {
				errs = append(errs, fmt.Errorf("%s: %s", detail.FieldPath, detail.Reason))
			}
		}
		return errors.Join(errs...)
	}
	fmt.Printf("%s: OpenAPI %s, %d paths\n", path, model.Model.Version, model.Model.Paths.PathItems.Len())
	return nil
}
