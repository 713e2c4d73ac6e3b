// Evaluates expressions of CEL over objects, with the library that Flux and the API server use: a program for tests.
//
// Standard input: {"expressions": {NAME: EXPRESSION}, "objects": [OBJECT, …]}; standard output: for each object, what
// each expression is of it, or the words of the error.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/ext"
)

type asked struct {
	Expressions map[string]string
	Objects     []map[string]any
}

func main() {
	var input asked
	if err := json.NewDecoder(os.Stdin).Decode(&input); err != nil {
		fail(err)
	}
	env, err := cel.NewEnv(
		cel.HomogeneousAggregateLiterals(), cel.CrossTypeNumericComparisons(true), cel.OptionalTypes(), ext.Strings(),
	)
	if err != nil {
		fail(err)
	}
	programs := map[string]cel.Program{}
	for name, text := range input.Expressions {
		// Parsed and not checked, as Flux does: which fields a kind has is not known.
		ast, issues := env.Parse(text)
		if issues.Err() != nil {
			fail(fmt.Errorf("%s: %w", name, issues.Err()))
		}
		if programs[name], err = env.Program(ast, cel.EvalOptions(cel.OptOptimize)); err != nil {
			fail(fmt.Errorf("%s: %w", name, err))
		}
	}
	found := make([]map[string]any, 0, len(input.Objects))
	for _, object := range input.Objects {
		values := map[string]any{}
		for name, program := range programs {
			value, _, err := program.Eval(object)
			if err != nil {
				values[name] = err.Error()
			} else {
				values[name] = value.Value()
			}
		}
		found = append(found, values)
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
